from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from l7audit.assess.assess import DESCRIBED, assess, day_of
from l7audit.journal import (
    Exchange,
    Message,
    Observation,
    ProofCell,
    Record,
    RunEnded,
    RunResumed,
    Skipped,
    StackEvent,
)
from l7audit.model import Verdict

TODAY = date(2026, 9, 21)


def test_a_run_tells_when_it_began_and_ended_and_how_long_it_worked(story: Any) -> None:
    found = assess(story().control("AA-01").check("AA-01").end(), TODAY)
    assert (found.started, found.ended) == (
        "2026-09-21T14:13:21+00:00",
        "2026-09-21T14:13:25+00:00",
    )
    assert (found.seconds, found.outcome) == (3.0, "completed")


def test_the_day_of_a_run_is_the_utc_day_on_which_it_began(story: Any) -> None:
    assert day_of(story().end()[0]) == TODAY


def test_a_run_without_an_end_is_incomplete_and_takes_as_long_as_its_records(story: Any) -> None:
    found = assess(story().control("AA-01").check("AA-01").end(outcome=""), TODAY)
    assert (found.outcome, found.seconds) == ("incomplete", 3.0)
    assert found.gate.decision == "untrusted"


def test_a_resumed_run_has_the_outcome_of_its_last_part(story: Any) -> None:
    cut = story().control("AA-01").add(RunEnded(outcome="interrupted"), RunResumed())
    assert assess(cut.end(outcome=""), TODAY).outcome == "incomplete"
    assert assess(cut.check("AA-01").end(), TODAY).outcome == "completed"


def test_an_ending_that_nobody_knows_is_a_broken_run(story: Any) -> None:
    told = story().control("AA-01").check("AA-01")
    assert assess(told.end(outcome="evaporated"), TODAY).outcome == "broken"


def test_proof_cells_that_were_added_later_do_not_move_the_end(story: Any) -> None:
    told = story(suites_digest="d").control("AA-01", defects=["aa.open"]).check("AA-01")
    told.add(RunEnded(outcome="completed", seconds=1.0))
    for variant, kind, verdict in (
        ("clean", "clean", Verdict.PASS),
        ("aa.open", "defect", Verdict.FAIL),
    ):
        told.add(
            ProofCell(
                control="AA-01",
                variant=variant,
                kind=kind,
                expected=verdict,
                verdict=verdict,
                ok=True,
                suites_digest="d",
            )
        )
    found = assess(told.end(outcome=""), TODAY)
    assert found.ended == "2026-09-21T14:13:25+00:00"
    assert found.controls[0].proof.state == "proven"


def test_what_is_out_of_scope_is_listed_and_never_scored(story: Any) -> None:
    told = story().control("AA-01").check("AA-01")
    told.out_of_scope += [
        Skipped(control="CC-02", reason="It needs faults."),
        Skipped(control="BB-01", reason="It needs logs."),
    ]
    found = assess(told.end(), TODAY)
    assert [(s.control, s.reason) for s in found.out_of_scope] == [
        ("BB-01", "It needs logs."),
        ("CC-02", "It needs faults."),
    ]
    assert (found.score, found.coverage) == (100.0, 1.0)


def test_controls_are_listed_by_id(story: Any) -> None:
    found = assess(story().control("BB-01").control("AA-02").control("AA-01").end(), TODAY)
    assert [c.id for c in found.controls] == ["AA-01", "AA-02", "BB-01"]


def test_a_run_whose_passes_have_no_witness_cannot_be_trusted(story: Any) -> None:
    told = story().control("AA-01").check("AA-01", witness=None).control("AA-02").check("AA-02")
    found = assess(told.end(), TODAY)
    assert (found.gate.decision, found.gate.exit_code) == ("untrusted", 6)
    assert found.gate.reason == "No witness supports the passing checks of AA-01."


EVIDENCE: dict[str, Record | None] = {
    "nothing": None,
    "an exchange": Exchange(
        id="e1", check="AA-01::1", method="GET", url="https://a.test/", request=Message()
    ),
    "an observation": Observation(check="AA-01::1", control="AA-01", statement="It has none."),
    "the target's document": StackEvent(component="target", event=DESCRIBED),
}


@pytest.mark.parametrize("by", EVIDENCE)
def test_what_is_said_not_to_apply_must_have_been_looked_at(story: Any, by: str) -> None:
    told = story().control("AA-01").control("AA-02").check("AA-02")
    seen = EVIDENCE[by]
    if seen is not None:
        told.add(seen)
    told.check("AA-01", Verdict.NOT_APPLICABLE, witness=None)
    found = assess(told.end(), TODAY).controls[0]
    if by == "nothing":
        assert found.verdict == Verdict.INCONCLUSIVE
        assert found.reason == "It was said not to apply, without any evidence."
    else:
        assert found.verdict == Verdict.NOT_APPLICABLE
