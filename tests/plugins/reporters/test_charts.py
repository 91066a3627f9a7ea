"""The geometry of a timeline, and the words that stand in for it."""

from __future__ import annotations

from itertools import pairwise

from l7audit.journal import Fault, Timeline
from l7audit_plugins.reporters import charts
from l7audit_plugins.reporters.charts import COLUMNS, MARKS, TIMELINE


def timeline(served: list[int], failed: list[int] | None = None, step: float = 0.5) -> Timeline:
    return Timeline(
        check="c",
        control="FAIL-01",
        name="reads around the fault",
        began=100.0,
        step=step,
        served=served,
        failed=failed or [0] * len(served),
        slowest=[0.25] * len(served),
    )


def fault(at: float, action: str = "kill") -> Fault:
    return Fault(check="c", component="api-1", action=action, time=at)


def test_columns_stand_side_by_side_and_are_as_high_as_what_ended_in_them() -> None:
    drawn = charts.timeline(timeline([10, 5, 0], [0, 5, 0]), [])
    assert drawn is not None
    first, second, third = drawn.columns
    assert first.served == second.served + second.failed > 0
    assert second.served == second.failed
    assert third.served == third.failed == 0
    assert 0 == first.x < second.x < third.x < TIMELINE[0]


def test_one_failure_among_thousands_is_seen() -> None:
    drawn = charts.timeline(timeline([5000] * 3, [0, 1, 0]), [])
    assert drawn is not None
    assert drawn.columns[1].failed >= 1
    assert "1 of 15,001 failed" in drawn.text


def test_many_steps_are_drawn_together_and_none_is_lost() -> None:
    drawn = charts.timeline(timeline([0] * 999 + [7], [0] * 999 + [1]), [])
    assert drawn is not None
    assert len(drawn.columns) <= COLUMNS
    assert drawn.columns[-1].served > 0 < drawn.columns[-1].failed
    assert all(b.x - a.x >= drawn.width for a, b in pairwise(drawn.columns))


def test_faults_are_marked_where_they_fell_and_no_others() -> None:
    faults = [fault(99), fault(101), fault(101.5, "restart"), fault(103)]
    drawn = charts.timeline(timeline([1] * 4), faults)
    assert drawn is not None
    assert [(m.x, m.what) for m in drawn.marks] == [
        (TIMELINE[0] / 2, "api-1 killed"),
        (TIMELINE[0] * 0.75, "api-1 restarted"),
    ]
    assert "api-1 killed after 1.0 s; api-1 restarted after 1.5 s" in drawn.text
    many = charts.timeline(timeline([1] * 4), [fault(101)] * 50)
    assert many is not None
    assert len(many.marks) == MARKS


def test_its_table_tells_it_second_by_second() -> None:
    drawn = charts.timeline(timeline([1, 2, 3], [0, 0, 4]), [])
    assert drawn is not None
    assert [(s.number, s.served, s.failed, s.slowest) for s in drawn.table] == [
        (0, 3, 0, 0.25),
        (1, 3, 4, 0.25),
    ]


def test_nothing_is_drawn_of_nothing() -> None:
    assert charts.timeline(timeline([]), []) is None
    assert charts.timeline(timeline([1], step=0.0), []) is None
