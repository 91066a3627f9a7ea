"""Somebody's browser: the cookies that a login left in it, and what pages of other sites can have
it send."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import msgspec

from l7audit.harness.check import Check
from l7audit.model import Identity, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.forms import is_forgery_token
from l7audit.target.tokens import is_session, session_cookie
from l7audit_suites.authn.ground import find
from l7audit_suites.authn.password_doors import find_login
from l7audit_suites.head import cookies

_FORM = "application/x-www-form-urlencoded"
_SIMPLE = {"", _FORM, "multipart/form-data", "text/plain"}
_SENT_BY_FORMS = {"accept", "content-type"}
AS_JSON = "as JSON"
"""How no form can send anything: a browser asks the target first whether it may."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Whose it is, the session's cookie with its attributes (None where they are not known), all
    cookies by name, and where the session began."""

    owner: Identity
    login: Place
    session: str
    attributes: Mapping[str, str] | None
    jar: Mapping[str, str] = field(repr=False)

    @property
    def same_site(self) -> str:
        """What the session's cookie says of other sites, in lower case; empty for nothing."""
        return (self.attributes or {}).get("samesite", "").lower()

    @property
    def kept_home(self) -> bool:
        """Whether browsers leave the session out of what other sites' forms send."""
        return self.same_site in {"lax", "strict"}

    def auth(self) -> Auth:
        """The cookies, and nothing that only a page of the target's own knows."""
        rest = "; ".join(f"{n}={v}" for n, v in self.jar.items() if n != self.session)
        auth = Auth.cookie(self.session, self.jar[self.session])
        return auth.with_further((("Cookie", rest),)) if rest else auth

    def sends(self, request: Request, origin: str) -> Request:
        """The request as a page of that origin has the browser send it."""
        kept = tuple(p for p in request.headers if p[0].lower() in _SENT_BY_FORMS)
        told = (("Origin", origin), ("Referer", f"{origin}/"), ("Sec-Fetch-Site", "cross-site"))
        return replace(request, headers=(*kept, *told)).with_auth(self.auth())


def browser(check: Check, besides: Collection[str] = ()) -> Browser | None:
    """The browser of somebody, not one of those named, who has just logged in, if a cookie alone
    opens what is closed to strangers; None where no session is kept so."""
    door = find_login(check, besides)
    if door is None:
        return None
    owner, answer = door.known[0][0], door.good
    jar = {**_sent(answer), **_set(answer)}
    named = session_cookie(answer)
    session = named[0] if named else next(filter(is_session, jar), "")
    if not session or session not in jar:
        return None
    attributes = _attributes(answer, session)
    if attributes is None:
        page = check.send(Request("GET", answer.request.path, (("Accept", "text/html"),)))
        attributes = _attributes(page, session)
    found = Browser(owner, door.operation, session, attributes, jar)
    for value in jar.values():
        check.probe.redactor.learn(value)
    auth = found.auth()
    ground = find(check, owner, jar[session], lambda text: replace(auth, value=text), "cookie")
    if ground is None:
        return None
    check.witness("the cookie opens what is closed to strangers", ground.good, once=True)
    return found


def _sent(answer: Answer) -> dict[str, str]:
    pairs = (p.strip().partition("=") for p in (answer.request.header("Cookie") or "").split(";"))
    return {name: value for name, _, value in pairs if name and value}


def _set(answer: Answer) -> dict[str, str]:
    parsed = filter(None, map(cookies.parse, answer.headers.get_all("Set-Cookie")))
    return {c.name: c.value for c in parsed if c.name and not c.removed}


def _attributes(answer: Answer, name: str) -> Mapping[str, str] | None:
    parsed = map(cookies.parse, answer.headers.get_all("Set-Cookie"))
    return next((c.attributes for c in parsed if c is not None and c.name == name), None)


def forms(request: Request) -> Iterator[tuple[str, Request]]:
    """The request as a page of another site can write it, with the manner of each: as it is where
    a form can send that, else as text or as a form's fields, else as it is."""
    kind = (request.header("Content-Type") or "").partition(";")[0].strip().lower()
    if kind in _SIMPLE:
        yield "as a form", request
        return
    yield "as text", request.with_headers({"Content-Type": "text/plain"})
    fields = _fields(request)
    if fields:
        encoded = replace(request, content=urlencode(fields, doseq=True).encode())
        yield "as a form", encoded.with_headers({"Content-Type": _FORM})
    yield AS_JSON, request


def _fields(request: Request) -> dict[str, Any]:
    """The members of a flat JSON body; empty for any other."""
    try:
        body = msgspec.json.decode(request.content)
    except msgspec.DecodeError:
        return {}
    if not isinstance(body, dict) or any(isinstance(v, dict) for v in body.values()):
        return {}
    return {n: v for n, v in body.items() if v is not None}


def asks_for_token(check: Check, owner: Identity) -> bool:
    """Whether the target has a token against forged requests: its document names one, or its
    sessions are told one."""
    declared = any(is_forgery_token(p.name) for o in check.model.operations for p in o.parameters)
    told = (name for auth in check.sessions.ways(owner) for name, _ in auth.further)
    return declared or any(name != "Cookie" for name in told)
