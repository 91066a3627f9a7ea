"""Answers to origins in, judgements out: each a phrase, empty where nothing is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from l7audit.probe.answer import Answer, Headers
from l7audit_suites.cors import fetch_standard as fetch
from l7audit_suites.cors.fetch_standard import Sharing

NONSENSE_METHOD = "FROBNICATE"
NONSENSE_HEADER = "X-L7audit-Frobnicate"
"""What no service permits unless it permits whatever is asked."""

LONGEST_AGE = 86_400
"""Seconds: what the most patient browser keeps a preflight for."""


def decided(answer: Answer) -> bool:
    """Whether the answer tells how an origin is treated: not if it broke or was held back."""
    return answer.status is not None and answer.status < 500 and not answer.throttled


def refusal_fault(origin: str, headers: Headers, *, data_is_public: bool, listed: bool) -> str:
    """What a stranger was granted that it should not have been.

    Anybody may read public data without credentials. Where the owner lists origins (`listed`),
    data that needs a credential is for those alone; without a list only credentials harm.
    """
    match fetch.sharing(origin, headers):
        case Sharing.CREDENTIALED:
            return "its pages may read the answer with the visitor's credentials"
        case Sharing.ANONYMOUS if listed and not data_is_public:
            return "its pages may read an answer that only listed origins should"
    return ""


def grant_fault(origin: str, headers: Headers) -> str:
    """Why a browser does not let the pages of an allowed origin read the answer."""
    granted = fetch.value(headers, fetch.ALLOW_ORIGIN)
    if granted is None:
        return "an allowed origin is not granted"
    if fetch.sharing(origin, headers) is Sharing.NOBODY:
        several = "," in granted or " " in granted
        return (
            "the grant lists several origins, which browsers refuse"
            if several
            else "the grant names another origin than the one that asked"
        )
    if fetch.value(headers, fetch.ALLOW_CREDENTIALS) not in {None, "true", "false"}:
        return "browsers take Access-Control-Allow-Credentials for absent: it is not exactly 'true'"
    return ""


def wildcard_fault(headers: Headers) -> str:
    """Whether the wildcard stands beside credentials."""
    granted = fetch.value(headers, fetch.ALLOW_ORIGIN)
    if granted == "*" and fetch.value(headers, fetch.ALLOW_CREDENTIALS) == "true":
        return "the wildcard stands beside credentials; browsers refuse both together"
    return ""


def depends_on_origin(answers: Mapping[str, Answer]) -> bool:
    """Whether answers to several origins differ in whom they grant."""
    return len({fetch.value(a.headers, fetch.ALLOW_ORIGIN) for a in answers.values()}) > 1


def consistency_fault(origin: str, success: Headers, error: Headers) -> str:
    """How an error treats an origin otherwise than the success of the same API does."""
    before, after = fetch.sharing(origin, success), fetch.sharing(origin, error)
    if before is Sharing.NOBODY and after is not Sharing.NOBODY:
        return f"errors are shared with an origin that successes are not ({after})"
    if before is not Sharing.NOBODY and after is Sharing.NOBODY:
        return "pages that may read successes cannot read errors"
    if before is Sharing.ANONYMOUS and after is Sharing.CREDENTIALED:
        return "errors are shared with credentials, successes are not"
    if fetch.varies_by(success, "Origin") and not fetch.varies_by(error, "Origin"):
        return "errors depend on the origin and do not tell caches"
    return ""


def mirrored(headers: Headers, *, wildcard_counts: bool) -> list[str]:
    """What of the nonsense that a preflight asked for came back as permitted."""
    found = []
    methods = fetch.listed(headers, fetch.ALLOW_METHODS) or []
    names = [n.lower() for n in fetch.listed(headers, fetch.ALLOW_HEADERS) or []]
    if NONSENSE_METHOD in methods or (wildcard_counts and "*" in methods):
        found.append("method")
    if NONSENSE_HEADER.lower() in names or (wildcard_counts and "*" in names):
        found.append("header")
    return found


def wildcard_works(headers: Headers) -> bool:
    """Whether `*` in a list means everything: beside credentials it is a name like any other."""
    return fetch.value(headers, fetch.ALLOW_CREDENTIALS) != "true"


def age_fault(headers: Headers) -> str:
    """Whether a preflight is to be remembered for too long. Without an age it is five seconds."""
    seconds = fetch.max_age(headers)
    if seconds > LONGEST_AGE:
        return f"preflights are to be remembered for {seconds} seconds, more than a day"
    return ""


def exposure_fault(headers: Headers) -> str:
    """What a grant shows of headers that it should not."""
    exposed = [n.lower() for n in fetch.listed(headers, fetch.EXPOSE_HEADERS) or []]
    if "*" in exposed:
        return "every header of the answer is exposed, whatever is added to it later"
    secret = sorted({"set-cookie", "authorization", "cookie"} & set(exposed))
    return f"a header that holds credentials is exposed: {', '.join(secret)}" if secret else ""


def same_content(one: Answer, other: Answer) -> bool:
    """Whether two answers hold the same kind of content: equal bytes, or JSON of one shape."""
    if not one.body or not other.body:
        return False
    if one.body == other.body:
        return True
    first, second = _shape(one.json_or_none()), _shape(other.json_or_none())
    return first is not None and first == second


def _shape(value: Any) -> object:
    """The member names of an object, or of an array's first object; None for what has none."""
    match value:
        case dict() if value:
            return frozenset(value)
        case [dict() as first, *_] if first:
            return (frozenset(first),)
    return None
