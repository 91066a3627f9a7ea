"""Texts that are no JWT at all, or nearly one: to be refused, and never to break the server."""

from __future__ import annotations

import json
from collections.abc import Iterator

from l7audit_suites.authn.forgeries import Forgery
from l7audit_suites.authn.jose import Token, assemble, encode, encode_json

_DEPTH = 1500


def malformed(token: Token) -> Iterator[Forgery]:
    """Odd segments, odd JSON and odd characters around a real token's parts."""
    header, payload, signature = token.segments
    yield Forgery("dots only", "..")
    yield Forgery("one segment", header)
    yield Forgery("four segments", f"{token.text}.{signature}")
    yield Forgery("no header", f".{payload}.{signature}")
    yield Forgery("no claims", f"{header}..{signature}")
    for name, text in (
        ("text", "not JSON"),
        ("a list", "[]"),
        ("a text in JSON", '"alg"'),
        ("null", "null"),
        ("nested too deep", '{"alg":' + "[" * _DEPTH + "]" * _DEPTH + "}"),
        ("a number beyond every float", '{"alg":"EdDSA","n":1e999}'),
        ("a number of 5000 digits", '{"alg":"EdDSA","n":' + "9" * 5000 + "}"),
    ):
        yield Forgery(f"header is {name}", f"{encode(text.encode())}.{payload}.{signature}")
        yield Forgery(f"claims are {name}", f"{header}.{encode(text.encode())}.{signature}")
    yield Forgery(
        "header is no UTF-8", f"{encode(bytes([0xFF, 0xFE, 0x7B]))}.{payload}.{signature}"
    )
    yield Forgery("alg is an object", assemble({"alg": {"a": 1}}, token.claims, token.signature))
    yield Forgery("typ is a list", assemble({**token.header, "typ": ["JWT"]}, token.claims, b"x"))


def outside_alphabet(token: Token) -> Iterator[Forgery]:
    """A real token with characters that base64url does not have (RFC 7515 2).

    Four characters at a time, since decoders that drop unknown ones count what is left. Padding
    and unused last bits are not tried: to read those loosely gives nobody anything.
    """
    header, payload, signature = token.segments
    middle = len(signature) // 2
    for name, characters in (("'!'", "!!!!"), ("'*'", "****"), ("','", ",,,,")):
        spoilt = f"{signature[:middle]}{characters}{signature[middle:]}"
        yield Forgery(f"{name} inside the signature", f"{header}.{payload}.{spoilt}")


def flattened(token: Token) -> Iterator[Forgery]:
    """A real token in JSON serialisation: JWTs are compact only (RFC 7519 1)."""
    header, payload, signature = token.segments
    whole = {"protected": header, "payload": payload, "signature": signature}
    several = {"payload": payload, "signatures": [{"protected": header, "signature": signature}]}
    yield Forgery("flattened JSON", json.dumps(whole, separators=(",", ":")))
    yield Forgery("general JSON", json.dumps(several, separators=(",", ":")))
    forged = {**whole, "payload": encode_json({**token.claims, "l7audit": True})}
    yield Forgery("flattened JSON, claims changed", json.dumps(forged, separators=(",", ":")))
