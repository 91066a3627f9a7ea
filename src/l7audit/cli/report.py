"""`l7audit report`: writes the reports again; every output is a function of the journal."""

from __future__ import annotations

from pathlib import Path

import click

from l7audit import folders, rendering
from l7audit import plugins as all_plugins
from l7audit.cli import choices, summary
from l7audit.cli.terminal import Terminal
from l7audit.exits import Exit

EXAMPLES = """\b
Examples:
  l7audit report                                the newest run in ./l7audit-out
  l7audit report l7audit-out/latest --format html
  l7audit report journal.jsonl --out elsewhere
"""


@click.command(
    "report",
    help="Write the reports again, from a run's journal or its folder. The exit code is the "
    f"gate's, as it was for the run.\n\n{EXAMPLES}",
)
@click.argument("journal", required=False, type=click.Path(path_type=Path))
@choices.formats
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write (default: beside the journal).",
)
@choices.quiet
def command(journal: Path | None, formats: tuple[str, ...], out: Path | None, quiet: bool) -> Exit:
    """Renders and shows the summary again."""
    path = folders.journal_of(journal)
    outcome = rendering.render(path, all_plugins.load(), out or path.parent, formats)
    summary.show(Terminal(quiet=quiet), outcome)
    return outcome.exit
