"""Finding the token in whatever a login answers."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from l7audit.probe.answer import Answer
from l7audit.target.forms import forgery_token, is_forgery_token
from l7audit.target.meaning import NOT_A_TOKEN, TOKEN
from l7audit.target.words import says, words

MOST_NODES = 1000
_JWT = re.compile(r"[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*")
_PLAIN = re.compile(r"[\x21-\x7e]{8,8192}")
_SESSION = re.compile(r"sess|sid$|token|auth|jwt", re.IGNORECASE)  # written as one word, often
_RANK = (("access token",), ("jwt", "bearer"), ("auth token", "api token"), TOKEN)


def is_jwt(text: str) -> bool:
    """Whether a text is a signed token in compact form whose header is a JSON object."""
    return bool(_JWT.fullmatch(text)) and isinstance(_part(text, 0), dict)


def claims(token: str) -> dict[str, Any]:
    """The unverified claims of a JWT; empty for anything else."""
    found = _part(token, 1) if is_jwt(token) else None
    return found if isinstance(found, dict) else {}


def _part(token: str, index: int) -> Any:
    text = token.split(".")[index]
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        return None


def token_in(answer: Answer, field: str = "") -> str:
    """The access token in an answer; empty where there is none.

    `field` is the profile's word (`data.jwt`). Without it the member counts whose name says most
    clearly that it is one, a JWT before anything else of the same rank; then a JWT under any
    name; then a header.
    """
    body = answer.json_or_none()
    if field:
        return _at(body, field)
    if isinstance(body, str) and is_jwt(body):
        return body
    best: tuple[int, bool, str] | None = None
    for name, value in _members(body):
        told = words(name)
        if not _PLAIN.fullmatch(value) or says(told, "refresh", "id token", *NOT_A_TOKEN):
            continue
        rank = next((r for r, phrases in enumerate(_RANK) if says(told, *phrases)), len(_RANK))
        if rank == len(_RANK) and not is_jwt(value):
            continue
        found = (rank, not is_jwt(value), value)
        best = min(best, found, key=lambda f: f[:2]) if best else found
    return best[2] if best else _in_headers(answer)


def _at(body: Any, field: str) -> str:
    for step in field.split("."):
        body = body.get(step) if isinstance(body, dict) else None
    return body if isinstance(body, str) else ""


def _members(body: Any) -> Iterator[tuple[str, str]]:
    """Every text member with its name, breadth first and bounded."""
    level = [body]
    left = MOST_NODES
    while level and left > 0:
        below: list[Any] = []
        for node in level:
            pairs = node.items() if isinstance(node, dict) else ()
            for name, value in pairs:
                left -= 1
                if isinstance(value, str):
                    yield str(name), value.removeprefix("Bearer ")
                else:
                    below.append(value)
            if isinstance(node, list):
                below += node[:100]
                left -= len(node[:100])
        level = below


def _in_headers(answer: Answer) -> str:
    for name, value in answer.headers:
        bare = value.removeprefix("Bearer ").strip()
        told = says(words(name), "authorization", "auth token", "access token", "token", "jwt")
        if told and _PLAIN.fullmatch(bare) and "csrf" not in words(name):
            return bare
    return ""


def token_against_forgery(answer: Answer) -> str:
    """What an answer tells its caller to send along with changes: a member of its JSON, a field or
    `meta` of its page, or a header; empty without any."""
    if not answer.ok:
        return ""
    if "html" in answer.media_type:
        return forgery_token(answer.text)
    told = [*_members(answer.json_or_none()), *answer.headers]
    return next(
        (v for n, v in told if is_forgery_token(n) and _PLAIN.fullmatch(v)),
        "",
    )


def is_session(name: str) -> bool:
    """Whether a cookie of that name says that it stands for a session."""
    return bool(_SESSION.search(name))


def session_cookie(answer: Answer) -> tuple[str, str] | None:
    """The name and value of the session cookie that an answer sets; None without one.

    A name that says session, token or auth goes before any that is merely kept from scripts.
    """
    named, hidden = None, None
    for line in answer.headers.get_all("Set-Cookie"):
        pair, _, attributes = line.partition(";")
        name, _, value = pair.strip().partition("=")
        if not value or says(words(name), "csrf", "xsrf"):
            continue
        if is_session(name):
            named = named or (name, value)
        if "httponly" in attributes.lower():
            hidden = hidden or (name, value)
    return named or hidden
