"""Changes that show: what is written where no text may stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit_suites.authz.changes import again, changes
from l7audit_suites.authz.families import families
from l7audit_suites.authz.people import Cast
from l7audit_suites.authz.things import Thing

Shown = Callable[..., Answer]


@pytest.fixture
def thing(model: TargetModel, person: Callable[..., Identity], answer: Shown) -> Thing:
    _, boards, _ = families(model)
    cast = Cast(person("ann"), None, person("ben"))
    shown = answer(200, {"id": "b1", "state": "open", "count": 3, "done": False})
    return Thing(boards, cast, cast.owner, {"boardId": "b1"}, "", shown, shown)


def patched(thing: Thing, members: dict[str, Any]) -> Surface:
    surface = thing.family.change
    assert surface is not None
    schema = {"type": "object", "properties": members}
    return replace(
        surface, operation=replace(surface.operation, bodies={"application/json": schema})
    )


def test_a_text_is_marked(thing: Thing, answer: Shown) -> None:
    surface = patched(thing, {"title": {"type": "string"}, "count": {"type": "integer"}})
    (change,) = changes(thing, surface, thing.seen)
    assert change.shows(thing, answer(200, {"id": "b1", "title": change.value}))
    assert not change.shows(thing, thing.seen)


@pytest.mark.parametrize(
    ("member", "schema", "value"),
    [
        ("state", {"type": "string", "enum": ["open", "shut"]}, "shut"),
        ("state", {"enum": [None, "open", "shut"]}, "shut"),
        ("done", {"type": "boolean"}, True),
        ("count", {"type": "integer"}, 4),
        ("count", {"anyOf": [{"type": "integer", "maximum": 3}, {"type": "null"}]}, 2),
    ],
)
def test_what_is_no_text_becomes_other_than_it_is_shown(
    thing: Thing, answer: Shown, member: str, schema: dict[str, Any], value: Any
) -> None:
    surface = patched(thing, {member: schema})
    (change,) = changes(thing, surface, thing.seen)
    assert change.given == {"fields": {member: value}}
    assert change.shows(thing, answer(200, {"id": "b1", member: value}))
    assert not change.shows(thing, thing.seen)
    assert not change.shows(thing, answer(403, {"id": "b1", member: value}))


@pytest.mark.parametrize(
    "members",
    [
        {"id": {"type": "string", "format": "uuid"}},
        {"hidden": {"type": "boolean"}},
        {"count": {"type": "integer", "readOnly": True}},
        {"state": {"enum": ["open"]}},
    ],
)
def test_what_is_not_shown_or_can_be_nothing_else_is_left_alone(
    thing: Thing, members: dict[str, Any]
) -> None:
    assert list(changes(thing, patched(thing, members), thing.seen)) == []


def test_the_same_member_is_changed_again_to_something_else(thing: Thing, answer: Shown) -> None:
    surface = patched(thing, {"done": {"type": "boolean"}, "count": {"type": "integer"}})
    _, change = changes(thing, surface, thing.seen)
    shown = answer(200, {"id": "b1", "count": change.value, "done": False})
    other = again(thing, surface, shown, change)
    assert other is not None
    assert (other.member, other.value) == ("count", change.value + 1)
