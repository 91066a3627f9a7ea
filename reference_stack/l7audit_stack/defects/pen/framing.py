"""Parsers that disagree with others about where a request ends."""

from __future__ import annotations

from typing import Any

from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.edge import connection_manager
from l7audit_stack.defects.pen.parser import Fields, parsed


def _values(fields: Fields, name: bytes) -> list[bytes]:
    return [v for n, v in fields if n.strip().lower() == name]


def _without(fields: Fields, name: bytes) -> Fields:
    return [(n, v) for n, v in fields if n.strip().lower() != name]


def _forwards_both(bootstrap: dict[str, Any]) -> dict[str, Any]:
    connection_manager(bootstrap)["http_protocol_options"]["allow_chunked_length"] = True
    return bootstrap


def _coding_wins(_: bytes, fields: Fields) -> Fields | None:
    if not _values(fields, b"content-length") or _values(fields, b"transfer-encoding") != [
        b"chunked"
    ]:
        return None
    return [*_without(fields, b"content-length"), (b"connection", b"close")]


def _overlooks_codings(_: bytes, fields: Fields) -> Fields | None:
    """Knows `chunked` and nothing else; what it does not know it leaves out."""
    codings = _values(fields, b"transfer-encoding")
    lengths = _values(fields, b"content-length")
    if len(lengths) != 1 or not codings or codings == [b"chunked"]:
        return None
    return _without(fields, b"transfer-encoding")


def _last_length(_: bytes, fields: Fields) -> Fields | None:
    """Keeps fields in a dictionary, and reads numbers as `int` does."""
    lengths = _values(fields, b"content-length")
    if not lengths or (len(lengths) == 1 and lengths[0].isdigit()):
        return None
    try:
        length = int(lengths[-1])
    except ValueError:
        return None
    return [*_without(fields, b"content-length"), (b"content-length", b"%d" % length)]


def _reads_without_body(method: bytes, fields: Fields) -> Fields | None:
    if method != b"GET" or not (
        _values(fields, b"content-length") or _values(fields, b"transfer-encoding")
    ):
        return None
    return _without(_without(fields, b"content-length"), b"transfer-encoding")


def _chunked(_: bytes, fields: Fields) -> Fields | None:
    alone = _values(fields, b"transfer-encoding") == [b"chunked"]
    return fields if alone and not _values(fields, b"content-length") else None


def _cut_by_int(_: Fields, data: bytes) -> tuple[bytes, bytes] | None:
    """Chunks whose sizes are read as `int(line, 16)` reads them."""
    body = b""
    while True:
        line, end, data = data.partition(b"\r\n")
        if not end:
            return None
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            return b"", b""
        if len(data) < size + 2:
            return None
        body, data = body + data[:size], data[size + 2 :]
        if size == 0:
            return body, data


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="pen.length-and-coding",
        summary="The edge lets Content-Length and Transfer-Encoding stand beside each other.",
        edge=_forwards_both,
    ),
    Defect(
        name="pen.coding-wins-and-closes",
        summary="A coding beside a length wins, and the connection ends with the answer.",
        near_miss=True,
        wrap=parsed(_coding_wins, _cut_by_int),
    ),
    Defect(
        name="pen.unknown-coding-ignored",
        summary="A transfer coding that the parser does not know is left out of the request.",
        wrap=parsed(_overlooks_codings),
    ),
    Defect(
        name="pen.last-length-wins",
        summary="Of several lengths the last one counts, and a sign is no obstacle.",
        wrap=parsed(_last_length),
    ),
    Defect(
        name="pen.reads-have-no-body",
        summary="A GET is taken to have no body, whatever its fields say.",
        wrap=parsed(_reads_without_body),
    ),
    Defect(
        name="pen.chunk-sizes-by-int",
        summary="Chunk sizes are read by a function that takes prefixes, signs and underscores.",
        wrap=parsed(_chunked, _cut_by_int),
    ),
)
