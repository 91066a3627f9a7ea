"""Whether a collection hides things, and what lies in it, is seen once a process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.target_model import TargetModel
from l7audit_suites.authz.families import families
from l7audit_suites.authz.people import Cast
from l7audit_suites.authz.sharing import private_to_read
from l7audit_suites.authz.things import Thing, find, opens, refuses

Answered = Callable[..., Answer]
BOARD = {"id": "b-1", "title": "A board of the owner's own"}


@dataclass
class Desk:
    """A check whose target answers by path and caller, and where it is counted."""

    model: TargetModel
    says: Mapping[tuple[str, str], Answer]
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def sessions(self) -> Desk:
        return self

    @property
    def target(self) -> Any:
        return self.model.target

    def auth(self, identity: Identity, surface: object = None) -> Auth:
        return Auth.none()

    def send(self, request: Request, identity: str) -> Answer:
        self.asked.append((request.path, identity))
        return self.says[request.path, identity]


@pytest.fixture
def cast(person: Callable[..., Identity]) -> Cast:
    return Cast(person("owner"), None, person("peer"))


def board(model: TargetModel, cast: Cast, identifier: str, seen: Answer) -> Thing:
    family = next(f for f in families(model) if f.collection == "/boards")
    return Thing(family, cast, cast.owner, {family.key: identifier}, "", seen, seen)


@pytest.mark.parametrize("hidden", [True, False])
def test_what_is_made_in_one_place_is_as_private_as_what_was_made_there_before(
    hidden: bool, model: TargetModel, cast: Cast, answer: Answered
) -> None:
    own = answer(200, [BOARD, {**BOARD, "id": "b-2"}])
    says = {("/boards", "owner"): own, ("/boards", "peer"): answer(200, []) if hidden else own}
    desk: Any = Desk(model, says)
    for identifier in ("b-1", "b-2"):
        thing = board(model, cast, identifier, own)
        assert private_to_read(desk, thing, cast.strangers[0]) is hidden
    assert desk.asked == [("/boards", "owner"), ("/boards", "peer")]


def test_a_listing_that_was_held_back_is_asked_for_again(
    model: TargetModel, cast: Cast, answer: Answered
) -> None:
    own = answer(200, [BOARD])
    desk: Any = Desk(model, {("/boards", "owner"): own, ("/boards", "peer"): answer(429)})
    thing = board(model, cast, "b-1", own)
    assert not private_to_read(desk, thing, cast.strangers[0])
    desk.says = {**desk.says, ("/boards", "peer"): answer(200, [])}
    assert private_to_read(desk, thing, cast.strangers[0])


def test_what_was_found_is_only_looked_at_again(
    model: TargetModel, cast: Cast, answer: Answered
) -> None:
    says = {
        ("/boards", "owner"): answer(200, [BOARD]),
        ("/boards", "peer"): answer(200, []),
        ("/boards/b-1", "owner"): answer(200, BOARD),
    }
    desk: Any = Desk(model, says)
    family = next(f for f in families(model) if f.collection == "/boards")
    first, second = find(desk, family, cast), find(desk, family, cast)
    assert first is not None
    assert second is not None
    assert first.id == second.id == "b-1"
    assert desk.asked[-1] == desk.asked[-2] == ("/boards/b-1", "owner")
    assert len(desk.asked) == 4


def test_where_nothing_was_found_nothing_is_looked_for(
    model: TargetModel, cast: Cast, answer: Answered
) -> None:
    both = answer(200, [BOARD])
    desk: Any = Desk(model, {("/boards", "owner"): both, ("/boards", "peer"): both})
    family = next(f for f in families(model) if f.collection == "/boards")
    assert find(desk, family, cast) is find(desk, family, cast) is None
    assert len(desk.asked) == 2


@pytest.mark.parametrize(("status", "shut"), [(200, False), (403, True)])
def test_whether_a_read_is_open_to_somebody_is_asked_once(
    status: int, shut: bool, model: TargetModel, cast: Cast, answer: Answered
) -> None:
    desk: Any = Desk(model, {("/prices", "owner"): answer(status, [])})
    surface = next(model.surface(o) for o in model.operations if o.template == "/prices")
    for _ in range(2):
        assert refuses(desk, surface, cast.owner) is shut
        assert opens(desk, surface, cast.owner) is not shut
    assert len(desk.asked) == 1


def test_a_read_that_broke_is_asked_again(model: TargetModel, cast: Cast, answer: Answered) -> None:
    desk: Any = Desk(model, {("/prices", "owner"): answer(500)})
    surface = next(model.surface(o) for o in model.operations if o.template == "/prices")
    assert not opens(desk, surface, cast.owner)
    assert not refuses(desk, surface, cast.owner)
    assert len(desk.asked) == 2
