"""What is asked for by a number of its own, by everybody."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from l7audit.model import Target
from l7audit.target.target_model import TargetModel
from l7audit_suites.flow.opened import references


def found(target: Target, *public: str) -> set[tuple[str, ...]]:
    """The words of what public reads ask for, in a document of these."""
    paths = {p: {"get": {"responses": {}, "security": []}} for p in public}
    document = {"openapi": "3.0.3", "security": [{"key": []}], "paths": paths}
    check: Any = SimpleNamespace(model=TargetModel.of(json.dumps(document), target))
    return set(references(check))


@pytest.fixture
def target() -> Target:
    return Target(name="t", provider="external", base_url="https://api.example", capabilities=[])


def test_a_number_by_which_everybody_may_ask_is_a_code(target: Target) -> None:
    assert found(target, "/track/{trackingNumber}") == {("tracking", "number")}


@pytest.mark.parametrize(
    "public",
    [
        ("/books/{id}",),
        ("/books/{bookId}",),
        ("/books", "/books/{bookNumber}"),
        ("/shelves/{shelf}/books/{bookNumber}",),
    ],
)
def test_what_is_listed_or_named_by_its_id_alone_is_none(
    target: Target, public: tuple[str, ...]
) -> None:
    assert found(target, *public) == set()
