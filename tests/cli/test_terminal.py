"""The console: plain off a terminal, without any escape where colour is not wanted."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from l7audit.cli.terminal import Terminal, columns, counted, styled, verdict_word
from l7audit.model import Verdict


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[Terminal, Tty]]:
    """A console on a terminal. Called in the test: pytest sets stdout anew when a test begins."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)

    def start() -> tuple[Terminal, Tty]:
        stream = Tty()
        monkeypatch.setattr(sys, "stdout", stream)
        return Terminal(), stream

    return start


OnTerminal = Callable[[], tuple[Terminal, Tty]]


def test_a_terminal_gets_colour(on_terminal: OnTerminal) -> None:
    terminal, tty = on_terminal()
    terminal.say(verdict_word(Verdict.FAIL))
    assert terminal.live
    assert "\x1b[" in tty.getvalue()


def test_no_color_leaves_not_one_escape(
    on_terminal: OnTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal, tty = on_terminal()
    for verdict in Verdict:
        terminal.say(verdict_word(verdict), styled("title", "bold italic"))
    assert "title" in tty.getvalue()
    assert "\x1b" not in tty.getvalue()


def test_a_dumb_terminal_is_never_redrawn(
    on_terminal: OnTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal, _ = on_terminal()
    assert not terminal.live


def test_off_a_terminal_a_line_stays_one_line_and_plain(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal()
    terminal.say(verdict_word(Verdict.PASS), "x" * 300, " [bold]no markup[/bold] :smile:")
    assert not terminal.live
    assert capsys.readouterr().out == f"pass         {'x' * 300} [bold]no markup[/bold] :smile:\n"


def test_quiet_keeps_results_and_drops_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(quiet=True)
    terminal.say("chatter")
    terminal.result("result")
    assert capsys.readouterr().out == "result\n"


def test_a_targets_words_cannot_style_or_break_a_line() -> None:
    assert styled("a\x1b[31mb\nc", "bold").plain == "a\ufffd[31mb c"


def test_columns_line_up_and_the_last_is_not_padded() -> None:
    assert columns([["a", "bb", "c"], ["aaa", "b", "cc"]]) == [
        ["a  ", "bb", "c"],
        ["aaa", "b ", "cc"],
    ]
    assert columns([]) == []


def test_a_number_and_its_noun_agree() -> None:
    assert [counted(n, "near-miss") for n in (0, 1, 2)] == [
        "0 near-misses",
        "1 near-miss",
        "2 near-misses",
    ]
    assert counted(2, "defect") == "2 defects"
