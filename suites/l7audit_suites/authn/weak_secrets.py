"""HMAC secrets that stand in documentation, examples and tutorials, and so in word lists."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator

from l7audit.target.words import words
from l7audit_suites.authn.jose import Token

_SHORTEST = 3
"""Letters of a word that is worth trying."""

WEAK_SECRETS = (
    "", "secret", "Secret", "SECRET", "password", "changeme", "change-me", "changeit",
    "your-secret-key", "your_secret_key", "your-256-bit-secret", "your-384-bit-secret",
    "your-512-bit-secret", "my-secret", "mysecret", "mysecretkey", "my_secret_key",
    "secretkey", "secret_key", "secret-key", "jwt_secret", "jwt-secret", "jwtsecret",
    "JWT_SECRET", "supersecret", "super-secret", "supersecretkey", "super_secret_key",
    "shhhhh", "test", "testing", "dev", "development", "default", "example", "key", "private",
    "token", "admin", "root", "123456", "12345678", "1234567890", "qwerty", "letmein", "hmac",
    "HS256", "none", "null", "undefined", "todo", "insecure", "keyboard cat", "gigantic secret",
    "secret123", "secret1234", "topsecret", "top-secret", "top_secret", "s3cr3t", "notsecret",
    "not-so-secret", "verysecret", "very-secret", "very_secret", "verysecretkey", "mysupersecret",
    "my-super-secret", "mysupersecretkey", "supersecretjwt", "super-secret-key", "secretjwt",
    "jwt", "jwtkey", "jwt-key", "jwt_key", "jwt-secret-key", "jwt_secret_key", "jwtsecretkey",
    "myjwtsecret", "my-jwt-secret", "your-jwt-secret", "your_jwt_secret", "your-secret",
    "yoursecret", "your_secret", "yoursecretkey", "auth-secret", "auth_secret", "token-secret",
    "token_secret", "tokensecret", "access-token-secret", "access_token_secret", "app-secret",
    "app_secret", "appsecret", "api-secret", "session-secret", "session_secret", "signing-key",
    "devsecret", "dev-secret", "dev_secret", "dev-secret-key", "dev-only-secret", "local-secret",
    "test-secret", "test_secret", "testsecret", "secret-for-dev", "development-secret",
    "change_me", "change-this", "change_this", "changethis", "please-change-me", "replace-me",
    "change-me-in-production", "change_me_in_production", "change-this-in-production",
    "insecure-secret", "insecure-secret-key", "default-secret", "defaultsecret", "placeholder",
    "demo", "demo-secret", "sample", "sample-secret", "example-secret", "password1", "password123",
    "passw0rd", "P@ssw0rd", "admin123", "123456789", "1234", "12345", "qwerty123", "abc123",
    "hello", "helloworld", "foobar", "foo", "bar", "1", "a", "x", "s", "hunter2", "monkey",
    "shh", "shhh", "shhhh", "ssh", "topsecretkey", "thisisasecret", "this-is-a-secret",
    "thisismysecret", "this is a secret", "my secret", "secret key", "jwt secret", "SECRET_KEY",
    "SECRETKEY", "JWT_SECRET_KEY", "MY_SECRET", "YOUR_SECRET_KEY", "flask-secret", "django-secret",
    "express-secret", "node-secret", "fastapi-secret",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
)  # fmt: skip
"""The last one is printed in a popular framework's tutorial."""

_AFTER_NAMES = (
    "", "secret", "-secret", "_secret", "-secret-key", "_secret_key", "secretkey", "-jwt",
    "-jwt-secret", "_jwt_secret", "jwtsecret", "-key", "key", "123", "1234", "2024", "2025",
    "2026", "-dev", "-dev-secret", "-test", "-api", "-api-secret", "-token", "-password", "!",
)  # fmt: skip
"""What follows a service's own name in secrets that its makers think up."""

MOST_LIKELY = ("secret", "your-256-bit-secret", "changeme", "your-secret-key", "jwt_secret", "")
"""Those that are also tried on the target, which may accept more than it signs with."""

_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def from_names(names: Iterable[str]) -> Iterator[str]:
    """Secrets that a service's makers may have thought up from its names: words in small letters,
    each alone and all of a name together."""
    for name in names:
        told = words(name)
        whole = ["".join(told), "-".join(told), "_".join(told)]
        for base in dict.fromkeys([*told, *whole]):
            if len(base) >= _SHORTEST:
                yield from (base + after for after in _AFTER_NAMES)
                yield f"secret-{base}"
                yield base.capitalize()


def guess(token: Token, more: Iterable[str] = ()) -> str | None:
    """The weak secret that has signed this token, found without asking the target; or None.
    `more` are others to try."""
    digest = _DIGESTS.get(token.algorithm)
    if digest is None:
        return None
    header, payload, _ = token.segments
    signed = f"{header}.{payload}".encode()
    for secret in (*WEAK_SECRETS, *more):
        if hmac.compare_digest(hmac.digest(secret.encode(), signed, digest), token.signature):
            return secret
    return None
