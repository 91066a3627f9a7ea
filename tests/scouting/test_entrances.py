"""How identities get in, on real servers: each style of login, and what is said of failures."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from l7audit.model import Credential, Identity
from l7audit.scouting.entrances import Admission, admitted, unsure, ways
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel

ALICE = "alice@example.org"
SECRET = "alice-s-own-secret-7"
TOKEN = "a-token-that-opens-9431"


def document(paths: dict[str, Any], **schemes: Any) -> str:
    found = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths}
    return json.dumps({**found, "components": {"securitySchemes": schemes}})


def guarded(scheme: str) -> dict[str, Any]:
    return {"/mine": {"get": {"security": [{scheme: []}], "responses": {"200": {}}}}}


def login(media: str = "application/json", user: str = "email") -> dict[str, Any]:
    schema = {"type": "object", "properties": {user: {"type": "string"}, "password": {}}}
    answer: dict[str, Any] = {
        "content": {"application/json": {"schema": {"properties": {"token": {}}}}}
    }
    body = {"required": True, "content": {media: {"schema": schema}}}
    return {"/enter": {"post": {"requestBody": body, "responses": {"200": answer}}}}


def alice(kind: str = "password", name: str = ALICE, secret: str = SECRET) -> Identity:
    return Identity(name="alice", credentials=[Credential(kind=kind, name=name, secret=secret)])


BEARER = {"type": "http", "scheme": "bearer"}


def tried(
    serve: Any, probing: Any, text: str, reply: Any, identity: Identity, **hints: Any
) -> tuple[Admission, Any]:
    service = serve(reply)
    target, probe = probing(service.url, **hints)
    return admitted(target, text, probe, identity), service


def test_a_json_login_whose_token_goes_behind_bearer(serve: Any, probing: Any) -> None:
    def reply(asked: Any) -> Any:
        if asked.path == "/enter":
            good = json.loads(asked.body) == {"email": ALICE, "password": SECRET}
            return (200, {}, {"data": {"token": TOKEN}}) if good else (401, {}, {})
        return (200 if asked.headers.get("Authorization") == f"Bearer {TOKEN}" else 401), {}, {}

    text = document({**login(), **guarded("b")}, b=BEARER)
    found, _ = tried(serve, probing, text, reply, alice())
    assert (found.let_in, found.told, found.hints) == (True, "alice reads GET /mine", {})


def test_what_a_silent_document_protects_is_found_out_by_asking(serve: Any, probing: Any) -> None:
    def reply(asked: Any) -> Any:
        if asked.path == "/enter":
            return 200, {}, {"token": TOKEN}
        known = asked.headers.get("Authorization") == f"Bearer {TOKEN}"
        if asked.path == "/news" or known:
            return 200, {}, {"ok": True, "things": [1]}
        return 200, {}, {"ok": False, "error": "Not logged in"}

    read = {"get": {"responses": {"200": {}}}}
    text = document({**login(), "/news": read, "/mine": read})
    found, _ = tried(serve, probing, text, reply, alice())
    assert (found.let_in, found.told) == (True, "alice reads GET /mine")


@pytest.mark.parametrize("prefix", ["Token", "JWT", ""])
def test_another_prefix_than_bearer_is_found_and_becomes_a_hint(
    serve: Any, probing: Any, prefix: str
) -> None:
    def reply(asked: Any) -> Any:
        if asked.path == "/enter":
            return 200, {}, {"token": TOKEN}
        good = asked.headers.get("Authorization") == f"{prefix} {TOKEN}".strip()
        return (200 if good else 401), {}, {}

    text = document({**login(), **guarded("b")}, b=BEARER)
    found, _ = tried(serve, probing, text, reply, alice())
    assert found.let_in
    assert found.hints == {"token_prefix": prefix}


def test_a_token_goes_into_the_only_key_that_the_document_knows(serve: Any, probing: Any) -> None:
    def reply(asked: Any) -> Any:
        if asked.path == "/enter":
            return 200, {"X-Auth-Token": TOKEN}, {}
        return (200 if asked.headers.get("X-Auth-Token") == TOKEN else 401), {}, {}

    key = {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}
    found, _ = tried(serve, probing, document({**login(), **guarded("k")}, k=key), reply, alice())
    assert found.let_in


PAGE = """<!doctype html><title>Come in</title>
<form method="get" action="/search"><input name="q"></form>
<form method="post" action="/sign-in?next=%2Fmine">
<input type="hidden" name="_csrf" value="page-token-55&amp;1">
<input type="email" name="mail"><input type="password" name="word">
<input type="submit" name="go" value="Enter">
"""


def form_service(asked: Any) -> Any:
    """A session by a form: the page's cookie and hidden token have to come back with it."""
    if asked.path == "/sign-in" and asked.method == "GET":
        return 200, {"Set-Cookie": "csrftoken=cookie-token-66; Path=/"}, PAGE
    if asked.method == "POST":
        fields = parse_qs(asked.body)
        sent = "csrftoken=cookie-token-66" in asked.headers.get("Cookie", "")
        if not sent or fields.get("_csrf") != ["page-token-55&1"] or "go" in fields:
            return 403, {}, "Forbidden"
        if fields["mail"] != [ALICE] or fields["word"] != [SECRET]:
            return 200, {"Set-Cookie": "sessionid=anonymous-1; HttpOnly"}, PAGE
        return 302, {"Location": "/mine", "Set-Cookie": f"sessionid={TOKEN}; HttpOnly"}, ""
    if f"sessionid={TOKEN}" in asked.headers.get("Cookie", ""):
        return 200, {}, {"mine": []}
    return 302, {"Location": "/sign-in?next=/mine"}, ""


