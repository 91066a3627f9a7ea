"""JWE texts where a JWS is expected (RFC 7516): encrypted by anybody, signed by nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from l7audit_suites.authn.forgeries import Forgery
from l7audit_suites.authn.jose import PublicKey, Token, assemble, encode, encode_json

_PBES2_COUNT = 1_000_000
"""Rounds that a careless server would compute: about half a second of one core, not an outage."""


def encrypted(token: Token, key: PublicKey | None = None) -> Iterator[Forgery]:
    """Unsigned claims wrapped in JWE; under the issuer's public key where that can encrypt."""
    inner = assemble({"alg": "none"}, token.claims).encode()
    direct = {"alg": "dir", "enc": "A256GCM", "cty": "JWT", "kid": token.header.get("kid")}
    yield Forgery("JWE with a key of zeros", _seal(direct, bytes(32), b"", inner))
    slow = {"alg": "PBES2-HS256+A128KW", "enc": "A256GCM", "p2s": encode(bytes(16))}
    slow_header = {**slow, "p2c": _PBES2_COUNT, "cty": "JWT"}
    yield Forgery("JWE with a costly password", _seal(slow_header, bytes(32), bytes(40), inner))
    if isinstance(key, rsa.RSAPublicKey):
        content_key = os.urandom(32)
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        header = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "JWT"}
        named = {**header, "kid": token.header.get("kid")}
        text = _seal(named, content_key, key.encrypt(content_key, oaep), inner)
        yield Forgery("JWE for the issuer's public key", text)


def _seal(header: dict[str, object], key: bytes, wrapped: bytes, content: bytes) -> str:
    protected = encode_json(header)
    iv = os.urandom(12)
    sealed = AESGCM(key).encrypt(iv, content, protected.encode())
    parts = (encode(wrapped), encode(iv), encode(sealed[:-16]), encode(sealed[-16:]))
    return ".".join((protected, *parts))
