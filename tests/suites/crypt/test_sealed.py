from __future__ import annotations

from typing import Any

from l7audit_suites.crypt.sealed import changes, opaque, stays


def row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"0000000{number}-0000-4000-8000-000000000000",
        "owner": "00000009-0000-4000-8000-000000000000",
        "name": f"a-name-that-is-long-enough-{number}",
        "note": f"a text of several words, of row {number}",
        "at": f"2026-11-28T07:00:0{number}.000000+00:00",
        "tier": "enterprise-and-more-than-that",
        "count": number,
        "sealed": f"k1:{number}f00ff00ff00ff00ff00ff00ff",
        **more,
    }


ROWS = [row(1), row(2)]


def test_what_no_answer_shows_and_nobody_can_read_is_what_was_sealed() -> None:
    assert opaque(ROWS, [f'{{"name":"{r["name"]}"}}' for r in ROWS]) == ["sealed"]
    assert opaque(ROWS, [r["name"] + r["sealed"] for r in ROWS]) == []


def test_rows_that_hold_the_same_as_before_are_counted() -> None:
    new = row(2, sealed="k2:af00ff00ff00ff00ff00ff00ff")
    assert stays(ROWS, [ROWS[0], new, row(3)], ["sealed"]) == 1
    assert stays(ROWS, [new], ["sealed"]) == 0
    assert stays([row(1, sealed=None)], [row(1, sealed=None)], ["sealed"]) == 0


def test_only_what_differs_is_put_back_and_no_moment() -> None:
    after = row(1, sealed="k2:0", at="2026-11-28T08:00:00+00:00", count=7)
    assert changes(ROWS[0], after) == {"sealed": ROWS[0]["sealed"], "count": 1}