def test_a_form_is_filled_with_its_hidden_token_and_the_page_s_cookie(
    serve: Any, probing: Any
) -> None:
    cookie = {"type": "apiKey", "in": "cookie", "name": "sessionid"}
    text = document(guarded("c"), c=cookie)
    found, service = tried(serve, probing, text, form_service, alice(), login_page="/sign-in")
    assert (found.let_in, found.told) == (True, "alice reads GET /mine")
    assert service.paths[:2] == ["GET /sign-in", "POST /sign-in?next=%2Fmine"]


def test_the_form_once_more_is_no_login_whatever_cookie_it_sets(serve: Any, probing: Any) -> None:
    text = document(guarded("c"), c={"type": "apiKey", "in": "cookie", "name": "sessionid"})
    wrong = alice(secret="not-alice-s-secret")
    found, _ = tried(serve, probing, text, form_service, wrong, login_page="/sign-in")
    assert not found.let_in
    assert "cannot log in by password (POST /sign-in" in found.told
    assert "not-alice-s-secret" not in found.told


def test_a_session_s_token_against_forgery_goes_along(serve: Any, probing: Any) -> None:
    text = document(guarded("c"), c={"type": "apiKey", "in": "cookie", "name": "sessionid"})
    service = serve(form_service)
    target, probe = probing(service.url, login_page="/sign-in")
    model = TargetModel.of(text, target)
    surface = model.surface(model.operations[0])
    request = surface.request(auth=Sessions(model, probe).auth(alice()))
    assert request.header("X-CSRFToken") == "cookie-token-66"
    assert request.header("Cookie") == f"csrftoken=cookie-token-66; sessionid={TOKEN}"


@pytest.mark.parametrize("wants_basic", [True, False])
def test_oauth2_client_credentials_in_the_form_or_as_basic(
    serve: Any, probing: Any, wants_basic: bool
) -> None:
    pair = base64.b64encode(b"robot%20one:" + SECRET.encode()).decode()

    def reply(asked: Any) -> Any:
        if asked.path == "/token":
            fields = parse_qs(asked.body)
            by_form = fields.get("client_id") == ["robot one"]
            by_basic = asked.headers.get("Authorization") == f"Basic {pair}"
            good = by_basic if wants_basic else by_form
            return (200, {}, {"access_token": TOKEN}) if good else (401, {}, {})
        return (200 if asked.headers.get("Authorization") == f"Bearer {TOKEN}" else 401), {}, {}

    flow = {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {}}}}
    text = document({"/token": {"post": {}}, **guarded("o")}, o=flow)
    found, _ = tried(serve, probing, text, reply, alice("client", "robot one"))
    assert found.let_in


@pytest.mark.parametrize(
    ("place", "path", "header"),
    [
        ("header", "/mine", ("X-Key", SECRET)),
        ("query", f"/mine?X-Key={SECRET}", ("Host", "")),
        ("cookie", "/mine", ("Cookie", f"X-Key={SECRET}")),
    ],
)
def test_a_key_goes_where_its_credential_says(
    serve: Any, probing: Any, place: str, path: str, header: tuple[str, str]
) -> None:
    def reply(asked: Any) -> Any:
        name, value = header
        good = asked.path == path and asked.headers.get(name, "").endswith(value)
        return (200 if good else 401), {}, {}

    who = Identity(
        name="alice",
        credentials=[Credential(kind="api_key", name="X-Key", secret=SECRET, place=place)],
    )
    text = document(guarded("k"), k={"type": "apiKey", "in": "header", "name": "Other"})
    found, _ = tried(serve, probing, text, reply, who)
    assert found.let_in


