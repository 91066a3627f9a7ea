"""`l7audit init`: what a newcomer sees, and a profile that works, from a real little service."""

from __future__ import annotations

import json
import stat
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from l7audit import profile as profiles
from l7audit.exits import Exit
from l7audit.model import Safety
from l7audit.scouting.profile_text import Draft, profile_text

USER = {
    "type": "object",
    "required": ["email", "password"],
    "properties": {
        "email": {"type": "string", "format": "email"},
        "password": {"type": "string", "format": "password"},
    },
}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Notes", "version": "1"},
    "servers": [{"url": "https://live.example.org"}],
    "components": {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/signup": {
            "post": {
                "operationId": "signup",
                "requestBody": {"content": {"application/json": {"schema": USER}}},
                "responses": {"201": {"description": "d"}},
            }
        },
        "/login": {
            "post": {
                "operationId": "login",
                "requestBody": {"content": {"application/json": {"schema": USER}}},
                "responses": {"200": {"description": "d"}},
            }
        },
        "/notes": {
            "get": {"security": [{"b": []}], "responses": {"200": {"description": "d"}}},
            "post": {"security": [{"b": []}], "responses": {"201": {"description": "d"}}},
        },
        "/notes/{id}": {
            "get": {"security": [{"b": []}], "responses": {"200": {"description": "d"}}},
            "delete": {"security": [{"b": []}], "responses": {"204": {"description": "d"}}},
        },
    },
}


