"""What a document calls the caller's own."""

from __future__ import annotations

import pytest

from l7audit.target.operation import Operation
from l7audit.target.surface import Surface
from l7audit_suites.authz.personal import said_own


def surface(template: str, told: str) -> Surface:
    return Surface(Operation("list", "GET", template, told=told), "", {}, "1")


@pytest.mark.parametrize(
    ("template", "told"),
    [("/shelves", "My shelves in a firing"), ("/my/orders", ""), ("/orders", "Lists your orders")],
)
def test_what_is_the_callers_own_is_said_by_small_words(template: str, told: str) -> None:
    assert said_own(surface(template, told))


@pytest.mark.parametrize("told", ["Lists all orders", "The orders of your team", "Mysterious"])
def test_what_several_people_share_is_nobodys_own(told: str) -> None:
    assert not said_own(surface("/orders", told))
