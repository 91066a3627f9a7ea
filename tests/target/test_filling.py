"""Requests that name what is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from l7audit.model import Identity, Kind, Safety, Target
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.filling import Filler, fitting
from l7audit.target.sessions import Sessions
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel

Says = Callable[..., Answer]
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def _takes(*parameters: Any, **members: Any) -> Any:
    schema = {"type": "object", "properties": members, "required": list(members)}
    body = {"requestBody": {"content": {"application/json": {"schema": schema}}}} if members else {}
    return {"responses": {"200": {"description": "ok"}}, "parameters": list(parameters), **body}


def _at(name: str) -> Any:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def paths(**stay: Any) -> dict[str, Any]:
    return {
        "/me": {"get": _takes()},
        "/berths": {"get": _takes(), "post": _takes(vesselId=TEXT)},
        "/berths/{berthId}": {"get": _takes(_at("berthId")), "delete": _takes(_at("berthId"))},
        "/vessels": {"get": _takes(), "post": _takes(berthId=TEXT, name=TEXT)},
        "/vessels/{vesselId}": {
            "get": _takes(_at("vesselId")),
            "delete": _takes(_at("vesselId")),
        },
        "/prices": {
            "get": _takes({"name": "vesselId", "in": "query", "required": True, "schema": TEXT})
        },
        "/stays": {"get": _takes(), "post": _takes(**stay)},
    }


@pytest.fixture
def setting(target: Target, answering: Any, answer: Says) -> Callable[..., Any]:
    """A filler, the probe behind it, and the operation that is to be filled. `shelf` maps paths to
    what is listed there; what is posted is made as number 77."""

    def made(
        place: str, shelf: dict[str, Any], document: dict[str, Any], **more: Any
    ) -> tuple[Filler, Any, Surface]:
        def reply(request: Request) -> Answer:
            if request.method == "POST":
                return answer(201, {"id": "77", **json.loads(request.content)})
            found = shelf.get(request.path.partition("?")[0])
            return answer(404) if found is None else answer(200, found)

        probe = answering(reply)
        text = json.dumps(
            {
                "openapi": "3.0.3",
                "info": {"title": "Moorings", "version": "1"},
                "security": [{"key": []}],
                "components": {
                    "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
                },
                "paths": document,
            }
        )
        model = TargetModel.of(text, target, seed=1)
        surface = next(model.surface(o) for o in model.operations if str(o.place) == place)
        filler = Filler(model, Sessions(model, probe), target.identities[0], **more)
        return filler, probe, surface

    return made


@pytest.mark.parametrize(
    ("member", "schema", "value"),
    [
        ("vesselId", TEXT, "12"),
        ("vessel_id", NUMBER, 12),
        ("vessel", TEXT, "12"),
        ("vesselRef", {"type": "string", "example": "gone"}, "12"),
        ("vesselIds", {"type": "array", "items": NUMBER}, [12]),
    ],
)
def test_a_body_names_what_the_caller_has(
    setting: Any, member: str, schema: Any, value: Any
) -> None:
    shelf = {"/vessels": [{"id": 12, "name": "Lark"}]}
    filler, probe, surface = setting("POST /stays", shelf, paths(**{member: schema, "note": TEXT}))
    body = filler.filled(surface).body()
    assert body[member] == value
    assert body["note"].startswith("l7audit")
    assert probe.sent[0].header("X-Key") == "alice-api-key"
    sent = len(probe.sent)
    assert filler.filled(surface).body()[member] == value
    assert len(probe.sent) == sent  # what was there before us is asked for once


def test_the_new_thing_s_own_name_is_no_other_thing_s(setting: Any) -> None:
    document = {
        "/vessels": {"get": _takes(), "post": _takes(plate=TEXT, vesselId=TEXT)},
        "/vessels/{plate}": {"get": _takes(_at("plate")), "put": _takes(_at("plate"), plate=TEXT)},
    }
    shelf = {"/vessels": [{"plate": "B-1"}]}
    for place in ("POST /vessels", "PUT /vessels/{plate}"):
        filler, _, surface = setting(place, shelf, document)
        assert filler.filled(surface) == surface


def test_of_what_all_are_shown_the_caller_s_own_is_named(setting: Any) -> None:
    listed = [{"id": "1", "ownerId": "u-bob"}, {"id": "2", "ownerId": "u-alice"}]
    shelf = {"/vessels": {"items": listed}, "/me": {"id": "u-alice", "role": "member"}}
    filler, _, surface = setting("POST /stays", shelf, paths(vesselId=TEXT))
    assert filler.filled(surface).body() == {"vesselId": "2"}


@pytest.mark.parametrize(
    "listed", [[], [{"id": "1", "ownerId": "u-bob"}], [{"id": "1", "name": "l7audit-x1"}]]
)
def test_without_one_of_his_own_one_is_made_and_removed_again(setting: Any, listed: Any) -> None:
    shelf = {"/vessels": listed, "/berths": [{"id": "b-9"}]}
    filler, probe, surface = setting("POST /stays", shelf, paths(vesselId=TEXT))
    assert filler.filled(surface).body() == {"vesselId": "77"}
    made = [json.loads(r.content) for r in probe.sent if r.method == "POST"]
    assert [m["berthId"] for m in made] == ["b-9"]  # what it asks for is named in the same way
    filler.filled(surface)
    assert len([r for r in probe.sent if r.method == "POST"]) == 1
    filler.sessions.clean()
    assert (probe.sent[-1].method, probe.sent[-1].path) == ("DELETE", "/vessels/77")


def test_what_nothing_removes_is_made_once_for_all_checks(setting: Any) -> None:
    document = paths(vesselId=TEXT)
    del document["/vessels/{vesselId}"]["delete"]
    filler, probe, surface = setting("POST /stays", {"/berths": [{"id": "b"}]}, document)
    for _ in range(2):
        assert filler.filled(surface).body() == {"vesselId": "77"}
        filler.sessions.clean()
    assert [r.path for r in probe.sent if r.method == "POST"] == ["/vessels"]


def test_nothing_is_made_where_the_profile_lets_nobody_write(setting: Any) -> None:
    shelf = {"/vessels": [{"id": "1", "ownerId": "u-bob"}]}
    filler, probe, surface = setting("POST /stays", shelf, paths(vesselId=TEXT, berthId=TEXT))
    probe.safety = Safety.ACTIVE
    assert filler.filled(surface).body()["vesselId"] == "1"
    assert [r for r in probe.sent if r.method != "GET"] == []


def test_things_that_ask_for_each_other_are_not_made_without_end(setting: Any) -> None:
    filler, probe, surface = setting("POST /stays", {"/vessels": []}, paths(vesselId=TEXT))
    filler.filled(surface)
    assert [r.path for r in probe.sent if r.method == "POST"] == ["/berths", "/vessels"]


def test_who_may_make_none_is_asked_once(setting: Any, answer: Says) -> None:
    filler, probe, surface = setting("POST /stays", {}, paths(vesselId=TEXT))
    probe.reply = lambda _: answer(403)
    plain = surface.body()
    assert filler.filled(surface).body() == plain
    sent = len(probe.sent)
    filler.sessions.clean()
    assert filler.filled(surface).body() == plain
    assert len(probe.sent) == sent


def test_a_query_names_what_the_caller_has(setting: Any) -> None:
    filler, _, surface = setting("GET /prices", {"/vessels": [{"id": "12"}]}, paths(note=TEXT))
    assert filler.filled(surface).request().path == "/prices?vesselId=12"


def test_what_nothing_is_called_by_is_named_as_in_what_is_there_already(setting: Any) -> None:
    shelf = {"/stays": [{"id": "s", "hullId": "H-4"}]}
    filler, _, surface = setting("POST /stays", shelf, paths(hullId=TEXT))
    assert filler.filled(surface).body() == {"hullId": "H-4"}


def test_a_member_that_leads_to_somebody_else_names_him(setting: Any) -> None:
    filler, _, surface = setting("POST /stays", {}, paths(recipientId=TEXT))
    assert filler.filled(surface).body() == surface.body()
    filler.other = Identity(name="bob", credentials=filler.identity.credentials)
    assert filler.filled(surface).body() == {"recipientId": "bob"}


def test_somebody_is_called_by_what_he_says_that_he_is_called(setting: Any) -> None:
    told = {"/me": {"id": "u-1", "handle": "ann", "display_name": "Ann"}}
    filler, _, surface = setting("POST /stays", told, paths(to_handle=TEXT))
    filler.other = filler.identity
    assert filler.filled(surface).body() == {"to_handle": "ann"}
    assert filler.filled(surface, 1).body() == {"to_handle": "u-1"}


@pytest.mark.parametrize(
    ("place", "shown", "member", "value"),
    [
        ("/prices", {"sku": "tea", "cents": 250}, "sku", "tea"),
        ("/prices", {"sku": "tea", "cents": 250}, "item_sku", "tea"),
        ("/menu", {"id": 4, "name": "Tea"}, "dishId", "4"),
    ],
)
def test_what_is_ordered_is_named_by_what_it_is_known_by_where_it_is_listed(
    setting: Any, place: str, shown: dict[str, Any], member: str, value: str
) -> None:
    line = {"type": "object", "properties": {member: TEXT}, "required": [member]}
    document = {
        place: {"get": _takes()},
        "/orders": {"get": _takes(), "post": _takes(lines={"type": "array", "items": line})},
    }
    shelf = {place: [shown, {**shown, member: "coffee"}], "/orders": [{"id": "o"}]}
    filler, probe, surface = setting("POST /orders", shelf, document)
    assert filler.filled(surface).body() == {"lines": [{member: value}]}
    assert [r.path for r in probe.sent] == [place]


def test_a_text_that_others_have_too_is_no_key(setting: Any) -> None:
    document = {"/prices": {"get": _takes()}, "/orders": {"post": _takes(colour=TEXT)}}
    shelf = {"/prices": [{"sku": "tea", "colour": "red"}]}
    filler, probe, surface = setting("POST /orders", shelf, document)
    assert filler.filled(surface) == surface
    assert probe.sent == []


def test_who_somebody_is_is_told_by_himself(setting: Any) -> None:
    filler, _, surface = setting("POST /stays", {"/me": {"id": "u-1"}}, paths(ownerId=TEXT))
    assert filler.filled(surface).body() == {"ownerId": "u-1"}
    assert filler.filled(surface, 1).body()["ownerId"] != "u-1"


def test_what_names_nothing_costs_nothing(setting: Any) -> None:
    filler, probe, surface = setting("POST /stays", {}, paths(note=TEXT, nights=NUMBER))
    assert filler.filled(surface) == surface
    assert probe.sent == []


def test_the_model_s_own_answer_is_filled(setting: Any) -> None:
    filler, _, surface = setting("POST /stays", {"/vessels": [{"id": "12"}]}, paths(vesselId=TEXT))
    found = filler.model.resolve(surface, filler.sessions, filler.identity)
    assert found is not None
    assert json.loads(found.request().content) == {"vesselId": "12"}
    assert Kind.RESOURCE_DELETE not in found.kinds


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("7", {"type": "integer"}, 7),
        ("x7", {"type": "integer"}, None),
        ("7", {"type": "string", "format": "uuid"}, None),
        ("", {"type": "string"}, None),
        ("b", {}, "b"),
    ],
)
def test_an_id_fits_its_schema_or_is_left_out(text: str, schema: Any, value: Any) -> None:
    assert fitting(text, schema) == value
