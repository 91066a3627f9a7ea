"""What is wrong with waivers is said before a gate rests on them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from l7audit.assess.assess import assess
from l7audit.assess.results import Results
from l7audit.assess.waiver_lint import LONG, SOON, lint
from l7audit.model import Verdict, Waiver

TODAY = date(2026, 9, 21)
KNOWN = {"AA-01", "AA-02", "AA-03"}


def waiver(control: str = "AA-01", *, days: int = 60, **more: Any) -> Waiver:
    fields = {
        "control": control,
        "owner": "ann",
        "reason": "It is replaced in autumn.",
        "expires": (TODAY + timedelta(days=days)).isoformat(),
        "fingerprint": f"fp-{control}",
    }
    return Waiver(**{**fields, **more})


@pytest.fixture
def run(story: Any) -> Results:
    """AA-01 failed with one finding, AA-02 passed, AA-03 is not part of it."""
    told = story().control("AA-01").control("AA-02")
    told.check("AA-01", Verdict.FAIL, finding="fp-AA-01").check("AA-02")
    return assess(told.end(), TODAY)


def said(*waivers: Waiver, **more: Any) -> list[tuple[bool, str]]:
    return [(c.grave, c.sentence) for c in lint(waivers, KNOWN, TODAY, **more)]


def test_a_sound_waiver_of_one_finding_is_not_talked_about(run: Results) -> None:
    assert said(waiver(), run=run) == []


def test_a_control_that_nobody_knows_is_an_error() -> None:
    assert said(waiver("ZZ-99")) == [(True, "No control is called ZZ-99.")]


@pytest.mark.parametrize(("days", "wrong"), [(-1, True), (0, False)])
def test_a_waiver_is_expired_from_the_day_after_its_last(days: int, wrong: bool) -> None:
    ((grave, sentence),) = said(waiver(days=days))
    assert grave is wrong
    assert sentence.startswith("It expired at the end of" if wrong else "It expires at the end of")


@pytest.mark.parametrize(("days", "warned"), [(SOON, True), (SOON + 1, False)])
def test_a_waiver_that_ends_soon_is_a_warning(days: int, warned: bool) -> None:
    assert bool(said(waiver(days=days))) is warned


@pytest.mark.parametrize(("days", "wrong"), [(90, False), (91, True)])
def test_the_policys_longest_life_is_counted_from_today_without_a_beginning(
    days: int, wrong: bool
) -> None:
    found = said(waiver(days=days), maximum_days=90)
    assert found == ([(True, "It holds 91 days from this day; the profile allows 90.")] * wrong)


def test_the_policys_longest_life_is_counted_from_the_beginning_where_one_is_written() -> None:
    ((grave, sentence),) = said(waiver(days=30, since="2026-06-01"), maximum_days=90)
    assert (grave, sentence[:17]) == (True, "It holds 142 days")


@pytest.mark.parametrize(("days", "warned"), [(LONG, False), (LONG + 1, True)])
def test_without_a_policy_a_very_long_life_is_a_warning(days: int, warned: bool) -> None:
    assert [grave for grave, _ in said(waiver(days=days))] == [False] * warned


def test_a_waiver_below_one_that_covers_it_is_an_error() -> None:
    whole = waiver(fingerprint="")
    assert (True, "A waiver above it covers the whole control already.") in said(whole, waiver())
    assert said(waiver(), waiver()) == [(True, "A waiver above it covers the same already.")]


def test_a_whole_control_is_too_broad_and_the_findings_are_named(run: Results) -> None:
    ((grave, sentence),) = said(waiver(fingerprint=""), run=run)
    assert not grave
    assert sentence.endswith("name the finding: fp-AA-01.")


def test_a_whole_control_is_too_broad_without_a_run_as_well() -> None:
    ((grave, sentence),) = said(waiver(fingerprint=""))
    assert not grave
    assert "add a finding's fingerprint" in sentence


def test_an_area_of_which_nothing_is_left_is_said_at_its_last_waiver() -> None:
    known = {"AA-01", "AA-02", "BB-01"}
    some = [waiver("AA-02", fingerprint=""), waiver("BB-01"), waiver("AA-01", fingerprint="")]
    found = [(c.index, c.sentence) for c in lint(some, known, TODAY)]
    assert (2, "With it the whole area AA is waived.") in found
    assert [s for _, s in found if "BB" in s] == []
    assert not any("whole area" in c.sentence for c in lint(some[:2], known, TODAY))


@pytest.mark.parametrize(
    ("unused", "why"),
    [
        (waiver("AA-02"), "AA-02 came to pass in run run-1"),
        (waiver("AA-03"), "run run-1 did not plan AA-03"),
        (waiver(fingerprint="gone"), "run run-1 has no finding gone"),
    ],
)
def test_what_covers_nothing_of_the_run_is_unused(run: Results, unused: Waiver, why: str) -> None:
    assert said(unused, run=run) == [(False, f"It is unused: {why}.")]


def test_complaints_name_their_waiver() -> None:
    found = lint([waiver(), waiver("ZZ-99"), waiver("AA-02", days=-1)], KNOWN, TODAY)
    assert [(c.index, c.grave) for c in found] == [(1, True), (2, True)]
