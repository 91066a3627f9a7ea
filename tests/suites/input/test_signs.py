"""What is refused for its signs is refused among more of them."""

from __future__ import annotations

import pytest

from l7audit_suites.input.signs import within


@pytest.mark.parametrize(
    ("refused", "other", "too"),
    [
        ("32*32", "{{32*32}}", True),
        ("32*32", "<%= 32*32 %>", True),
        ("{{32*32}}", "32*32", False),
        ("{{32*32}}", "${32*32} {{1}}", True),
        ("{{32*32}}", "<%= 32*32 %>!", False),
        ("lqlqlqlq", "lq*", False),
    ],
    ids=["braces around", "others around", "fewer signs", "more signs", "others", "shorter"],
)
def test_who_refuses_some_signs_refuses_them_among_more(
    refused: str, other: str, too: bool
) -> None:
    assert within(refused, other) is too
