"""Families: operations that are about one kind of thing."""

from __future__ import annotations

from l7audit.target.target_model import TargetModel
from l7audit_suites.authz.families import families, seen_families


def test_things_that_can_be_made_seen_and_removed_are_families_nested_ones_last(
    model: TargetModel,
) -> None:
    assert [f.collection for f in families(model)] == [
        "/blobs",
        "/boards",
        "/boards/{boardId}/cards",
    ]


def test_a_family_knows_its_operations(model: TargetModel) -> None:
    blobs, boards, cards = families(model)
    assert blobs.create is None
    assert str(blobs.maker and blobs.maker.place()) == "PUT /blobs/{name}"
    assert str(boards.maker and boards.maker.place()) == "POST /boards"
    assert str(boards.change and boards.change.place()) == "PATCH /boards/{boardId}"
    assert [str(s.place()) for s in boards.below] == ["POST /boards/{boardId}/archive"]
    assert (boards.key, boards.called, boards.nested) == ("boardId", ("board",), False)
    assert (cards.key, cards.parent, cards.nested) == ("cardId", "/boards", True)


def test_what_nobody_can_make_is_a_family_too_where_it_can_be_looked_at(
    model: TargetModel,
) -> None:
    found = {f.collection: f for f in seen_families(model)}
    assert set(found) == {"/blobs", "/boards", "/boards/{boardId}/cards", "/prices"}
    assert found["/prices"].maker is None
    assert [str(s.place()) for s in found["/boards"].views] == ["GET /boards/{boardId}/cards"]
