"""A run from profile to reports, on a real service, in real processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from booth.outcomes import Listener, begun, verdicts
from booth.service import Booth
from booth.suite import ANSWERS, FAILS, GUARDED, Suite

from l7audit import journal as journals
from l7audit import plugins as all_plugins
from l7audit import rendering
from l7audit.assess.results import Results
from l7audit.errors import PluginError, UsageError
from l7audit.exits import Exit
from l7audit.folders import JOURNAL, LATEST
from l7audit.history import History, Keeper
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import (
    CheckEnded,
    CheckStarted,
    Records,
    RunEnded,
    RunStarted,
)
from l7audit.model import Safety
from l7audit.rendering import Outcome

MakeSuite = Callable[..., Suite]
Run = Callable[..., Outcome]


def test_a_run_leaves_journal_results_report_and_the_link_to_the_newest(
    booth: Booth, make_suite: MakeSuite, run: Run, listener: Listener, tmp_path: Path
) -> None:
    suite = make_suite({"AA-01": GUARDED, "BB-01": ANSWERS})
    outcome = run(suite.profile(booth), reporters=())
    assert verdicts(outcome.results) == {"AA-01": "pass", "BB-01": "pass"}
    assert (outcome.exit, outcome.results.score) == (Exit.PASSED, 100.0)
    assert outcome.folder.parent == tmp_path / "out"
    assert (tmp_path / "out" / LATEST).resolve() == outcome.folder
    assert {f.name for f in outcome.files} == {"results.json", "report.html"}
    assert all(f.stat().st_size for f in outcome.files)
    records = journals.read(outcome.folder / JOURNAL)
    assert isinstance(records[0], RunStarted)
    assert isinstance(records[-1], RunEnded)
    assert records[0].seed == 7
    assert records[0].checks == {
        "AA-01": ["aa/test_aa.py::test_aa_01"],
        "BB-01": ["bb/test_bb.py::test_bb_01"],
    }
    assert listener.seen == records
    assert booth.key not in (outcome.folder / JOURNAL).read_text()


def test_a_violation_fails_the_gate(booth: Booth, make_suite: MakeSuite, run: Run) -> None:
    booth.weak.add("open")
    suite = make_suite({"AA-01": GUARDED, "AA-02": ANSWERS})
    outcome = run(suite.profile(booth))
    assert outcome.exit is Exit.FAILED
    assert verdicts(outcome.results) == {"AA-01": "fail", "AA-02": "pass"}
    (finding,) = outcome.results.controls[0].findings
    assert finding.place.operation == "GET /things"


def test_reports_are_the_same_from_the_journal_alone(
    booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    profile = make_suite({"AA-01": GUARDED, "AA-02": FAILS}).profile(booth)
    outcome = run(profile, reporters=())
    plugins = all_plugins.load()
    again = rendering.render(outcome.folder / JOURNAL, plugins, tmp_path / "again")
    for file in outcome.files:
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()
    assert again.exit is outcome.exit
    only = rendering.render(outcome.folder / JOURNAL, plugins, tmp_path / "one", ["json"])
    assert [f.name for f in only.files] == ["results.json"]


def test_reports_that_cannot_be_written_are_one_sentence(
    booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    outcome = run(make_suite({"AA-01": GUARDED}).profile(booth))
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"cannot be written to .*/file/in: Not a directory"):
        rendering.render(outcome.folder / JOURNAL, all_plugins.load(), tmp_path / "file" / "in")


class Breaking(Reporter):
    """A third party's reporter with a mistake."""

    name = "breaking"

    def __init__(self, trouble: BaseException | str) -> None:
        self.trouble = trouble

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        if isinstance(self.trouble, BaseException):
            raise self.trouble
        return folder / self.trouble

    @hookimpl
    def l7audit_register_reporter(self) -> Reporter:
        return self


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (ValueError("no\ncolour"), "broke: ValueError: no colour."),
        (SystemExit(0), "broke: SystemExit: 0."),
        ("report.html", "broke: It wrote over report.html, which another had written."),
    ],
)
def test_a_reporter_that_breaks_costs_no_other_report_and_never_turns_the_gate_green(
    trouble: BaseException | str,
    said: str,
    booth: Booth,
    make_suite: MakeSuite,
    run: Run,
    tmp_path: Path,
) -> None:
    outcome = run(make_suite({"AA-01": GUARDED}).profile(booth))
    plugins = all_plugins.load(extra=[Breaking(trouble)])
    with pytest.raises(PluginError) as caught:
        rendering.render(
            outcome.folder / JOURNAL, plugins, tmp_path / "r", ["html", "breaking", "json"]
        )
    assert str(caught.value).startswith(f"The reporter 'breaking' {said} The other reports are")
    assert caught.value.exit is Exit.INTERNAL
    assert {f.name for f in (tmp_path / "r").iterdir()} == {"report.html", "results.json"}


