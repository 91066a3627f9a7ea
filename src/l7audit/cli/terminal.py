"""Where a verb writes: a rich console that is plain off a terminal and without colour on wish."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from l7audit.cli.streams import one_line
from l7audit.model import Severity, Verdict

STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.ERROR: "bold magenta",
    Verdict.NOT_APPLICABLE: "dim",
}
WORDS = {verdict: verdict.value.replace("_", " ") for verdict in Verdict}
WORDS[Verdict.NOT_APPLICABLE] = "n/a"

SEVERITIES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "dim",
}


class Terminal:
    """Standard output. `live` is true where lines may be redrawn; `quiet` drops what `say` says."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        plain = bool(os.environ.get("NO_COLOR"))
        self.console = Console(
            file=sys.stdout,
            color_system=None if plain else "auto",
            no_color=plain or None,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self.live = self.console.is_terminal and not self.console.is_dumb_terminal and not quiet

    def say(self, *parts: str | Text) -> None:
        """One line, unless the user wants quiet."""
        if not self.quiet:
            self.result(*parts)

    def result(self, *parts: str | Text) -> None:
        """One line that is written in any case. Off a terminal it is never wrapped or cut."""
        line = Text()
        for part in parts:
            line.append_text(part if isinstance(part, Text) else Text(part))
        self.console.print(line, soft_wrap=not self.live)


def styled(text: str, style: str) -> Text:
    """A target's or a plugin's words in a style: on one line, without control characters."""
    return Text(one_line(text), style=style)


def verdict_word(verdict: Verdict) -> Text:
    """The verdict in a column of its own."""
    return Text(f"{WORDS[verdict]:<13}", style=STYLES[verdict])


def counted(number: int, noun: str) -> str:
    """`1 defect`, `2 defects`, `3 near-misses`."""
    plural = "es" if noun.endswith("s") else "s"
    return f"{number} {noun}{'' if number == 1 else plural}"


def columns(rows: Iterable[Sequence[str]]) -> list[list[str]]:
    """The rows with every cell but the last one filled up to its column's width."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    count = max((len(row) for row in cells), default=0)
    widths = [max((len(r[i]) for r in cells if i < len(r)), default=0) for i in range(count)]
    return [
        [c.ljust(widths[i]) if i < len(row) - 1 else c for i, c in enumerate(row)] for row in cells
    ]
