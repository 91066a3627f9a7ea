"""Messages that are large, deep, many or folded up. Pure; each is bounded."""

from __future__ import annotations

import gzip
import zlib
from functools import cache

KIB = 1024
HEADER = 512 * KIB
FIELDS = 3_000
PADDING = 6 * KIB * KIB
INFLATED = 8 * KIB * KIB
DEPTH = 100_000
RANGES = 300


def swollen_heads(spelled: bytes, times: int = 1) -> dict[str, bytes]:
    """The request with a head that is far larger than any that is needed, or `times` as large."""
    head = spelled[:-2]
    method, _, rest = spelled.partition(b" ")
    target, _, behind = rest.partition(b" ")
    many = b"".join(b"X-Audit-%d: %b\r\n" % (n, b"a" * 64) for n in range(times * FIELDS))
    joint = b"&" if b"?" in target else b"?"
    return {
        "one long field": head + b"X-Audit: " + b"a" * times * HEADER + b"\r\n\r\n",
        "many fields": head + many + b"\r\n",
        "long address": b"%b %b%ba=%b %b" % (method, target, joint, b"a" * times * HEADER, behind),
    }


def padded(body: bytes) -> bytes:
    """A JSON document that means the same and is far longer."""
    return body + b" " * PADDING


def chunked(body: bytes, size: int = 64 * KIB) -> bytes:
    """A body in chunks, so that nobody is told its length."""
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@cache
def bombs(body: bytes) -> dict[str, bytes]:
    """The body followed by blanks, folded up a thousandfold: by content coding."""
    plain = body + b" " * INFLATED
    folded = gzip.compress(plain, 6, mtime=0)
    return {
        "gzip": folded,
        "x-gzip": folded,
        "deflate": zlib.compress(plain, 6),
        "gzip, gzip": gzip.compress(folded, 6, mtime=0),
    }


def hard_documents() -> dict[str, bytes]:
    """JSON that is small and hard: for recursion, for numbers and for text."""
    return {
        "nested arrays": b"[" * DEPTH + b"]" * DEPTH,
        "nested objects": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
        "arrays without an end": b"[" * DEPTH,
        "a number of many digits": b'{"a":%b}' % (b"9" * DEPTH),
        "a number beyond all": b'{"a":1e999999}',
        "half a character": b'{"a":"\\ud800"}',
        "bytes that are no text": b'{"a":"\xff\xfe"}',
        "a literal that is none": b'{"a":NaN,"b":-Infinity}',
        "many members": b"{" + b",".join(b'"a%d":0' % n for n in range(20_000)) + b"}",
    }


def many_ranges() -> dict[str, str]:
    """Values of Range that ask for the same bytes over and over."""
    return {
        "the whole, many times": "bytes=" + ",".join(["0-"] * RANGES),
        "overlapping pieces": "bytes=" + ",".join(f"{n}-" for n in range(RANGES)),
        "single bytes": "bytes=" + ",".join(f"{n}-{n}" for n in range(RANGES)),
    }
