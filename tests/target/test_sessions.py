from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from l7audit.errors import CredentialError
from l7audit.model import Credential, Identity, Kind, Target
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.logins import session_of
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel

DOCUMENTS = Path(__file__).parent / "documents"
Says = Callable[..., Answer]


def sessions(name: str, target: Target, probe: Any, **hints: Any) -> Sessions:
    hinted = msgspec.structs.replace(target, hints=hints)
    text = (DOCUMENTS / name).read_text() if name else ""
    return Sessions(TargetModel.of(text, hinted, seed=1), probe)


def having(alice: Identity, *kinds: str) -> Identity:
    kept = [c for c in alice.credentials if c.kind in kinds]
    return msgspec.structs.replace(alice, credentials=kept)


def unexpected(request: Request) -> Answer:
    raise AssertionError(f"{request.method} {request.path} was sent")


def test_an_api_key_needs_no_exchange(target: Target, alice: Identity, answering: Any) -> None:
    found = sessions("warehouse_kebab.yaml", target, answering(unexpected))
    assert found.auth(alice) == Auth.api_key("X-Key", "alice-api-key")


def test_a_key_without_a_header_goes_where_the_document_says(
    target: Target, answering: Any
) -> None:
    somebody = Identity(name="s", credentials=[Credential(kind="api_key", secret="k-secret")])
    header = sessions("warehouse_kebab.yaml", target, answering(unexpected))
    assert header.auth(somebody) == Auth.api_key("X-Warehouse-Key", "k-secret")
    query = sessions("clinic_camel.yaml", target, answering(unexpected))
    assert query.auth(somebody) == Auth.api_key("clinicKey", "k-secret", "query")


