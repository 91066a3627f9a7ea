"""Strict input."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from l7audit_stack.api.operation import Call, Input, Operation, RawBody, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.security.bodies import BodyReader, ClientGoneError

READER = BodyReader(max_bytes=1000, max_depth=4, timeout=0.2)


class Thing(Input, frozen=True):
    name: str
    tags: list[str] = []
    inner: dict[str, Any] | None = None
    count: int = 0


async def _handler(_call: Call) -> Reply:
    return Reply()


def _operation(body: Any, media_type: str = "application/json") -> Operation:
    return Operation(
        name="x",
        method="POST",
        path="/x",
        handler=_handler,
        summary="",
        tag="",
        public=True,
        body=body,
        body_media_type=media_type,
    )


def _read(
    chunks: Iterable[bytes],
    headers: dict[str, str] | None = None,
    operation: Operation | None = None,
    *,
    ends: bool = True,
) -> Any:
    pieces = list(chunks)

    async def run() -> Any:
        messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        if ends:
            messages.append({"type": "http.request", "body": b"", "more_body": False})

        async def receive() -> Any:
            if messages:
                return messages.pop(0)
            await asyncio.Event().wait()

        given = {"content-type": "application/json"} if headers is None else headers
        return await READER.read(operation or _operation(Thing), given, receive)

    return asyncio.run(run())


def _status(chunks: Iterable[bytes], **more: Any) -> int:
    with pytest.raises(Problem) as refused:
        _read(chunks, **more)
    return refused.value.status


def test_a_body_that_fits_is_read_whole() -> None:
    assert _read([b'{"na', b'me":"a"}']) == Thing(name="a")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"nonsense", 400),
        (b'{"name":"a"} trailing', 400),
        (b"\xff\xfe", 400),
        (b"\xef\xbb\xbf{}", 400),
        (b'{"name":NaN}', 400),
        (b'{"name":"a","name":"b"}', 400),
        (b'{"name":"a","inner":{"x":1,"x":2}}', 400),
        (b'{"name":"a","inner":{"x":{"y":{"z":{}}}}}', 400),
        (b"[" * 900, 400),
        (b'{"name":"a","other":1}', 422),
        (b'{"name":1}', 422),
        (b'{"name":"a","count":"1"}', 422),
        (b'{"name":"a","count":1.5}', 422),
        (b"[]", 422),
        (b'"x"', 422),
        (b'{"name":"a\\u0000b"}', 422),
        (b"{}", 422),
    ],
)
def test_a_body_that_does_not_fit_is_refused(body: bytes, status: int) -> None:
    assert _status([body]) == status


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert _read([b'{"name":"a\\\\u0000b"}']).name == "a\\u0000b"


def test_brackets_inside_texts_do_not_count_as_depth() -> None:
    assert _read([b'{"name":"[[[[[[[[[[\\"[["}']).name.startswith("[[[")


def test_a_long_body_is_refused_by_its_announcement_and_by_its_size() -> None:
    announced = {"content-type": "application/json", "content-length": "1001"}
    assert _status([], headers=announced) == 413
    assert _status([b"x" * 600, b"x" * 600]) == 413


def test_a_slow_body_is_given_up() -> None:
    assert _status([b"{"], ends=False) == 408


def test_a_client_that_leaves_is_noticed() -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientGoneError):
        asyncio.run(READER.read(_operation(Thing), {"content-type": "application/json"}, receive))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/jsonp"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_another_media_type_is_refused(headers: dict[str, str]) -> None:
    assert _status([b'{"name":"a"}'], headers=headers) == 415


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON", 'application/json; charset="UTF-8"']
)
def test_the_media_types_spelling_is_free(kind: str) -> None:
    assert _read([b'{"name":"a"}'], headers={"content-type": kind}).name == "a"


def test_an_operation_without_a_body_refuses_one() -> None:
    assert _status([], headers={"content-length": "2"}, operation=_operation(None)) == 400
    assert _status([], headers={"transfer-encoding": "chunked"}, operation=_operation(None)) == 400
    assert _read([], headers={"content-length": "0"}, operation=_operation(None)) is None


def test_raw_bodies_have_a_limit_of_their_own() -> None:
    raw = _operation(RawBody(media_types=("text/plain",), max_bytes=4))
    assert _read([b"abcd"], headers={"content-type": "text/plain"}, operation=raw) == b"abcd"
    assert _status([b"abcde"], headers={"content-type": "text/plain"}, operation=raw) == 413


FORM = "application/x-www-form-urlencoded"


def test_a_form_is_read_as_strictly() -> None:
    form = _operation(Thing, FORM)
    kind = {"content-type": FORM}
    thing = _read([b"name=a+b&tags=x&tags=y&count=3"], headers=kind, operation=form)
    assert thing == Thing(name="a b", tags=["x", "y"], count=3)
    for body in (b"name=a&name=b", b"name=a&other=1", b"name=%00", b"name=a&count=x"):
        assert _status([body], headers=kind, operation=form) == 422
    for body in (b"name", b"name=%ff", b"name=\xff"):
        assert _status([body], headers=kind, operation=form) == 400


def test_a_query_is_read_as_strictly() -> None:
    assert READER.query(b"", None) is None
    assert READER.query(b"name=a", Thing) == Thing(name="a")
    for raw, shape in ((b"x=1", None), (b"name=a&x=1", Thing), (b"", Thing)):
        with pytest.raises(Problem) as refused:
            READER.query(raw, shape)
        assert refused.value.status == 422
