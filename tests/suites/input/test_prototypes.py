"""What shows that a member reached a prototype."""

from __future__ import annotations

import pytest

from l7audit_suites.input.prototypes import held, ways_out


def test_a_member_is_looked_for_in_each_object_of_an_answer() -> None:
    shown = {"data": [{"id": 1, "odd": "x"}, {"id": 2, "settings": {"odd": "x"}}, {"odd": "y"}]}
    assert held(shown, "odd", "x") == 2


@pytest.mark.parametrize("part", ways_out("odd"))
def test_what_is_only_kept_as_it_was_sent_is_held_by_nobody(part: str) -> None:
    sent = ways_out("odd")[part]("x")
    assert held({"settings": sent}, "odd", "x") == 0
    assert held([{"odd": "x", **sent}], "odd", "x") == 1
