"""Whether a text of an answer is a secret: by its form, or by the name of the member that holds it.

Pure. Digests of contents, ETags and ids have no form of a secret's, however random they look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from l7audit.target import meaning
from l7audit.target.words import says, words
from l7audit_suites.crypt.forms import cheap

FEWEST = 8
"""Characters of a text that may be a secret."""

_FORMS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "an address with a password": re.compile(
        r"\b[a-z][a-z0-9+.-]{2,20}://[^\s:@/]+:[^\s@/]+@[\w.-]"
    ),
    "a key of a cloud": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}\b"),
    "a key of a service": re.compile(
        r"\b(?:sk_live_[0-9A-Za-z]{16,}|gh[pousr]_[0-9A-Za-z]{36}|xox[baprs]-[0-9A-Za-z-]{10,})\b"
    ),
}
_SECRET = (
    *meaning.PASSWORD, "secret", "private key", "access token", "refresh token", "api key",
    "salt", "cvv", "cvc", "recovery code", "otp seed", "totp", "connection string",
)  # fmt: skip
_ABOUT = {
    "id", "prefix", "hint", "name", "type", "last", "masked", "count", "expiry", "expires", "at",
    "created", "url", "uri", "policy", "strength", "length", "status", "reset", "changed", "set",
    "format", "place", "in", "field", "location", "usage", "version", "rotation",
}  # fmt: skip
_MASKED = re.compile(r"[*\u2022x.]{3,}|redacted|hidden|masked|<[^>]*>", re.IGNORECASE)


def secret_form(text: str) -> str:
    """What a text is by its form alone; empty where it is no secret's."""
    if len(text) < FEWEST:
        return ""
    if cheap(text) is not None:
        return "the hash of a password"
    return next((what for what, form in _FORMS.items() if form.search(text)), "")


def secret_name(name: str) -> bool:
    """Whether a member of that name holds a secret, and not merely something about one."""
    told = words(name)
    return says(told, *_SECRET) and not _ABOUT & set(told[-1:]) and "public" not in told


def secrets_in(value: Any) -> Iterator[tuple[str, str, str]]:
    """Each secret of a JSON answer: its path of names, what it is, and itself."""
    for path, text in texts(value):
        if len(text) < FEWEST or _MASKED.search(text):
            continue
        what = secret_form(text)
        if not what and secret_name(path.rpartition(".")[2]) and " " not in text:
            what = "a secret, by its name"
        if what:
            yield path, what, text


def texts(value: Any, path: str = "", depth: int = 8) -> Iterator[tuple[str, str]]:
    """Each text with the path of names to it; items of lists have none of their own."""
    if isinstance(value, str):
        yield path, value
    elif depth and isinstance(value, dict):
        for name, part in list(value.items())[:200]:
            yield from texts(part, f"{path}.{name}".lstrip("."), depth - 1)
    elif depth and isinstance(value, list):
        for part in value[:50]:
            yield from texts(part, path, depth - 1)
