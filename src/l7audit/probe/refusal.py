"""Whether an answer says no, told by what it means: some say it with 200, some with a redirect.

Nothing here asks the target; `RefusalStyle.learnt` holds what was seen of its own way before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from l7audit.probe.answer import Answer

LONGEST = 4096
"""Bytes: a body that is longer is no mere refusal, and is not looked into for one."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_LET_IN = frozenset({401, 403})
_SESSION_OVER = frozenset({407, 419, 440, 498, 499, 511})

_WRONGS = {"error", "errors", "err", "errorcode", "errormessage", "errordescription", "fault",
           "exception"}  # fmt: skip
_RIGHTS = {"ok", "success", "succeeded", "issuccess", "authenticated", "isauthenticated",
           "authorized", "authorised", "loggedin", "isloggedin"}  # fmt: skip
_LETS_IN = {name for name in _RIGHTS if "auth" in name or "log" in name}
_STATES = {"status", "result", "state", "outcome", "resultcode"}
_NO_WORDS = {
    "error", "err", "fail", "failed", "failure", "unauthorized", "unauthorised",
    "unauthenticated", "forbidden", "denied", "accessdenied", "refused", "rejected", "nok", "ko",
    "notfound", "invalid",
}  # fmt: skip
_CODES = {"code", "status", "statuscode", "httpcode", "httpstatus", "errorcode", "resultcode"}
_AROUND = _WRONGS | _RIGHTS | _STATES | _CODES | {
    "message", "msg", "detail", "details", "reason", "description", "title", "type", "instance",
    "timestamp", "time", "date", "path", "method", "requestid", "traceid", "correlationid",
    "hint", "help", "helpurl", "documentationurl", "docs", "moreinfo", "meta", "version",
    "loginurl", "login", "redirect", "redirecturl", "location", "statustext", "errorid",
}  # fmt: skip
"""What an envelope may say of an error; anything else that is not empty is content."""

_PLEASE_LOG_IN = (
    r"unauthori[sz]ed|unauthenticated|not (?:logged|signed) ?in|authentication (?:is )?required"
    r"|(?:please|must|need to|have to|required to) (?:be )?(?:log|sign|authenticate)"
    r"|(?:log|sign) ?in (?:first|required|to continue)|no (?:token|credentials?|api key) (?:was )?"
    r"(?:provided|given|supplied)|(?:missing|invalid|expired) (?:or \w+ )?"
    r"(?:access|auth\w*|bearer|jwt|session|api)[ -]?(?:token|key|header|credentials?|cookie)"
    r"|(?:access|auth\w*|bearer|jwt|session|api) ?(?:token|key|credentials?) "
    r"(?:is |are |has |have |was |were )?(?:missing|required|invalid|expired|not valid)"
)
_NOT_YOURS = (
    r"forbidden|access denied|permission"
    r"|(?<!method )not (?:allowed|permitted|authori[sz]ed|yours|the owner)"
    r"|insufficient|privilege|no access|only (?:for )?(?:admin|owner)"
)
_NOBODY = re.compile(_PLEASE_LOG_IN, re.IGNORECASE)
_KEPT_OUT = re.compile(f"{_PLEASE_LOG_IN}|{_NOT_YOURS}", re.IGNORECASE)
_ENTRANCE = re.compile(
    r"(?:^|[/_.-])(?:log-?in|log_in|sign-?in|sign_in|logon|sso|auth|oauth2?|authori[sz]e|session"
    r"|sessions|saml2?|openid|cas|accounts?/login|authenticate|identity|unauthori[sz]ed|forbidden"
    r"|access-?denied)(?:$|[/_.?-])",
    re.IGNORECASE,
)
_ASKS_PASSWORD = re.compile(rb"<input[^>]{0,300}type\s*=\s*[\"']?password", re.IGNORECASE)
_JOINTS = re.compile(r"[_-]+|(?<=[a-z])(?=[A-Z])")
_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[A-Za-z0-9_-]{20,}|\d+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class RefusalStyle:
    """How a target says no, beside what everybody understands.

    `statuses` and `body` are the profile's hint `refusal: {status: [...], body: "..."}`: a text
    that, in an answer of any status, means a refusal. `learnt` are signatures of answers that
    strangers got where members got something else.
    """

    statuses: frozenset[int] = _NOT_LET_IN
    body: str = ""
    learnt: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def from_hints(cls, hints: Mapping[str, Any]) -> RefusalStyle:
        """The hinted style; what is absent or malformed keeps the default."""
        hint = hints.get("refusal")
        if not isinstance(hint, Mapping):
            return cls()
        listed = hint.get("status")
        statuses = [listed] if isinstance(listed, int) else listed
        valid = isinstance(statuses, list) and all(isinstance(s, int) for s in statuses)
        return cls(
            statuses=frozenset(statuses) if valid and statuses else cls().statuses,
            body=str(hint.get("body", "")),
        )

    def taught(self, signatures: frozenset[str]) -> RefusalStyle:
        """The same, knowing these signatures, too."""
        return replace(self, learnt=self.learnt | signatures)