def test_basic_and_a_session_cookie_are_sent_as_they_are(serve: Any, probing: Any) -> None:
    pair = base64.b64encode(f"{ALICE}:{SECRET}".encode()).decode()

    def reply(asked: Any) -> Any:
        basic = asked.headers.get("Authorization") == f"Basic {pair}"
        return (200 if basic or asked.headers.get("Cookie") == f"sid={TOKEN}" else 401), {}, {}

    text = document(guarded("b"), b={"type": "http", "scheme": "basic"})
    assert tried(serve, probing, text, reply, alice("basic"))[0].let_in
    assert tried(serve, probing, text, reply, alice("cookie", "sid", TOKEN))[0].let_in


def test_a_login_that_works_and_opens_nothing_is_told(serve: Any, probing: Any) -> None:
    def reply(asked: Any) -> Any:
        return (200, {}, {"token": TOKEN}) if asked.path == "/enter" else (401, {}, {})

    text = document({**login(), **guarded("b")}, b=BEARER)
    found, _ = tried(serve, probing, text, reply, alice())
    assert not found.let_in
    assert found.told == (
        "alice has a credential, and is refused with it (GET /mine answered 401)."
    )


def test_a_session_that_is_lost_half_way_is_renewed_at_its_next_use(
    serve: Any, probing: Any
) -> None:
    given: list[str] = []

    def reply(asked: Any) -> Any:
        if asked.path == "/enter":
            given.append(f"session-token-{len(given)}")
            return 200, {}, {"token": given[-1]}
        good = asked.headers.get("Authorization") == f"Bearer {given[-1]}"
        return (200 if good else 401), {}, {}

    service = serve(reply)
    target, probe = probing(service.url)
    model = TargetModel.of(document({**login(), **guarded("b")}, b=BEARER), target)
    sessions = Sessions(model, probe)
    surface = next(model.surface(o) for o in model.operations if o.method == "GET")
    assert probe.send(surface.request(auth=sessions.auth(alice()))).ok
    given.append("somebody ended every session")
    assert not probe.send(surface.request(auth=sessions.auth(alice()))).ok
    assert probe.send(surface.request(auth=sessions.auth(alice()))).ok
    assert service.paths.count("POST /enter") == 2


def test_a_target_that_lets_nobody_stay_is_not_logged_into_for_ever(
    serve: Any, probing: Any
) -> None:
    def reply(asked: Any) -> Any:
        return (200, {}, {"token": TOKEN}) if asked.path == "/enter" else (401, {}, {})

    service = serve(reply)
    target, probe = probing(service.url)
    model = TargetModel.of(document({**login(), **guarded("b")}, b=BEARER), target)
    sessions = Sessions(model, probe)
    surface = next(model.surface(o) for o in model.operations if o.method == "GET")
    for _ in range(40):
        probe.send(surface.request(auth=sessions.auth(alice())))
    assert service.paths.count("POST /enter") == 21


def test_the_ways_in_are_told_the_likeliest_first(probing: Any) -> None:
    flow = {"type": "oauth2", "flows": {"password": {"tokenUrl": "/token", "scopes": {}}}}
    key = {"type": "apiKey", "in": "query", "name": "key"}
    text = document(
        {**login(), "/token": {"post": {}}, **guarded("k")},
        k=key,
        o=flow,
        b={"type": "http", "scheme": "basic"},
    )
    target, _ = probing("http://127.0.0.1:1")
    told = [(way.kind, way.told) for way in ways(TargetModel.of(text, target))]
    assert told == [
        ("password", "POST /enter with email and password"),
        ("password", "OAuth2 password grant at POST /token"),
        ("client", "OAuth2 client credentials at POST /token"),
        ("api_key", "an API key in the query key"),
        ("basic", "HTTP basic authentication"),
        ("bearer", "a bearer token"),
    ]


def test_what_only_may_be_the_login_is_offered_as_a_hint(probing: Any) -> None:
    odd = {"type": "object", "properties": {"who": {"type": "string"}, "password": {}}}
    post = {"requestBody": {"content": {"application/json": {"schema": odd}}}}
    target, _ = probing("http://127.0.0.1:1")
    model = TargetModel.of(document({"/x": {"post": post}}), target)
    assert unsure(model) == ["POST /x"]
    settled = msgspec.structs.replace(target, hints={"login": "POST /x"})
    assert unsure(TargetModel.of(document({"/x": {"post": post}}), settled)) == []
