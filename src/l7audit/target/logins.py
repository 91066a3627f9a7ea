"""From a name and a secret to what a request carries: the ways in that a target may offer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from l7audit.model import Credential, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.probe import Probe
from l7audit.probe.request import Auth, Request
from l7audit.target.forms import is_forgery_token, login_form
from l7audit.target.hints import field_names
from l7audit.target.meaning import ONESELF, login_fields, tenant_field
from l7audit.target.operation import FORM, Scheme
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.tokens import is_session, session_cookie, token_in
from l7audit.target.words import all_words, says, words

GRANT = "client_credentials"

MOST_TELLERS = 4
"""Reads that are asked for a session's token against forgery."""

_MOVED = {301, 302, 303, 307, 308}
_ENTRANCE = ("login", "log in", "signin", "sign in", "logon", "log on", "auth", "sso")


def attempts(
    model: TargetModel, probe: Probe, identity: Identity, credential: Credential
) -> Iterator[Request]:
    """The requests that may turn a credential into a session, the likeliest first.

    A login by an HTML form asks for its page before, for the form's hidden fields and cookie.
    """
    user, secret = credential.name, credential.secret
    if credential.kind == "password":
        entrances = model.surfaces(Kind.LOGIN, limit=2)
        page = str(model.target.hints.get("login_page") or "")
        if page:
            yield from _by_form(probe, identity, credential, model.prefix + page)
        for surface in entrances:
            yield login_request(model, surface, credential, identity.tenant)
        form = {"grant_type": "password", "username": user, "password": secret}
        for surface in model.surfaces(Kind.TOKEN, limit=1):
            yield surface.request(form=form)
        for surface in entrances[:1] if not page else []:
            if FORM in surface.operation.bodies or model.target.hints.get("login_media") == "form":
                yield from _by_form(probe, identity, credential, surface.request().path)
    if credential.kind == "client":
        grant = {"grant_type": GRANT}
        for surface in model.surfaces(Kind.TOKEN, limit=2):
            yield surface.request(form={**grant, "client_id": user, "client_secret": secret})
            # RFC 6749 2.3.1: both are form-encoded before they become user and password.
            yield surface.request(form=grant, auth=Auth.basic(quote(user, ""), quote(secret, "")))


def login_request(
    model: TargetModel, surface: Surface, credential: Credential, tenant: str = ""
) -> Request:
    """A login by name and password, in the fields that the operation's schema has for them."""
    operation = surface.operation
    told: Callable[[dict[str, Any]], tuple[str, str] | None] = login_fields
    media = next((m for m, schema in operation.bodies.items() if told(schema)), "")
    schema = operation.bodies.get(media, {})
    names = field_names(model.target.hints) or told(schema) or ("username", "password")
    fields = {names[0]: credential.name, names[1]: credential.secret}
    if tenant and tenant_field(schema):
        fields[tenant_field(schema)] = tenant
    return surface.request(fields=fields, media_type=media or "application/json")


def _by_form(
    probe: Probe, identity: Identity, credential: Credential, path: str
) -> Iterator[Request]:
    page = probe.send(Request("GET", path, (("Accept", "text/html"),)), identity.name)
    form = login_form(page.text, path) if page.ok else None
    if form is None:
        return
    filled = {**form.fields, form.user: credential.name, form.password: credential.secret}
    origin = probe.scope.admit(probe.base_url)
    headers = [
        ("Accept", "text/html, application/json"),
        ("Origin", str(origin)),
        ("Referer", f"{origin}{path}"),
    ]
    if cookies := _set_cookies(page):
        headers.append(("Cookie", "; ".join(f"{n}={v}" for n, v in cookies.items())))
    if form.method == "GET":
        yield Request("GET", f"{form.path.partition('?')[0]}?{urlencode(filled)}", tuple(headers))
        return
    headers.append(("Content-Type", FORM))
    yield Request("POST", form.path, tuple(headers), urlencode(filled).encode())