def refuses(answer: Answer) -> bool:
    """Whether the caller was not let in: by status, by being sent to log in, by a page or an
    envelope that says so, or in the way that was learnt of this target."""
    status, style = answer.status, answer.style
    if status is None:
        return False
    if status in style.statuses or status in _SESSION_OVER:
        return True
    if style.body and style.body in answer.text:
        return True
    if style.learnt and signature(answer) in style.learnt:
        return True
    if status in REDIRECTS:
        return sends_to_log_in(answer)
    if 200 <= status < 300:
        return _asks_to_log_in(answer) or _says(_KEPT_OUT, complaint(answer))
    # A validation's own words may speak of permissions, but not of logging in first.
    return status in (400, 422) and _says(_NOBODY, complaint(answer))


def complains(answer: Answer) -> bool:
    """Whether a 2xx answer is an error all the same: an envelope that reports one and holds
    nothing else, or a page to log in on."""
    return bool(complaint(answer)) or _asks_to_log_in(answer)


def sends_to_log_in(answer: Answer) -> bool:
    """Whether a redirect leads to where one logs in, and did not start there."""
    try:
        there = urlsplit(answer.headers.get("Location"))
    except ValueError:
        return False
    told = unquote(f"{there.hostname or ''}/{there.path}")
    here = answer.request.path.partition("?")[0]
    return bool(_ENTRANCE.search(told)) and not _ENTRANCE.search(here)


def complaint(answer: Answer) -> str:
    """All the words of an answer that does nothing but report an error; empty for any other."""
    if answer.truncated or not answer.body or len(answer.body) > LONGEST:
        return ""
    value = answer.json_or_none()
    if value is None:
        return _plain_complaint(answer)
    for _ in range(2):  # {"response": {"status": "error", ...}}
        if isinstance(value, dict) and len(value) == 1:
            ((name, inner),) = value.items()
            if isinstance(inner, dict) and _bare(name) not in _WRONGS:
                value = inner
    if not isinstance(value, dict):
        return ""
    if any(_bare(name) not in _AROUND and not _empty(item) for name, item in value.items()):
        return ""
    told = " ".join(_texts(value))
    return (told or "error") if _negative(value) or _says(_KEPT_OUT, told) else ""


def signature(answer: Answer) -> str:
    """What an answer says without anything that differs from request to request."""
    path = unquote(answer.request.path.partition("?")[0])
    where = answer.headers.get("Location").partition("?")[0]
    said = answer.text[:LONGEST].replace(path, "") if path != "/" else answer.text[:LONGEST]
    text = _VARYING.sub("#", said)
    told = "\0".join((str(answer.status), answer.media_type, where, text))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _plain_complaint(answer: Answer) -> str:
    """A short text of one sentence that says no."""
    if answer.media_type not in {"", "text/plain"} or len(answer.body) > 300:
        return ""
    return answer.text if _says(_KEPT_OUT, answer.text) else ""


def _says(words: re.Pattern[str], text: str) -> bool:
    """Whether a text says it in words, or in a code that is made of them (`not_allowed`)."""
    return bool(words.search(text) or words.search(_JOINTS.sub(" ", text)))


def _asks_to_log_in(answer: Answer) -> bool:
    """Whether a page asks for a password where something else was asked for."""
    if answer.media_type not in {"text/html", "application/xhtml+xml"}:
        return False
    here = answer.request.path.partition("?")[0]
    return bool(_ASKS_PASSWORD.search(answer.body)) and not _ENTRANCE.search(here)


def _negative(envelope: Mapping[str, Any]) -> bool:
    for key, value in envelope.items():
        name = _bare(key)
        if name in _WRONGS and not _empty(value) and value is not False and value != 0:
            return True
        if name in _RIGHTS and value is False:
            return True
        if name in _STATES and isinstance(value, str) and _bare(value) in _NO_WORDS:
            return True
        if name in _CODES and 400 <= _number(value) < 600:
            return True
    return False


def _bare(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def _number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{3}", value) else 0


def _empty(value: Any) -> bool:
    """Whether a value holds nothing: none, an empty text or list, an object of such."""
    if isinstance(value, dict):
        return all(map(_empty, value.values()))
    return value is None or value == "" or value == []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if _number(item) in _NOT_LET_IN or (
                item is False and _bare(key) in {n for n in _RIGHTS if "auth" in n or "log" in n}
            ):
                yield "unauthorized"
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