@pytest.mark.parametrize("where", ["select", "profile", "skip"])
def test_a_name_that_nobody_knows_is_refused_before_anything_is_made(
    where: str, booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    suite = make_suite({"AA-01": GUARDED})
    wrong: dict[str, Any] = {"profile": {"select": ["ZZ-99"]}, "skip": {"skip": ["ZZ-99"]}}
    profile = suite.profile(booth, **wrong.get(where, {}))
    with pytest.raises(UsageError, match="There is no control or area 'ZZ-99'"):
        run(profile, select=("ZZ-99",) if where == "select" else ())
    assert not (tmp_path / "out").exists()
    assert booth.seen == []


def test_an_unknown_provider_is_refused_with_the_names_there_are(
    booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    profile = make_suite({"AA-01": GUARDED}).profile(booth)
    target = msgspec.structs.replace(profile.target, provider="moon")
    with pytest.raises(UsageError, match=r"no provider 'moon'\. There are: .*external"):
        run(msgspec.structs.replace(profile, target=target))
    assert not (tmp_path / "out").exists()


def test_selecting_narrows_the_plan(booth: Booth, make_suite: MakeSuite, run: Run) -> None:
    suite = make_suite({"AA-01": GUARDED, "AA-02": FAILS, "BB-01": ANSWERS})
    outcome = run(suite.profile(booth), select=("bb", "AA-01"))
    assert verdicts(outcome.results) == {"AA-01": "pass", "BB-01": "pass"}


def test_what_the_profile_skips_stays_in_the_plan_and_raises_nothing(
    booth: Booth, make_suite: MakeSuite, run: Run, listener: Listener
) -> None:
    suite = make_suite({"AA-01": GUARDED, "AA-02": FAILS})
    outcome = run(suite.profile(booth, skip=["AA-02"]))
    assert verdicts(outcome.results) == {"AA-01": "pass", "AA-02": "inconclusive"}
    assert outcome.results.controls[1].reason == "The profile skips this control."
    assert (outcome.results.score, outcome.exit) == (50.0, Exit.UNTRUSTED)
    assert begun(listener.seen) == ["AA-01"]


def test_what_is_out_of_scope_is_listed_by_name_with_its_reason(
    booth: Booth, make_suite: MakeSuite, run: Run
) -> None:
    fields = {"AA-02": {"needs": ["http", "mint"]}, "AA-03": {"safety": "intrusive"}}
    suite = make_suite({"AA-01": GUARDED, "AA-02": GUARDED, "AA-03": GUARDED}, fields=fields)
    outcome = run(suite.profile(booth))
    assert verdicts(outcome.results) == {"AA-01": "pass"}
    assert [(o.control, o.title) for o in outcome.results.out_of_scope] == [
        ("AA-02", "Title of AA-02"),
        ("AA-03", "Title of AA-03"),
    ]
    reasons = [o.reason for o in outcome.results.out_of_scope]
    assert "needs mint, which the provider 'external' does not grant" in reasons[0]
    assert "is intrusive; the profile allows active at most" in reasons[1]
    assert verdicts(run(suite.profile(booth, safety=Safety.INTRUSIVE)).results).keys() == {
        "AA-01", "AA-03",
    }  # fmt: skip


def test_nothing_that_can_be_tested_is_nothing_assessed(
    booth: Booth, make_suite: MakeSuite, run: Run
) -> None:
    suite = make_suite({"AA-01": GUARDED}, fields={"AA-01": {"needs": ["mint"]}})
    assert run(suite.profile(booth)).exit is Exit.NOTHING_ASSESSED


def test_checks_that_disturb_others_run_after_them_and_the_gentlest_first(
    booth: Booth, make_suite: MakeSuite, run: Run, listener: Listener
) -> None:
    fields = {
        "AA-01": {"alone": True, "safety": "intrusive"},
        "AA-02": {"alone": True},
    }
    checks = {"AA-01": GUARDED, "AA-02": GUARDED, "AA-03": GUARDED, "BB-01": ANSWERS}
    suite = make_suite(checks, fields=fields)
    run(suite.profile(booth, safety=Safety.DISRUPTIVE))
    told = [
        (r.control, isinstance(r, CheckEnded))
        for r in listener.seen
        if isinstance(r, CheckStarted | CheckEnded)
    ]
    assert told[4:] == [("AA-02", False), ("AA-02", True), ("AA-01", False), ("AA-01", True)]


def test_a_run_is_kept_and_the_next_one_carries_the_trend(
    booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    kept = History(tmp_path / "history.sqlite3")
    profile = make_suite({"AA-01": GUARDED, "AA-02": ANSWERS}).profile(booth)
    assert run(profile, history=Keeper(kept)).results.history == []
    run(profile, history=Keeper(kept), select=("AA-01",))
    booth.weak.add("open")
    second = run(profile, history=Keeper(kept))
    assert [(p.score, p.decision) for p in second.results.history] == [(100.0, "passed")]
    third = run(profile, history=Keeper(kept))
    assert [p.score for p in third.results.history] == [100.0, 50.0]
    assert [r.selected for r in kept.runs()] == ["", "AA-01", "", ""]
    assert kept.runs()[-1].folder == str(third.folder)
    rendered = rendering.render(third.folder / JOURNAL, all_plugins.load(), tmp_path / "again")
    assert rendered.results == third.results


def test_a_history_that_cannot_be_used_costs_the_run_nothing(
    booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "history.sqlite3").write_bytes(b"no database" * 100)
    keeper = Keeper(History(tmp_path / "history.sqlite3"))
    outcome = run(make_suite({"AA-01": GUARDED}).profile(booth), history=keeper)
    assert (outcome.exit, outcome.results.history) == (Exit.PASSED, [])
    (trouble,) = keeper.troubles
    assert "is damaged" in trouble
