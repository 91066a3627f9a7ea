"""Runs that were cut short and are gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from booth.outcomes import Listener, begun, verdicts
from booth.service import Booth
from booth.suite import ANSWERS, FAILS, GUARDED, WITNESS, Suite

from l7audit import journal as journals
from l7audit.errors import AuditError, JournalError, UsageError
from l7audit.exits import Exit
from l7audit.folders import JOURNAL
from l7audit.history import History, Keeper
from l7audit.journal import (
    CheckEnded,
    RunResumed,
)
from l7audit.model import GatePolicy
from l7audit.profile import Budget, Profile
from l7audit.rendering import Outcome

MakeSuite = Callable[..., Suite]
Run = Callable[..., Outcome]


CHECKS = {"AA-01": GUARDED, "AA-02": FAILS, "AA-03": f"{WITNESS}1 / 0", "BB-01": ANSWERS}


@pytest.fixture
def cut(
    booth: Booth, make_suite: MakeSuite, run: Run
) -> Iterator[Callable[..., tuple[Suite, Profile, Outcome]]]:
    """A whole run whose journal is then cut after the `ends`-th check, as a kill would."""

    def make(ends: int, more: bytes = b"", **profile: Any) -> tuple[Suite, Profile, Outcome]:
        suite = make_suite(CHECKS)
        asked = suite.profile(booth, gate=GatePolicy(), **profile)
        outcome = run(asked, jobs=1)
        path = outcome.folder / JOURNAL
        lines = path.read_bytes().splitlines(keepends=True)
        places = [i for i, r in enumerate(journals.read(path)) if isinstance(r, CheckEnded)]
        kept = lines[: places[ends - 1] + 1] if ends else lines[:1]
        path.write_bytes(b"".join(kept) + more)
        for file in outcome.files:
            file.unlink()
        return suite, asked, outcome

    return make


@pytest.mark.parametrize("ends", [0, 1, 3])
def test_a_run_that_is_gone_on_with_comes_to_the_same_and_runs_only_what_was_left(
    ends: int, cut: Callable[..., Any], run: Run, listener: Listener
) -> None:
    _, profile, whole = cut(ends)
    before = journals.read(whole.folder / JOURNAL)
    listener.seen.clear()
    again = run(profile, resume=whole.folder)
    assert again.folder == whole.folder
    assert verdicts(again.results) == verdicts(whole.results)
    assert (again.exit, again.results.seed) == (whole.exit, whole.results.seed)
    assert isinstance(listener.seen[0], RunResumed)
    decided = {
        r.control for r in journals.of_type(before, CheckEnded) if r.verdict in ("pass", "fail")
    }
    assert len(decided) == min(ends, 2)
    assert set(begun(listener.seen)) == CHECKS.keys() - decided
    assert (again.folder / "results.json").is_file()
    assert journals.read(whole.folder / JOURNAL)[: len(before)] == before


def test_a_journal_that_was_cut_in_the_middle_of_a_line_is_gone_on_with(
    cut: Callable[..., Any], run: Run
) -> None:
    _, profile, whole = cut(2, more=b'{"type":"check_end","check":"aa/te')
    again = run(profile, resume=whole.folder)
    assert verdicts(again.results) == verdicts(whole.results)
    assert b"aa/te{" not in (whole.folder / JOURNAL).read_bytes()


def test_what_the_profile_skips_is_still_skipped_when_the_run_goes_on(
    cut: Callable[..., Any], run: Run, listener: Listener
) -> None:
    _, profile, whole = cut(2, skip=["AA-02"])
    listener.seen.clear()
    again = run(profile, resume=whole.folder)
    assert verdicts(again.results) == verdicts(whole.results)
    assert "AA-02" not in begun(listener.seen)


def test_a_run_that_is_gone_on_with_keeps_its_trend_and_takes_its_own_place(
    booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    kept = History(tmp_path / "history.sqlite3")
    profile = make_suite({"AA-01": GUARDED, "AA-02": FAILS}).profile(booth)
    first, second = (run(profile, history=Keeper(kept)) for _ in range(2))
    journal = second.folder / JOURNAL
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-4]))
    run(profile, history=Keeper(kept))
    again = run(profile, history=Keeper(kept), resume=second.folder)
    assert again.results.outcome == "completed"
    assert [p.run for p in again.results.history] == [first.results.run]
    assert len(kept.runs()) == 3


def test_a_complete_run_is_not_gone_on_with(booth: Booth, make_suite: MakeSuite, run: Run) -> None:
    profile = make_suite({"AA-01": GUARDED}).profile(booth)
    outcome = run(profile)
    with pytest.raises(UsageError, match=r"is complete; .* l7audit report"):
        run(profile, resume=outcome.folder)


def test_a_run_whose_profile_changed_is_not_gone_on_with(cut: Callable[..., Any], run: Run) -> None:
    _, profile, whole = cut(1)
    changed = msgspec.structs.replace(profile, budget=Budget(timeout=3))
    with pytest.raises(UsageError, match=r"the profile changed since it began\. Start a new run"):
        run(changed, resume=whole.folder)


def test_a_run_whose_checks_changed_is_not_gone_on_with(cut: Callable[..., Any], run: Run) -> None:
    suite, profile, whole = cut(1)
    with (suite.folder / "aa" / "test_aa.py").open("a") as file:
        file.write("\n")
    with pytest.raises(UsageError, match="the checks changed since it began"):
        run(profile, resume=whole.folder)


@pytest.mark.parametrize("text", [None, "", "no journal\n", '{"type":"resume","seq":1}\n'])
def test_what_is_no_journal_is_not_gone_on_with(
    text: str | None, booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    profile = make_suite({"AA-01": GUARDED}).profile(booth)
    if text is not None:
        (tmp_path / JOURNAL).write_text(text)
    with pytest.raises(JournalError) as error:
        run(profile, resume=tmp_path)
    assert isinstance(error.value, AuditError)
    assert str(tmp_path / JOURNAL) in str(error.value)


def test_a_broken_run_tries_again_what_was_cut_short(
    booth: Booth, make_suite: MakeSuite, run: Run
) -> None:
    suite = make_suite({"AA-01": GUARDED, "AA-02": GUARDED, "AA-03": GUARDED})
    profile = suite.profile(booth)
    booth.good_for = 3
    first = run(profile, jobs=1)
    assert first.exit is Exit.UNTRUSTED
    # As it is after a kill: the end of the run was not written.
    path = first.folder / JOURNAL
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    booth.good_for = None
    again = run(profile, resume=first.folder)
    assert set(verdicts(again.results).values()) == {"pass"}
    assert again.exit is Exit.PASSED
    assert json.loads((again.folder / "results.json").read_text())["outcome"] == "completed"