def test_a_password_is_sent_in_the_login_s_own_fields(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    probe = answering(lambda _: answer(200, {"session-token": "the-session-token"}))
    found = sessions("warehouse_kebab.yaml", target, probe)
    assert found.bearer(having(alice, "password")) == "the-session-token"
    assert probe.sent[0].path == "/wh/session"
    assert parse_qs(probe.sent[0].content.decode()) == {
        "e-mail": ["alice@acme"],
        "secret-word": ["alice-password"],
    }


def test_a_login_that_asks_for_a_tenant_gets_it_and_may_set_a_cookie(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    cookie = ("Set-Cookie", "CLINICSESSION=the-cookie; HttpOnly")
    probe = answering(lambda _: answer(204, None, cookie))
    found = sessions("clinic_camel.yaml", target, probe)
    assert found.auth(having(alice, "password")) == Auth.cookie("CLINICSESSION", "the-cookie")
    assert json.loads(probe.sent[0].content) == {
        "loginName": "alice@acme",
        "passPhrase": "alice-password",
        "tenantCode": "acme",
    }


def test_client_credentials_go_to_the_token_endpoint(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    probe = answering(lambda _: answer(200, {"access_token": "client-token"}))
    found = sessions("library_snake.json", target, probe)
    assert found.bearer(having(alice, "client")) == "client-token"
    assert probe.sent[0].path == "/api/v3/grants"
    assert parse_qs(probe.sent[0].content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["alice-client"],
        "client_secret": ["alice-client-secret"],
    }


def test_a_token_endpoint_that_wants_basic_gets_it(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    def reply(request: Request) -> Answer:
        if request.header("Authorization"):
            return answer(200, {"access_token": "client-token"})
        return answer(401)

    probe = answering(reply)
    found = sessions("library_snake.json", target, probe)
    assert found.bearer(having(alice, "client")) == "client-token"
    assert probe.sent[1].content == b"grant_type=client_credentials"


def test_a_session_is_got_once_and_again_when_asked_for_fresh(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    count = iter(range(9))
    probe = answering(lambda _: answer(200, {"access_token": f"client-token-{next(count)}"}))
    found = sessions("library_snake.json", target, probe)
    machine = having(alice, "client")
    assert [found.bearer(machine) for _ in range(3)] == ["client-token-0"] * 3
    assert found.bearer(machine, fresh=True) == "client-token-1"
    assert found.using(probe).bearer(machine) == "client-token-1"
    found.forget(machine)
    assert found.bearer(machine) == "client-token-2"


def test_a_token_is_renewed_before_it_ends(
    target: Target, alice: Identity, answering: Any, answer: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("l7audit.target.sessions.time.monotonic", lambda: now[0])
    probe = answering(lambda _: answer(200, {"access_token": "client-token", "expires_in": 100}))
    found = sessions("library_snake.json", target, probe)
    for seconds in (0, 69, 71):
        now[0] = 1000.0 + seconds
        found.bearer(having(alice, "client"))
    assert len(probe.sent) == 2


def test_what_a_login_gives_is_never_written_down(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    probe = answering(lambda _: answer(200, {"access_token": "opaque-client-token"}))
    sessions("library_snake.json", target, probe).bearer(having(alice, "client"))
    shown = probe.redactor.text(base64.b64encode(b"xopaque-client-token").decode())
    assert "[redacted" in shown


def test_credentials_that_fail_are_told_of_with_what_was_answered(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    found = sessions("warehouse_kebab.yaml", target, answering(lambda _: answer(401)))
    with pytest.raises(CredentialError, match=r"alice .*POST /wh/session: status 401"):
        found.bearer(having(alice, "password"))


def test_an_answer_without_a_token_is_told_of(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    found = sessions("warehouse_kebab.yaml", target, answering(lambda _: answer(200, {})))
    with pytest.raises(CredentialError, match="no token"):
        found.bearer(having(alice, "password"))


def test_without_a_way_in_the_profile_is_asked_for_one(
    target: Target, alice: Identity, answering: Any
) -> None:
    found = sessions("", target, answering(unexpected))
    with pytest.raises(CredentialError, match="hints"):
        found.bearer(having(alice, "password"))
    with pytest.raises(CredentialError, match="bearer token"):
        found.bearer(having(alice, "api_key"))
    with pytest.raises(CredentialError, match="no credentials"):
        found.auth(having(alice))


def test_the_credential_is_chosen_by_what_the_surface_accepts(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    probe = answering(lambda _: answer(200, {"access_token": "client-token"}))
    found = sessions("library_snake.json", target, probe)
    surface = found.model.surfaces(Kind.PROTECTED_READ)[0]
    assert found.auth(alice).kind == "api_key"
    assert found.auth(alice, surface).kind == "bearer"


def test_every_way_is_listed_and_what_fails_is_left_out(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    def reply(request: Request) -> Answer:
        works = b"grant_type=client" in request.content
        return answer(200, {"access_token": "client-token"}) if works else answer(401)

    found = sessions("library_snake.json", target, answering(reply))
    assert [w.kind for w in found.ways(alice)] == ["api_key", "bearer", "basic"]


def test_hinted_fields_are_used_for_a_login(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    probe = answering(lambda _: answer(200, {"data": {"t": "the-hinted-token"}}))
    found = sessions(
        "",
        target,
        probe,
        login="POST /in",
        login_fields={"user": "who", "password": "word"},
        token_field="data.t",
    )
    assert found.bearer(having(alice, "password")) == "the-hinted-token"
    assert json.loads(probe.sent[0].content) == {"who": "alice@acme", "word": "alice-password"}


def test_a_guess_is_a_login_by_a_name_of_the_caller_s_choice(
    target: Target, answering: Any
) -> None:
    found = sessions("warehouse_kebab.yaml", target, answering(unexpected))
    surface = found.model.surfaces(Kind.LOGIN)[0]
    request = found.login_request(surface, "nobody", "guess")
    assert parse_qs(request.content.decode()) == {"e-mail": ["nobody"], "secret-word": ["guess"]}


def test_a_cookie_goes_along_with_the_token_against_forgery_that_a_read_tells(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    cookie = ("Set-Cookie", "CLINICSESSION=the-cookie; HttpOnly")

    def says(request: Request) -> Any:
        if request.method == "POST":
            return answer(204, None, cookie)
        return answer(200, {"who": {"csrfToken": "the-token"}})

    auth = sessions("clinic_camel.yaml", target, answering(says)).auth(having(alice, "password"))
    assert (auth.name, auth.value) == ("CLINICSESSION", "the-cookie")
    assert auth.further == (("X-CSRF-Token", "the-token"),)


def test_a_login_that_sets_no_cookie_goes_on_with_the_one_of_its_page(
    target: Target, answer: Says
) -> None:
    sent = Request("POST", "/login", (("Cookie", "csrf=a; sid=of-the-page"),))
    told = replace(answer(303, None, ("Location", "/home")), request=sent)
    auth = session_of(TargetModel.of("", target), told)
    assert auth is not None
    assert (auth.kind, auth.name, auth.value) == ("cookie", "sid", "of-the-page")


def test_what_was_there_before_stays_when_only_the_newest_is_removed(
    target: Target, answering: Any, answer: Says
) -> None:
    probe = answering(lambda _: answer(204, None))
    held = sessions("warehouse_kebab.yaml", target, probe)
    for name in "abc":
        held.keep_for_removal(Request("DELETE", f"/{name}"), "alice")
    assert held.left_behind == 3
    held.clean(but=1)
    assert [r.path for r in probe.sent] == ["/c", "/b"]
    held.clean()
    assert [r.path for r in probe.sent] == ["/c", "/b", "/a"]
