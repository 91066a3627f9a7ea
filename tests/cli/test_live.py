"""Live progress: a line a control, as soon as its last check has ended and no earlier."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from l7audit.cli.live import Live
from l7audit.cli.terminal import Terminal
from l7audit.journal import CheckEnded, CheckStarted, RunResumed
from l7audit.model import Verdict

Lines = Callable[[], list[str]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What was written since the last look."""
    return lambda: capsys.readouterr().out.splitlines()


def test_each_control_is_a_line_with_verdict_id_title_and_seconds(story: Any, lines: Lines) -> None:
    told = story({f"AA-{n:02}": verdict for n, verdict in enumerate(Verdict, start=1)})
    with Live(Terminal()) as live:
        for record in told.records():
            live.l7audit_observe_record(record)
    assert lines() == [
        "5 controls of https://127.0.0.1:8443, seed 7",
        "pass         AA-01     Title of AA-01  1.0 s",
        "fail         AA-02     Title of AA-02  1.0 s",
        "inconclusive AA-03     Title of AA-03  1.0 s",
        "error        AA-04     Title of AA-04  1.0 s",
        "n/a          AA-05     Title of AA-05  1.0 s",
    ]


def test_a_control_is_shown_when_its_last_check_ends_and_not_before(
    story: Any, lines: Lines
) -> None:
    live = Live(Terminal())
    for record in story({"AA-01": Verdict.PASS}).records():
        before = lines()
        assert not any("AA-01 " in line for line in before)
        live.l7audit_observe_record(record)
        if isinstance(record, CheckEnded) and record.check == "AA-01::two":
            assert any("AA-01 " in line for line in lines())


def test_the_line_says_what_the_assessment_says(story: Any, lines: Lines) -> None:
    told = story({"AA-01": Verdict.PASS})
    live = Live(Terminal())
    for record in told.records():
        if type(record).__name__ != "Witness":  # no witness: its pass means nothing
            live.l7audit_observe_record(record)
    assert lines()[1].startswith("inconclusive AA-01")


def test_a_run_that_goes_on_counts_what_was_decided_and_shows_only_the_rest(
    story: Any, lines: Lines
) -> None:
    verdicts = {"AA-01": Verdict.PASS, "AA-02": Verdict.ERROR, "AA-03": Verdict.PASS}
    earlier = [
        r
        for r in story(verdicts).records()
        if getattr(r, "control", "") != "AA-03" and type(r).__name__ != "RunEnded"
    ]
    again = story({**verdicts, "AA-02": Verdict.FAIL}).records()
    live = Live(Terminal())
    live.remember(earlier)
    assert lines() == []
    live.l7audit_observe_record(RunResumed())
    for record in again[1:]:
        if getattr(record, "check", "").startswith("AA-03") or (
            getattr(record, "check", "") == "AA-02::two"
        ):
            live.l7audit_observe_record(record)
    assert lines() == [
        "3 controls of https://127.0.0.1:8443, seed 7",
        "1 of them were decided before; the run goes on.",
        "fail         AA-02     Title of AA-02  1.0 s",
        "pass         AA-03     Title of AA-03  1.0 s",
    ]


def test_slow_steps_before_the_run_are_said_line_by_line_off_a_terminal(lines: Lines) -> None:
    with Live(Terminal()) as live:
        live.progress("starting PostgreSQL")
        assert lines() == ["starting PostgreSQL"]


def test_quiet_says_nothing(story: Any, lines: Lines) -> None:
    with Live(Terminal(quiet=True)) as live:
        live.progress("starting PostgreSQL")
        for record in story({"AA-01": Verdict.FAIL}).records():
            live.l7audit_observe_record(record)
    assert lines() == []


def test_a_check_of_an_unplanned_control_is_not_counted(story: Any, lines: Lines) -> None:
    live = Live(Terminal())
    live.l7audit_observe_record(story({"AA-01": Verdict.PASS}).records()[0])
    live.l7audit_observe_record(CheckStarted(check="x", control="BB-01"))
    live.l7audit_observe_record(CheckEnded(check="x", control="BB-01", verdict=Verdict.PASS))
    assert len(lines()) == 1


def test_on_a_terminal_a_bar_runs_below_the_lines_and_is_gone_at_the_end(
    story: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Tty()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    with Live(Terminal()) as live:
        live.progress("starting PostgreSQL")
        for record in story({"AA-01": Verdict.PASS}).records():
            live.l7audit_observe_record(record)
    written = stream.getvalue()
    assert "pass         AA-01     Title of AA-01" in written
    assert "1/1" in written
    assert written.endswith(("\x1b[2K", "\x1b[?25h", "\x1b[1A\x1b[2K"))
