"""The one-screen summary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from l7audit.assess.results import BaselineResult, Results, TargetResult, WaiverResult
from l7audit.cli import summary
from l7audit.cli.terminal import Terminal
from l7audit.exits import Exit
from l7audit.journal import Skipped
from l7audit.model import Authorisation, Safety, Severity, Verdict
from l7audit.rendering import Outcome


def shown(outcome: Outcome, capsys: pytest.CaptureFixture[str], *, quiet: bool = False) -> str:
    summary.show(Terminal(quiet=quiet), outcome)
    return capsys.readouterr().out


def changed(outcome: Outcome, **fields: Any) -> Outcome:
    results: Results = msgspec.structs.replace(outcome.results, **fields)
    return Outcome(outcome.folder, results, outcome.files, outcome.exit)


def promise(name: str, outcome: str) -> TargetResult:
    return TargetResult(
        id=name,
        statement="s",
        section="s",
        unit="ms",
        bound="< 200 ms",
        outcome=outcome,  # type: ignore[arg-type]
        value=1.0,
        interval=None,
        sample=3,
        reason=f"{name} was measured.",
    )


def test_a_clean_run_shows_score_arithmetic_coverage_areas_report_and_gate(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told = story({"AA-01": Verdict.PASS, "BB-01": Verdict.PASS})
    out = shown(told.outcome_in(tmp_path), capsys)
    assert "Score      100.0 of 100, no waivers" in out
    assert "15 passed weight ÷ 15 planned weight = 100.0" in out
    assert "Coverage   100 % (15 of 15 planned weight was decided)" in out
    assert "Areas      AA 100.0 (1/1)   BB 100.0 (1/1)" in out
    assert f"Report     {tmp_path / 'report.html'}" in out
    assert "Gate       PASSED: " in out
    assert "Failed" not in out


def test_coverage_is_rounded_down_as_the_gate_and_the_report_do(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told = story({"AA-01": Verdict.PASS})
    outcome = changed(told.outcome_in(tmp_path), coverage=0.99674)
    assert "Coverage   99.6 % (" in shown(outcome, capsys)


def test_an_area_counts_only_what_applies_to_the_target(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    verdicts = {"AA-01": Verdict.PASS, "AA-02": Verdict.NOT_APPLICABLE}
    verdicts |= {"BB-01": Verdict.NOT_APPLICABLE}
    out = shown(story(verdicts).outcome_in(tmp_path), capsys)
    assert "Areas      AA 100.0 (1/1, 1 n/a)   BB n/a" in out


def test_failures_come_with_one_sentence_each_the_worst_first(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told = story({"AA-01": Verdict.FAIL, "AA-02": Verdict.FAIL, "AA-03": Verdict.INCONCLUSIVE})
    outcome = told.outcome_in(tmp_path)
    controls = [
        msgspec.structs.replace(c, severity=Severity.CRITICAL) if c.id == "AA-02" else c
        for c in outcome.results.controls
    ]
    out = shown(changed(outcome, controls=controls), capsys)
    assert "Failed     AA-02  critical  GET /things: AA-02 was seen to break.\n" in out
    assert out.index("AA-02  critical") < out.index("AA-01  high")
    assert "Undecided  inconclusive AA-03  AA-03 is inconclusive." in out
    assert "Gate       FAILED: AA-01 failed" in out


def test_it_stays_on_one_screen_however_much_went_wrong(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    verdicts = {f"AA-{n:02}": Verdict.FAIL for n in range(1, 50)}
    verdicts |= {f"BB-{n:02}": Verdict.ERROR for n in range(1, 50)}
    out = shown(story(verdicts).outcome_in(tmp_path), capsys)
    assert out.count("\n") <= 45
    assert out.count("and 37 more: see the report") == 2


def test_waivers_show_both_scores_and_until_when(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    outcome = story({"AA-01": Verdict.PASS}).outcome_in(tmp_path)
    arithmetic = msgspec.structs.replace(outcome.results.arithmetic, waived_weight=5.0)
    out = shown(changed(outcome, arithmetic=arithmetic, score=50.0), capsys)
    assert "Score      50.0 of 100, 100.0 with waivers" in out


def test_waivers_are_counted_by_what_became_of_them(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def waiver(control: str, state: Any, expires: str) -> WaiverResult:
        return WaiverResult(
            control=control,
            owner="ann",
            reason="Until the move.",
            expires=expires,
            fingerprint="",
            state=state,
            detail="",
        )

    waivers = [
        waiver("AA-01", "applied", "2026-12-01"),
        waiver("AA-02", "applied", "2026-11-01"),
        waiver("AA-03", "unused", "2026-10-01"),
    ]
    out = shown(
        changed(story({"AA-01": Verdict.PASS}).outcome_in(tmp_path), waivers=waivers), capsys
    )
    assert "Waivers    2 applied, 1 unused (the first until 2026-11-01: AA-02)\n" in out


def test_a_baseline_is_one_line_of_counts(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    met = BaselineResult(
        run="r0",
        new=["f1", "f2"],
        fixed=["f3"],
        unchanged=["f4", "f5"],
        not_retested=["f6"],
        worse=["f4"],
        started="2026-09-01T00:00:00+00:00",
    )
    out = shown(changed(story({"AA-01": Verdict.PASS}).outcome_in(tmp_path), baseline=met), capsys)
    assert (
        "Baseline   2 new findings, 1 fixed, 2 unchanged (1 of them more severe now), "
        "1 not tested again since 2026-09-01 (run r0)\n"
    ) in out


def test_documented_targets_are_met_missed_or_not_demonstrated(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    targets = [promise("up", "met"), promise("p95", "missed"), promise("rto", "not_demonstrated")]
    out = shown(
        changed(story({"AA-01": Verdict.PASS}).outcome_in(tmp_path), targets=targets), capsys
    )
    assert "Targets    1 met, 1 missed, 1 not demonstrated" in out
    assert "met: up (< 200 ms)" in out
    assert "missed: p95 (< 200 ms): p95 was measured." in out
    assert "not demonstrated: rto" in out


def test_what_was_left_out_is_named_by_reason(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    skipped = [Skipped(control=f"ZZ-{n:02}", reason="It needs backups.") for n in range(1, 9)]
    out = shown(story({"AA-01": Verdict.PASS}, skipped).outcome_in(tmp_path), capsys)
    named = "ZZ-01, ZZ-02, ZZ-03, ZZ-04, ZZ-05, ZZ-06 and 2 more"
    assert f"Left out   {named}: It needs backups." in out


def test_an_interrupted_run_says_how_to_go_on(
    story: Any,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = story({"AA-01": Verdict.PASS}, outcome="interrupted").outcome_in(tmp_path / "run")
    out = shown(outcome, capsys)
    assert outcome.exit is Exit.INTERRUPTED
    assert "Gate       NOT TRUSTED: The run was interrupted." in out
    assert "Go on      l7audit run --resume run\n" in out


def test_quiet_leaves_the_report_and_the_decision(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = shown(story({"AA-01": Verdict.PASS}).outcome_in(tmp_path), capsys, quiet=True)
    assert [line.split()[0] for line in out.splitlines()] == ["Report", "Gate"]


def test_a_hostile_target_cannot_write_to_the_terminal(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    outcome = story({"AA-01": Verdict.FAIL}).outcome_in(tmp_path)
    controls = [
        msgspec.structs.replace(c, reason="\x1b[2J\r[red]gone[/red]\nGate  PASSED")
        for c in outcome.results.controls
    ]
    out = shown(changed(outcome, controls=controls), capsys)
    assert "\x1b" not in out
    assert "\r" not in out
    assert "[red]gone[/red] Gate PASSED" in out


def test_a_proof_says_how_many_are_proven_and_names_each_gap(
    story: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    outcome = story({"AA-01": Verdict.PASS, "AA-02": Verdict.PASS}).outcome_in(tmp_path)
    first, second = outcome.results.controls
    states = [("proven", []), ("gap", ["a.open: It was not run."])]
    controls = [
        msgspec.structs.replace(c, proof=msgspec.structs.replace(c.proof, state=state, gaps=gaps))
        for c, (state, gaps) in zip([first, second], states, strict=True)
    ]
    summary.show_proof(Terminal(), changed(outcome, controls=controls))
    out = capsys.readouterr().out
    assert "Proof      1 of 2 controls proven to fail when they should" in out
    assert "Gaps       AA-02  a.open: It was not run." in out


def test_it_repeats_who_allowed_it_and_says_what_held_it_back_and_what_stayed(
    story: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stated = Authorisation(
        by="Ann, owner",
        since="2026-11-01",
        until="2026-12-01",
        origins=["https://api.example.org"],
        levels=[Safety.ACTIVE],
    )
    outcome = changed(
        story({"AA-01": Verdict.PASS}).outcome_in(tmp_path),
        authorisation=stated,
        held_back="The authorisation allows active at most.",
        left_behind=["POST /things: 2 made and not removed"],
        notes=["The document describes 5,200 operations; 5,000 are looked at."],
    )
    said = shown(outcome, capsys)
    assert "Authorised by Ann, owner, 2026-11-01 to 2026-12-01, active at https://api" in said
    assert "Held back  The authorisation allows active at most." in said
    assert "Leftovers  POST /things: 2 made and not removed" in said
    assert "Document   The document describes 5,200 operations" in said
