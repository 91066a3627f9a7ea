"""`l7audit diff`: two runs side by side."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec
from rich.text import Text

from l7audit import folders
from l7audit.assess.difference import Compared, Difference, Side, VerdictChange, difference
from l7audit.assess.loading import load_results
from l7audit.cli import summary
from l7audit.cli.terminal import SEVERITIES, WORDS, Terminal, counted, styled
from l7audit.exits import Exit
from l7audit.model import Verdict

EXITS = {"nothing_new": Exit.PASSED, "new": Exit.FAILED, "untrusted": Exit.UNTRUSTED}

EXAMPLES = """\b
Examples:
  l7audit diff 20261123T020000Z latest
  l7audit diff main/results.json branch/results.json --format json
"""


@click.command(
    "diff",
    help="Compare two runs, A and the later B: which findings are new, fixed, unchanged or not "
    "tested again. A run is a folder, a journal, a results.json, or a name in ./l7audit-out; "
    "'latest' is the newest there. Exit codes: 0 nothing is new, 1 something is, 6 nothing new "
    f"was seen, but B gave no answer where A found something.\n\n{EXAMPLES}",
)
@click.argument("a")
@click.argument("b")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(a: str, b: str, form: str) -> Exit:
    """Shows the difference; the exit code says whether anything is new."""
    before, after = (load_results(folders.audit(reference)) for reference in (a, b))
    found = difference(before, after)
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        _show(Terminal(), found)
    return EXITS[found.answer]


def _show(terminal: Terminal, found: Difference) -> None:
    summary.row(terminal, "A", _side(found.before))
    summary.row(terminal, "B", _side(found.after))
    change = found.after.score - found.before.score
    scores = f"{found.before.score:.1f} to {found.after.score:.1f} ({change:+.1f})"
    summary.row(terminal, "Score", styled(scores, "bold"))
    _findings(terminal, "New", found.new)
    _findings(terminal, "Worse", found.worse)
    _findings(terminal, "Fixed", found.fixed)
    _findings(terminal, "Not tested", found.not_retested)
    summary.row(terminal, "Unchanged", counted(len(found.unchanged), "finding"))
    for number, verdict in enumerate(found.verdicts):
        summary.row(terminal, "" if number else "Verdicts", _change(verdict))
    style = "bold green" if found.answer == "nothing_new" else "bold red"
    summary.row(terminal, "Answer", styled(found.reason, style))


def _side(side: Side) -> Text:
    ended = "" if side.outcome == "completed" else f", {side.outcome}"
    return styled(f"{side.started}  run {side.run} of {side.target}{ended}", "")


def _findings(terminal: Terminal, title: str, findings: Sequence[Compared]) -> None:
    for number, finding in enumerate(findings):
        line = Text.assemble(
            styled(finding.control, "bold"),
            "  ",
            styled(finding.severity.value, SEVERITIES[finding.severity]),
            "  ",
            styled(f"{finding.place}: {finding.statement}", ""),
            "  ",
            styled(finding.fingerprint, "dim"),
        )
        summary.row(terminal, "" if number else title, line)


def _change(change: VerdictChange) -> Text:
    said = f"{_word(change.before)} to {_word(change.after)}"
    return Text.assemble(styled(change.control, "bold"), "  ", said)


def _word(verdict: Verdict | None) -> str:
    return WORDS[verdict] if verdict else "not planned"