def session_of(model: TargetModel, answer: Answer) -> Auth | None:
    """What the answer to a login lets a caller carry from now on; None where it let nobody in.

    A token goes where the hints `token_header` and `token_prefix` say, else where it was learnt to
    be taken, else where the document wants its only key, else behind `Bearer`. A login that is
    answered by a redirect back to a login has failed, whatever cookie it sets.
    """
    if not (answer.ok or _let_in(answer)):
        return None
    hints = model.target.hints
    token = token_in(answer, str(hints.get("token_field", "")))
    if token:
        return carrying(model, token)
    cookie = session_cookie(answer) or (_kept(answer) if _let_in(answer) else None)
    again = "html" in answer.media_type and login_form(answer.text, "/") is not None
    if cookie is None or again:  # the form once more is how a page says no
        return None
    return Auth.cookie(*cookie).with_further(_against_forgery(answer, cookie[0]))


def _kept(answer: Answer) -> tuple[str, str] | None:
    """The session cookie that went along with a login which sets none: browsers keep it."""
    pairs = [
        (name, value)
        for pair in (answer.request.header("Cookie") or "").split(";")
        for name, _, value in [pair.strip().partition("=")]
        if value and not is_forgery_token(name)
    ]
    return next((p for p in pairs if is_session(p[0])), pairs[0] if pairs else None)


def _let_in(answer: Answer) -> bool:
    if answer.status not in _MOVED or answer.refused:
        return False
    return not to_login(answer)


def to_login(answer: Answer) -> bool:
    """Whether an answer sends its caller to log in."""
    if answer.status not in _MOVED:
        return False
    return says(words(answer.headers.get("Location").partition("?")[0]), *_ENTRANCE)


def carrying(model: TargetModel, token: str) -> Auth:
    """How a token is carried here."""
    hints = model.target.hints
    header, prefix = hints.get("token_header"), hints.get("token_prefix")
    if header is None and prefix is None and model.learnt.carried is not None:
        header, prefix = model.learnt.carried
    if header is None and prefix is None:
        key = _only_key(model)
        if key is not None:
            return Auth("bearer", key.field, token, key.place)
    name = str(header or "Authorization")
    word = str(
        prefix if prefix is not None else "Bearer" if name == "Authorization" else ""
    ).strip()
    return Auth("bearer", name, f"{word} {token}".strip())


def _only_key(model: TargetModel) -> Scheme | None:
    """The field for a token where the document knows keys and no bearer tokens at all."""
    if model.schemes("bearer") or model.schemes("cookie"):
        return None
    keys = [s for s in model.schemes("api_key") if s.field]
    return keys[0] if len(keys) == 1 else None


def _set_cookies(answer: Answer) -> dict[str, str]:
    found = {}
    for line in answer.headers.get_all("Set-Cookie"):
        name, _, value = line.partition(";")[0].strip().partition("=")
        if name and value:
            found[name] = value
    return found


def forgery_header(model: TargetModel) -> str:
    """The header in which a token against forgery goes: what the document names, else the usual."""
    return next(
        (
            p.name
            for operation in model.operations
            for p in operation.parameters
            if p.place == "header" and is_forgery_token(p.name)
        ),
        "X-CSRF-Token",
    )


def tellers(model: TargetModel) -> list[Surface]:
    """Reads that may tell a session its token against forgery, the likeliest first."""
    found = [s for s in model.surfaces(Kind.PROTECTED_READ, limit=64) if not s.needs_values]
    likely = ("session", "csrf", "xsrf", "token", *ONESELF)
    found.sort(key=lambda s: not says(all_words([s.operation.name, s.operation.template]), *likely))
    return found[:MOST_TELLERS]


def _against_forgery(answer: Answer, session: str) -> tuple[tuple[str, str], ...]:
    """Cookie and header of the double submit by which a session guards its changes; a cookie that
    was sent with the login and not renewed still counts."""
    sent = dict(
        pair.strip().partition("=")[::2]
        for pair in (answer.request.header("Cookie") or "").split(";")
        if "=" in pair
    )
    cookies = {**sent, **_set_cookies(answer)}
    found: list[tuple[str, str]] = []
    for name, value in cookies.items():
        if name == session or not is_forgery_token(name):
            continue
        spelled = "X-XSRF-TOKEN" if "xsrf" in name.lower() else "X-CSRF-Token"
        found += [("Cookie", f"{name}={value}")]
        found += [("X-CSRFToken" if name.lower() == "csrftoken" else spelled, value)]
    return tuple(found)
