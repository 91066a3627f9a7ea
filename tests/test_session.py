"""A run from profile to reports, on a real service, in real processes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from booth.service import Booth
from booth.suite import ANSWERS, FAILS, GUARDED, WITNESS, Suite

from l7audit import folders, rendering, session
from l7audit import journal as journals
from l7audit import plugins as all_plugins
from l7audit.assess.results import Results
from l7audit.errors import AuditError, JournalError, PluginError, ProviderError, UsageError
from l7audit.exits import Exit
from l7audit.folders import JOURNAL, LATEST
from l7audit.history import History, Keeper
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import (
    AnyRecord,
    CheckEnded,
    CheckStarted,
    Records,
    RunEnded,
    RunResumed,
    RunStarted,
)
from l7audit.model import GatePolicy, Safety
from l7audit.profile import Budget, Profile
from l7audit.rendering import Outcome
from l7audit.session import Options

MakeSuite = Callable[..., Suite]
Run = Callable[..., Outcome]


DEFAULTS = {"jobs": 2, "seed": 7, "reporters": ("json",)}


class Listener:
    """Keeps the records that it is shown."""

    def __init__(self) -> None:
        self.seen: list[AnyRecord] = []

    @hookimpl
    def l7audit_observe_record(self, record: AnyRecord) -> None:
        self.seen.append(record)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def run(tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a profile into `tmp_path/out`; only `results.json` and no other suites, to be quick."""
    monkeypatch.setattr(
        all_plugins, "BUILT_IN", [n for n in all_plugins.BUILT_IN if n != "l7audit_suites"]
    )

    def go(profile: Profile, **options: Any) -> Outcome:
        plugins = all_plugins.load(extra=[listener])
        wanted = Options(**(DEFAULTS | {"out": tmp_path / "out"} | options))
        try:
            return session.run(profile, plugins, wanted, lambda _: None)
        finally:
            plugins.manager.unregister(listener)

    return go


def verdicts(results: Results) -> dict[str, str]:
    return {c.id: str(c.verdict) for c in results.controls}


def begun(records: list[AnyRecord]) -> list[str]:
    """The controls whose checks began, in order."""
    return [r.control for r in journals.of_type(records, CheckStarted)]


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


# --- bad days -------------------------------------------------------------------------------------


def test_an_unreachable_target_is_one_sentence_and_leaves_no_verdict(
    booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    suite = make_suite({"AA-01": GUARDED})
    booth.die()
    with pytest.raises(ProviderError, match="cannot be reached: nothing listens") as error:
        run(suite.profile(booth))
    assert error.value.exit is Exit.INTERNAL
    assert not list(tmp_path.glob("out/*/results.json"))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"{not json: [", "OpenAPI"),
        (b'{"openapi": "9.9", "paths": {}}', "OpenAPI"),
        (None, "answered 404"),
    ],
)
def test_a_document_that_cannot_be_used_is_one_sentence(
    document: bytes | None, said: str, booth: Booth, make_suite: MakeSuite, run: Run
) -> None:
    suite = make_suite({"AA-01": GUARDED})
    profile = suite.profile(booth)
    if document is None:
        target = msgspec.structs.replace(profile.target, openapi=f"{booth.url}/nowhere.json")
        profile = msgspec.structs.replace(profile, target=target)
    else:
        booth.document = document
    with pytest.raises(ProviderError, match=said):
        run(profile)
    assert booth.count("/things") == 0


def test_a_malformed_hint_is_one_sentence(booth: Booth, make_suite: MakeSuite, run: Run) -> None:
    profile = make_suite({"AA-01": GUARDED}).profile(booth)
    target = msgspec.structs.replace(profile.target, hints={"login": "nowhere at all"})
    with pytest.raises(UsageError, match="login"):
        run(msgspec.structs.replace(profile, target=target))


def test_a_target_that_dies_half_way_leaves_no_false_pass(
    booth: Booth, make_suite: MakeSuite, run: Run, listener: Listener
) -> None:
    suite = make_suite({f"AA-0{n}": GUARDED for n in range(1, 10)})
    booth.lives_for = 2 + 4 + 3 + 2  # being there and the document, manners, one check, a bit
    outcome = run(suite.profile(booth), jobs=1)
    found = verdicts(outcome.results)
    assert found.pop("AA-01") == "pass"
    assert set(found.values()) == {"inconclusive"}
    assert outcome.exit is Exit.UNTRUSTED
    assert outcome.results.outcome == "broken"
    assert "The target stopped answering." in outcome.results.gate.reason
    assert len(begun(listener.seen)) <= 6  # the first group ends, no further one starts


def test_credentials_that_stop_working_half_way_leave_no_false_pass(
    booth: Booth, make_suite: MakeSuite, run: Run
) -> None:
    suite = make_suite({f"AA-0{n}": GUARDED for n in range(1, 5)})
    booth.good_for = 3
    outcome = run(suite.profile(booth), jobs=1)
    assert verdicts(outcome.results) == {
        "AA-01": "pass", "AA-02": "inconclusive", "AA-03": "inconclusive", "AA-04": "inconclusive",
    }  # fmt: skip
    assert outcome.exit is Exit.UNTRUSTED
    assert "witness did not hold" in outcome.results.controls[1].reason


def test_a_spent_budget_leaves_no_false_pass(booth: Booth, make_suite: MakeSuite, run: Run) -> None:
    suite = make_suite({"AA-01": GUARDED, "AA-02": GUARDED})
    outcome = run(suite.profile(booth, budget=Budget(requests=4)), jobs=1)
    assert verdicts(outcome.results)["AA-02"] == "inconclusive"
    assert outcome.exit is Exit.UNTRUSTED


def test_a_check_that_kills_its_process_costs_only_itself(
    booth: Booth, make_suite: MakeSuite, run: Run
) -> None:
    outcome = run(make_suite({"AA-01": "os._exit(3)", "AA-02": GUARDED}).profile(booth))
    assert verdicts(outcome.results) == {"AA-01": "error", "AA-02": "pass"}
    assert outcome.exit is Exit.UNTRUSTED


def test_a_folder_that_cannot_be_made_is_one_sentence(
    booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"file cannot be written: .* Choose another with --out"):
        run(make_suite({"AA-01": GUARDED}).profile(booth), out=tmp_path / "file")


def test_folders_of_one_second_do_not_meet(tmp_path: Path) -> None:
    made = {folders.new_folder(tmp_path) for _ in range(5)}
    assert len(made) == 5
    assert (tmp_path / LATEST).resolve() in made


def test_many_sessions_may_start_at_once(tmp_path: Path) -> None:
    made: list[Path] = []
    threads = [
        threading.Thread(target=lambda: made.append(folders.new_folder(tmp_path))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8
    assert (tmp_path / LATEST).resolve() in made


# --- going on -------------------------------------------------------------------------------------

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
