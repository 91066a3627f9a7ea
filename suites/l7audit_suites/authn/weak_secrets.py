"""HMAC secrets that stand in documentation, examples and tutorials, and so in word lists."""

from __future__ import annotations

import hmac

from l7audit_suites.authn.jose import Token

WEAK_SECRETS = (
    "", "secret", "Secret", "SECRET", "password", "changeme", "change-me", "changeit",
    "your-secret-key", "your_secret_key", "your-256-bit-secret", "your-384-bit-secret",
    "your-512-bit-secret", "my-secret", "mysecret", "mysecretkey", "my_secret_key",
    "secretkey", "secret_key", "secret-key", "jwt_secret", "jwt-secret", "jwtsecret",
    "JWT_SECRET", "supersecret", "super-secret", "supersecretkey", "super_secret_key",
    "shhhhh", "test", "testing", "dev", "development", "default", "example", "key", "private",
    "token", "admin", "root", "123456", "12345678", "1234567890", "qwerty", "letmein", "hmac",
    "HS256", "none", "null", "undefined", "todo", "insecure", "keyboard cat", "gigantic secret",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
)  # fmt: skip
"""The last one is printed in a popular framework's tutorial."""

MOST_LIKELY = ("secret", "your-256-bit-secret", "changeme", "your-secret-key", "jwt_secret", "")
"""Those that are also tried on the target, which may accept more than it signs with."""

_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def guess(token: Token) -> str | None:
    """The weak secret that has signed this token, found without asking the target; or None."""
    digest = _DIGESTS.get(token.algorithm)
    if digest is None:
        return None
    header, payload, _ = token.segments
    signed = f"{header}.{payload}".encode()
    for secret in WEAK_SECRETS:
        if hmac.compare_digest(hmac.digest(secret.encode(), signed, digest), token.signature):
            return secret
    return None
