"""What links of a document tell of the members that they fill."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l7audit.target.links import Link, links_in
from l7audit.target.openapi import Document
from l7audit.target.references import names_thing, of_body, of_query

TEXT = {"type": "string"}


def document(**link: Any) -> Document:
    body = {"type": "object", "properties": {"hull": TEXT}, "required": ["hull"]}
    takes = {"content": {"application/json": {"schema": body}}}
    answer = {"description": "made", "links": {"stay": link}}
    hull = {"name": "hull", "in": "query", "required": True, "schema": TEXT}
    done = {"200": {"description": "ok"}}
    paths = {
        "/vessels": {"post": {"responses": {"201": answer}}},
        "/stays": {
            "post": {"operationId": "book", "requestBody": takes, "responses": done},
            "get": {"operationId": "priced", "parameters": [hull], "responses": done},
        },
    }
    text = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths}
    return Document.parse(json.dumps(text))


@pytest.mark.parametrize(
    "link",
    [
        {"operationId": "book", "requestBody": {"hull": "$response.body#/id"}},
        {"operationRef": "#/paths/~1stays/post", "requestBody": {"hull": "$response.body#/id"}},
    ],
)
def test_a_link_tells_what_a_member_of_a_body_is_an_id_of(link: dict[str, Any]) -> None:
    book = next(o for o in document(**link).operations if o.name == "book")
    (found,) = of_body(book, {"hull": ""})
    assert found.sure
    assert names_thing(found, ("vessel",))


def test_a_link_tells_what_a_parameter_is_an_id_of() -> None:
    link = {"operationId": "priced", "parameters": {"query.hull": "$response.body#/id"}}
    priced = next(o for o in document(**link).operations if o.name == "priced")
    (found,) = of_query(priced)
    assert names_thing(found, ("vessel",))


@pytest.mark.parametrize(
    "link",
    [
        {"operationId": "gone", "requestBody": {"hull": "$response.body#/id"}},
        {"operationId": "book", "requestBody": {"hull": "$request.query.hull"}},
        {"operationId": "book", "requestBody": "$response.body"},
        {"requestBody": {"hull": "$response.body#/id"}},
        {"operationId": 7, "parameters": ["hull"]},
    ],
)
def test_a_link_that_tells_nothing_of_an_answer_changes_nothing(link: dict[str, Any]) -> None:
    book = next(o for o in document(**link).operations if o.name == "book")
    assert not [r for r in of_body(book, {"hull": ""}) if r.sure]


def test_links_are_read_as_the_hostile_text_that_they_are() -> None:
    good = {"operationId": "x", "parameters": {"id": "$response.body#/id"}}
    assert list(links_in("/a", [None, [], "x", good])) == [Link("/a", "x", frozenset({"id"}))]
    assert len(list(links_in("/a", [good] * 1000))) == 16