@pytest.fixture
def notes(serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A service where anybody may sign up, and whose document is where documents usually are."""
    monkeypatch.chdir(tmp_path)
    known = {"ann@example.org": "ann-s-secret-word"}

    def reply(asked: Any) -> Any:
        path = asked.path.partition("?")[0]
        if path == "/openapi.json":
            return 200, {}, DOCUMENT
        if path in ("/signup", "/login") and asked.method == "POST":
            body = json.loads(asked.body or "{}")
            mail, secret = body.get("email", ""), body.get("password", "")
            if path == "/signup":
                known[mail] = secret
                return 201, {}, {}
            good = known.get(mail) == secret
            return (200, {}, {"token": f"token-of-{mail}"}) if good else (401, {}, {})
        token = asked.headers.get("Authorization", "").removeprefix("Bearer token-of-")
        if path == "/notes":
            return (200, {}, []) if token in known else (401, {}, {})
        return 404, {}, {}

    return serve(reply)


def test_without_flags_it_writes_what_it_knows_and_says_what_is_missing(
    call: Any, notes: Any, tmp_path: Path
) -> None:
    said = call("init", "--target", notes.url)
    assert (said.code, said.err) == (Exit.PASSED, "")
    assert "OpenAPI 3.0.3, 6 operations" in said.out
    assert "way in     password: POST /login with email and password" in said.out
    (row,) = [line.split() for line in said.out.splitlines() if " /notes " in line]
    assert row == ["/notes", "-", "create", "read", "-", "delete"]  # its list tells no schema
    assert "missing    two users" in said.out
    assert "missing    an admin" in said.out
    profile = profiles.load(folder=tmp_path)
    assert profile.target.url == notes.url
    assert profile.target.openapi == f"{notes.url}/openapi.json"
    assert profile.target.provider == "external"
    assert profile.level is Safety.INTRUSIVE
    assert {path.split()[0] for path in notes.paths} == {"GET"}


def test_it_sends_nothing_to_the_host_that_the_document_names(call: Any, notes: Any) -> None:
    said = call("init", "--target", notes.url)
    assert "live.example.org" not in said.out
    assert {a.headers["Host"] for a in notes.asked} == {notes.url.removeprefix("http://")}


def test_identities_are_tried_and_their_secrets_stay_out_of_the_profile(
    call: Any, notes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANN_WORD", "ann-s-secret-word")
    said = call(
        "init", "--target", notes.url,
        "--identity", "ann:password:ann@example.org:${ANN_WORD}",
        "--identity", "bob:password:bob@example.org:wrong-secret-word",
    )  # fmt: skip
    assert said.code == Exit.PASSED
    assert "let in     ann reads GET /notes" in said.out
    assert (
        "refused    The identity bob cannot log in by password (POST /login: status 401" in said.out
    )
    text = (tmp_path / "l7audit.yaml").read_text()
    assert "secret-word" not in text
    assert '"${ANN_WORD}"' in text
    kept = tmp_path / "l7audit.env"
    assert kept.read_text() == "BOB_PASSWORD=wrong-secret-word\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    who = profiles.load(folder=tmp_path).target.identities
    assert [i.credentials[0].secret for i in who] == ["ann-s-secret-word", "wrong-secret-word"]


def test_it_makes_throw_away_users_only_when_it_is_told_to(
    call: Any, notes: Any, tmp_path: Path
) -> None:
    said = call("init", "--target", notes.url, "--register")
    assert said.code == Exit.PASSED
    assert said.out.count("made       POST /signup made l7audit-") == 2
    assert said.out.count("let in     throwaway-") == 2
    assert "left       the throw-away users stay at the target: l7audit-" in said.out
    who = profiles.load(folder=tmp_path).target.identities
    assert [i.tags for i in who] == [["throw-away"]] * 2
    assert len({i.credentials[0].secret for i in who}) == 2


def test_a_profile_that_is_there_is_never_written_over_without_a_word(
    call: Any, notes: Any, tmp_path: Path
) -> None:
    (tmp_path / "l7audit.yaml").write_text("name: mine\n")
    said = call("init", "--target", notes.url)
    assert said.code == Exit.USAGE
    assert said.err == (
        "l7audit: l7audit.yaml is there already, and is not written over. "
        "Name another file with --out, or say --force.\n"
    )
    assert notes.asked == []
    assert (tmp_path / "l7audit.yaml").read_text() == "name: mine\n"
    assert call("init", "--target", notes.url, "--force").code == Exit.PASSED
    assert (tmp_path / "l7audit.yaml").read_text() != "name: mine\n"


@pytest.mark.parametrize(
    ("identity", "sentence"),
    [
        ("ann", "'ann' is no identity that can be read"),
        ("ann:magic:x:y", "is no identity that can be read"),
        ("a b:password:x:y", "is no identity that can be read"),
        ("ann:password:a@b:${NOT_SET_ANYWHERE}", "variable NOT_SET_ANYWHERE, the secret of ann"),
        ("ann:password:a@b", "variable ANN_PASSWORD, the secret of ann, is not set"),
    ],
)
def test_an_identity_that_cannot_be_read_is_one_sentence(
    call: Any, notes: Any, identity: str, sentence: str
) -> None:
    said = call("init", "--target", notes.url, "--identity", identity)
    assert said.code == Exit.USAGE
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert notes.asked == []


def test_registration_where_there_is_none_is_one_sentence(
    call: Any, serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    service = serve(lambda _: (404, {}, {}))
    said = call("init", "--target", service.url, "--register")
    assert said.code == Exit.USAGE
    assert "No operation is known by which a user can be registered." in said.err
    assert not (tmp_path / "l7audit.yaml").exists()


def test_without_a_document_it_writes_what_answered_and_says_what_one_would_add(
    call: Any, serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = "<form method=post action=/in><input name=u><input type=password name=p></form>"

    def reply(asked: Any) -> Any:
        path = asked.path.partition("?")[0]
        if path == "/in":
            good = parse_qs(asked.body) == {"u": ["ann"], "p": ["ann-s-secret-word"]}
            moved = {"Location": "/home", "Set-Cookie": "sid=s-1; HttpOnly"}
            return (302, moved, "") if good else (200, {}, page)
        found = {"/": '<a href="/news">n</a><a href="/logout">o</a>', "/login": page, "/news": "n"}
        if path == "/me":
            member = "sid=s-1" in asked.headers.get("Cookie", "")
            return (200, {}, {"inbox": "/mail/7"}) if member else (401, {}, {})
        if path == "/mail/7":
            member = "sid=s-1" in asked.headers.get("Cookie", "")
            return (200, {}, []) if member else (302, {"Location": "/login"}, "")
        return (200, {}, found[path]) if path in found else (404, {}, "")

    service = serve(reply)
    said = call("init", "--target", service.url, "--identity", "ann:password:ann:ann-s-secret-word")
    assert said.code == Exit.PASSED, said.err
    assert "no OpenAPI document; " in said.out
    assert "a document would add every other control" in said.out
    assert "way in     password: the form at /login, its hidden fields sent along" in said.out
    assert "let in     ann reads GET /me" in said.out
    hints = profiles.load(folder=tmp_path).target.hints
    assert hints["login_page"] == "/login"
    assert set(hints["public_reads"]) == {"GET /", "GET /login", "GET /news"}
    assert hints["protected_reads"] == ["GET /me", "GET /mail/7"]
    assert "GET /logout" not in service.paths


def test_beyond_loopback_the_profile_is_passive_and_shows_how_to_state_who_allows_more() -> None:
    text = profile_text(Draft(url="https://api.example.org", today=date(2026, 11, 27)))
    assert profiles.parse(text, source="p").level is Safety.PASSIVE
    stated = text.replace("# authorisation:", "authorisation:").replace("\n#   ", "\n  ")
    found = profiles.parse(stated, source="p").authorisation
    assert found is not None
    assert (found.since, found.until) == ("2026-11-27", "2026-12-27")
    assert found.origins == ["https://api.example.org"]
