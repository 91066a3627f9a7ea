from __future__ import annotations

import time
from datetime import date, datetime
from typing import Any

import msgspec
import pytest

from l7audit.assess.assess import assess, day_of
from l7audit.assess.results import Results
from l7audit.journal import CheckEnded, Skipped
from l7audit.model import GatePolicy, Severity, Verdict, Waiver

FAIL = Verdict.FAIL
LAST_DAY = date(2026, 9, 21)


def run(story: Any, waivers: list[Waiver], today: date = LAST_DAY, **more: Any) -> Results:
    """One failed high control with the findings f1 and f2, and eleven that pass."""
    told = story(waivers=waivers).control("AA-01", Severity.HIGH, checks=2)
    told.check("AA-01", FAIL, finding="f1").check("AA-01", FAIL, number=2, finding="f2")
    for number in range(1, 12):
        told.control(f"BB-{number:02}").check(f"BB-{number:02}")
    return assess(told.end(**more), today)


def changed(waiver: Waiver, **fields: Any) -> Waiver:
    return msgspec.structs.replace(waiver, **fields)


def test_a_valid_waiver_keeps_the_failure_visible_and_opens_the_gate(
    story: Any, waiver: Waiver
) -> None:
    found = run(story, [waiver])
    control = found.controls[0]
    assert control.verdict == FAIL
    assert control.waiver == found.waivers[0]
    assert found.waivers[0].state == "applied"
    assert all(f.waived for f in control.findings)
    assert found.score < found.score_with_waivers == 100.0
    assert found.gate.decision == "passed"
    assert found.gate.reason.startswith("Passed with 1 waived failure (AA-01): the score of 100.0")


def test_a_waiver_never_changes_the_unwaived_score(story: Any, waiver: Waiver) -> None:
    assert run(story, [waiver]).score == run(story, []).score


def test_a_waiver_counts_on_the_day_on_which_it_expires(story: Any, waiver: Waiver) -> None:
    assert run(story, [waiver], LAST_DAY).waivers[0].state == "applied"


def test_a_waiver_is_expired_the_day_after(story: Any, waiver: Waiver) -> None:
    found = run(story, [waiver], date(2026, 9, 22))
    assert found.waivers[0].state == "expired"
    assert found.controls[0].waiver is None
    assert (found.gate.decision, found.gate.exit_code) == ("waivers", 7)
    assert found.gate.reason == ("The waiver of AA-01: It expired at the end of 2026-09-21 (UTC).")


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"control": "ZZ-99"}, "No control is called ZZ-99."),
        ({"expires": "2026-02-30"}, "2026-02-30 is not a date."),
        ({"owner": "  "}, "A waiver needs an owner and a reason."),
    ],
)
def test_an_invalid_waiver_stops_the_gate(
    story: Any, waiver: Waiver, fields: dict[str, str], detail: str
) -> None:
    found = run(story, [changed(waiver, **fields)])
    assert (found.waivers[0].state, found.waivers[0].detail) == ("invalid", detail)
    assert found.gate.exit_code == 7


def test_a_waiver_of_one_finding_does_not_cover_another(story: Any, waiver: Waiver) -> None:
    found = run(story, [changed(waiver, fingerprint="f1")])
    assert [f.waived for f in found.controls[0].findings] == [True, False]
    assert found.controls[0].waiver is None
    assert found.gate.decision == "failed"


def test_waivers_of_every_finding_cover_the_control(story: Any, waiver: Waiver) -> None:
    both = [changed(waiver, fingerprint="f1"), changed(waiver, fingerprint="f2")]
    assert run(story, both).gate.decision == "passed"


def test_a_waiver_of_another_finding_is_unused(story: Any, waiver: Waiver) -> None:
    found = run(story, [changed(waiver, fingerprint="f9")])
    assert found.waivers[0].state == "unused"
    assert found.gate.decision == "failed"


def test_a_waiver_of_a_control_that_passed_is_unused_and_harmless(
    story: Any, waiver: Waiver
) -> None:
    found = run(story, [waiver, changed(waiver, control="BB-01")])
    assert found.waivers[1].state == "unused"
    assert found.waivers[1].detail == "The control did not fail: pass."
    assert found.gate.decision == "passed"


def test_a_waiver_of_a_control_that_is_out_of_scope_is_unused(story: Any, waiver: Waiver) -> None:
    told = story(waivers=[changed(waiver, control="CC-01")]).control("AA-01").check("AA-01")
    told.out_of_scope.append(Skipped(control="CC-01", reason="It needs faults."))
    found = assess(told.end(), LAST_DAY)
    assert found.waivers[0].state == "unused"
    assert found.waivers[0].detail == "The control is not part of this run."


