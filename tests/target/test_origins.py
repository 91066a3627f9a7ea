"""What is made and listed at one place, and has its own address at another."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from l7audit.model import Identity, Kind, Target
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.openapi import Document
from l7audit.target.origins import called, items, names_of, origins
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel
from l7audit.target.values import resolve

Says = Callable[..., Answer]
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}}
LINK = {"type": "object", "properties": {"bookId": {"type": "string"}}}


def described(*places: str, body: Any = TEXT) -> str:
    """A document of these operations; each POST takes a body and each GET of a collection lists."""
    paths: dict[str, Any] = {}
    for place in places:
        method, _, template = place.partition(" ")
        told: dict[str, Any] = {
            "responses": {"200": {"description": ""}},
            "security": [{"key": []}],
        }
        if method == "POST":
            told["requestBody"] = {"content": {"application/json": {"schema": body}}}
        if method == "GET" and not template.endswith("}"):
            listing = {"schema": {"type": "array", "items": TEXT}}
            told["responses"]["200"]["content"] = {"application/json": listing}
        paths.setdefault(template, {})[method.lower()] = told
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    return json.dumps(
        {"openapi": "3.0.3", "paths": paths, "components": {"securitySchemes": schemes}}
    )


@pytest.mark.parametrize(
    ("collection", "name"),
    [
        ("/shelves/{id}/books", ("book",)),
        ("/shelves/{id}/printed-books", ("printed", "book")),
        ("/books/mine", ("book",)),
        ("/users/me/books", ("book",)),
        ("/books/create", ("book",)),
        ("/shelves/{id}/mine", ()),
        ("/books/{id}", ()),
        ("/", ()),
    ],
)
def test_a_collection_s_things_are_called_by_its_last_noun(
    collection: str, name: tuple[str, ...]
) -> None:
    assert called(collection) == name


@pytest.mark.parametrize(
    ("item", "names"),
    [
        ("/books/{id}", {("book",)}),
        ("/b/{bookId}", {("b",), ("book",)}),
        ("/shared/{token}", {("shared",)}),
        ("/books", set()),
    ],
)
def test_a_thing_is_called_by_its_collection_and_by_what_names_it(
    item: str, names: set[tuple[str, ...]]
) -> None:
    assert names_of(item) == names


def places(found: Any) -> list[str]:
    return [str(o.place) for o in found]


def operations(*told: str, body: Any = TEXT) -> Any:
    return Document.parse(described(*told, body=body)).operations


def test_a_collection_of_its_own_comes_before_all_others() -> None:
    known = operations("POST /books", "POST /shelves/{id}/books", "GET /shelves/{id}/books")
    assert places(origins(known, "/books/{id}", "POST")) == ["POST /books"]
    assert places(origins(known, "/books/{id}", "GET")) == ["GET /shelves/{id}/books"]


def test_without_one_the_plainest_of_those_that_are_called_alike_comes_first() -> None:
    known = operations(
        "POST /shops/{s}/shelves/{id}/books", "POST /shelves/{id}/books", "POST /shelves/{id}/pots",
        "POST /books/{id}/books",
    )  # fmt: skip
    assert places(origins(known, "/books/{id}", "POST")) == [
        "POST /shelves/{id}/books",
        "POST /shops/{s}/shelves/{id}/books",
    ]


def test_what_names_a_thing_that_is_there_makes_none() -> None:
    known = operations("POST /lists/{id}/books", "GET /books/{id}", body=LINK)
    assert origins(known, "/books/{id}", "POST") == []


def test_the_addresses_of_what_a_collection_makes_are_found_from_it() -> None:
    known = operations("POST /shelves/{id}/books", "DELETE /books/{id}", "DELETE /pots/{id}")
    assert places(items(known, "/shelves/{id}/books", "DELETE")) == ["DELETE /books/{id}"]
    both = operations("POST /books", "POST /shelves/{id}/books", "DELETE /books/{id}")
    assert items(both, "/shelves/{id}/books", "DELETE") == []


@pytest.mark.parametrize(
    ("body", "template", "kinds"),
    [
        (TEXT, "/shelves/{id}/books", {Kind.RESOURCE_CREATE}),
        (TEXT, "/shelves/{id}/pots", set()),
        (LINK, "/shelves/{id}/books", set()),
    ],
)
def test_what_makes_things_with_an_address_elsewhere_is_known_as_that(
    target: Target, body: Any, template: str, kinds: set[Kind]
) -> None:
    told = described(f"POST {template}", "GET /books/{id}", body=body)
    maker = next(o for o in TargetModel.of(told, target).operations if o.method == "POST")
    assert maker.kinds & {Kind.RESOURCE_CREATE} == kinds


TWO = (
    "GET /lamps", "GET /lamps/{id}/parts", "GET /pans", "GET /pans/{id}/parts", "GET /parts/{id}",
    "GET /parts/{id}/notes",
)  # fmt: skip


def resolved(
    target: Target, probe: Any, who: Identity, place: str, told: str, *, own: bool = False
) -> tuple[dict[str, str], Sessions]:
    model = TargetModel.of(told, target, seed=1)
    sessions = Sessions(model, probe)
    surface = next(model.surface(o) for o in model.operations if str(o.place) == place)
    found = resolve(model, surface, sessions, who, own=own)
    return dict(found.values) if found is not None else {}, sessions


def test_of_two_that_are_called_alike_the_one_counts_whose_things_are_shown(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    bodies = {
        "/lamps": [{"id": "l1"}],
        "/lamps/l1/parts": [{"id": "wire"}],
        "/pans": [{"id": "p1"}],
        "/pans/p1/parts": [{"id": "lid"}],
        "/parts/lid": {"id": "lid"},
    }
    probe = answering(
        lambda r: answer(200, bodies[r.path]) if r.path in bodies else answer(404, {})
    )
    found, _ = resolved(target, probe, alice, "GET /parts/{id}/notes", described(*TWO))
    assert found == {"id": "lid"}


def test_what_is_made_below_a_thing_is_removed_at_its_own_address(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    def reply(request: Request) -> Answer:
        if (request.method, request.path) == ("GET", "/shelves"):
            return answer(200, [{"id": "s1"}])
        if (request.method, request.path) == ("POST", "/shelves/s1/books"):
            return answer(201, {"id": "b1"})
        return answer(200 if request.path == "/books/b1" else 404, {"id": "b1"})

    told = described(
        "GET /shelves", "POST /shelves/{id}/books", "GET /books/{id}", "DELETE /books/{id}"
    )
    probe = answering(reply)
    found, sessions = resolved(target, probe, alice, "GET /books/{id}", told, own=True)
    assert found == {"id": "b1"}
    sessions.clean()
    assert (probe.sent[-1].method, probe.sent[-1].path) == ("DELETE", "/books/b1")


def test_what_lies_in_circles_is_looked_for_to_a_bound(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    told = described(
        "GET /a/{id}/bs", "GET /b/{bId}/as", "GET /a/{aId}", "GET /b/{bId}", "POST /a/{id}/bs"
    )
    probe = answering(lambda _: answer(404, {}))
    found, _ = resolved(target, probe, alice, "GET /b/{bId}", told)
    assert found == {}
