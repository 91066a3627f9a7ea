"""Requests in HTTP/2 that become two requests where they are written out in HTTP/1.1. Pure.

All of them are malformed (RFC 9113 8.1.1, 8.2.1, 8.2.2, 8.3): none may be passed on.
"""

from __future__ import annotations

from l7audit.probe.http2 import Stream


def tries(plain: Stream, canary: str) -> dict[str, Stream]:
    """By what is wrong with it. `canary` is the path of a request that hides in each."""
    path = dict(plain.fields)[":path"]
    hidden = f"GET {canary} HTTP/1.1\r\nHost: l7audit\r\n\r\n"
    inner = "a\r\n\r\n" + hidden[:-4] + "\r\nX-Rest: b"
    body = hidden.encode()
    return {
        "a value with a line break": plain.with_fields(("x-audit", "a\r\nx-audited: b")),
        "a value with a line feed": plain.with_fields(("x-audit", "a\nx-audited: b")),
        "a value with a zero byte": plain.with_fields(("x-audit", "a\0b")),
        "a value with a request in it": plain.with_fields(("x-audit", inner)),
        "a name with a line break": plain.with_fields(("x-audit: a\r\nx-audited", "b")),
        "a name with a colon": plain.with_fields(("x-audit: a", "b")),
        "a path with a line break": plain.replacing(
            ":path", f"{path} HTTP/1.1\r\nX-Audit: a\r\nX-Rest:"
        ),
        "a path with a request in it": plain.replacing(
            ":path", f"{path} HTTP/1.1\r\nHost: l7audit\r\n\r\nGET {canary}"
        ),
        "a method with a line break": plain.replacing(
            ":method", f"GET {path} HTTP/1.1\r\nX-Audit: a\r\n\r\nGET"
        ),
        "two paths": plain.with_fields((":path", canary)),
        "a transfer coding": plain.with_fields(
            ("transfer-encoding", "chunked"), content=b"0\r\n\r\n" + body
        ),
        "a transfer coding behind a break": plain.with_fields(
            ("x-audit", "a\r\nTransfer-Encoding: chunked"), content=b"0\r\n\r\n" + body
        ),
        "a length of nothing": plain.with_fields(("content-length", "0"), content=body),
        "a length that is too short": plain.with_fields(
            ("content-length", "2"), content=b"{}" + body
        ),
        "two lengths": plain.with_fields(
            ("content-length", "0"), ("content-length", str(len(body))), content=body
        ),
    }