def test_a_waiver_does_not_cover_a_check_without_an_answer(story: Any, waiver: Waiver) -> None:
    told = story(waivers=[waiver]).control("AA-01", Severity.HIGH, checks=2)
    told.check("AA-01", FAIL, finding="f1").check("AA-01", Verdict.ERROR, number=2)
    found = assess(told.control("BB-01").check("BB-01").end(), LAST_DAY)
    assert found.controls[0].waiver is None
    assert found.gate.decision == "failed"


def test_a_waiver_of_a_finding_does_not_cover_a_check_that_failed_without_saying_where(
    story: Any, waiver: Waiver
) -> None:
    told = story(waivers=[changed(waiver, fingerprint="f1")])
    told.control("AA-01", Severity.HIGH, checks=2).check("AA-01", FAIL, finding="f1")
    told.add(CheckEnded(check="AA-01::2", control="AA-01", verdict=FAIL, reason="It broke."))
    found = assess(told.control("BB-01").check("BB-01").end(), LAST_DAY)
    assert found.waivers[0].state == "applied"
    assert found.controls[0].waiver is None
    assert found.gate.decision == "failed"


@pytest.mark.parametrize(
    ("second", "state"),
    [
        ("2026-09-21T00:00:00", "applied"),
        ("2026-09-21T23:59:59", "applied"),
        ("2026-09-22T00:00:00", "expired"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_last_day_ends_at_midnight_utc_wherever_the_machine_stands(
    story: Any, waiver: Waiver, second: str, state: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        began = datetime.fromisoformat(f"{second}+00:00").timestamp()
        records = story(waivers=[waiver]).control("AA-01").check("AA-01", FAIL).end()
        records[0] = msgspec.structs.replace(records[0], time=began)
        assert assess(records, day_of(records[0])).waivers[0].state == state
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_waiver_does_not_count_before_its_first_day(story: Any, waiver: Waiver) -> None:
    later = changed(waiver, since="2026-09-22", expires="2026-10-01")
    found = run(story, [later])
    assert (found.waivers[0].state, found.waivers[0].detail) == (
        "unused",
        "It begins on 2026-09-22 (UTC).",
    )
    assert found.gate.decision == "failed"
    assert run(story, [later], date(2026, 9, 22)).waivers[0].state == "applied"


@pytest.mark.parametrize(
    ("since", "expires", "detail"),
    [
        (None, "2026-10-21", ""),
        (None, "2026-10-22", "It holds 31 days from this day; the profile allows 30."),
        ("2026-09-01", "2026-10-01", ""),
        ("2026-09-01", "2026-10-02", "It holds 31 days from 2026-09-01; the profile allows 30."),
        ("2026-09-21", "2026-09-20", "It begins on 2026-09-21, after it expired."),
        ("2026-02-30", "2026-10-01", "2026-02-30 is not a date."),
    ],
)
def test_a_waiver_may_not_live_longer_than_the_profile_allows(
    story: Any, waiver: Waiver, since: str | None, expires: str, detail: str
) -> None:
    told = story(waivers=[changed(waiver, since=since, expires=expires)])
    told.plan["gate"] = GatePolicy(maximum_waiver_days=30)
    found = assess(told.control("AA-01").check("AA-01", FAIL).end(), LAST_DAY)
    assert found.waivers[0].detail == detail
    assert found.waivers[0].state == ("invalid" if detail else "applied")
    assert (found.gate.exit_code == 7) is bool(detail)


def test_where_waivers_are_not_accepted_they_are_reported_and_open_nothing(
    story: Any, waiver: Waiver
) -> None:
    told = story(waivers=[waiver], gate=GatePolicy(minimum_score=0, accept_waivers=False))
    found = assess(told.control("AA-01", Severity.HIGH).check("AA-01", FAIL).end(), LAST_DAY)
    assert found.controls[0].waiver is not None
    assert found.gate.decision == "failed"


@pytest.mark.parametrize("verdict", [Verdict.ERROR, Verdict.INCONCLUSIVE])
def test_breaking_the_check_of_an_unwaived_finding_does_not_complete_a_waiver(
    story: Any, waiver: Waiver, verdict: Verdict
) -> None:
    def told(second: Verdict) -> Results:
        run = story(waivers=[changed(waiver, fingerprint="f1")])
        run.control("AA-01", Severity.LOW, checks=2).check("AA-01", FAIL, finding="f1")
        run.check("AA-01", second, number=2, finding="f2" if second == FAIL else "")
        return assess(run.control("BB-01").check("BB-01").end(), LAST_DAY)

    whole, broken = told(FAIL), told(verdict)
    assert broken.score_with_waivers <= whole.score_with_waivers
    assert broken.gate.exit_code != 0
