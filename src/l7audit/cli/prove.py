"""`l7audit prove`: shows that each control can fail."""

from __future__ import annotations

from pathlib import Path

import click

from l7audit import plugins as all_plugins
from l7audit import proof, session
from l7audit.cli import choices, summary
from l7audit.cli.proving import Proving
from l7audit.cli.terminal import Terminal
from l7audit.exits import Exit

EXAMPLES = """\b
Examples:
  l7audit prove                  every control against its defects and near-misses
  l7audit prove --select RATE    one area
  l7audit prove --target shop    in the lab of a plugin's provider
"""


@click.command(
    "prove",
    help="Prove that each control can fail: it passes on the clean stack, every planted defect "
    f"turns it red and no other, every near-miss leaves it green.\n\n{EXAMPLES}",
)
@choices.select
@choices.target
@choices.profile
@choices.seed
@choices.out
@click.option(
    "--thorough",
    is_flag=True,
    help="Let every control that disturbs nobody stand by at each variant, not a few drawn ones.",
)
@choices.quiet
def command(
    select: tuple[str, ...],
    target: str,
    profile: str,
    seed: int | None,
    out: Path | None,
    thorough: bool,
    quiet: bool,
) -> Exit:
    """Runs the matrix; exit 1 where it has a gap."""
    terminal = Terminal(quiet=quiet)
    live = Proving(terminal)
    plugins = all_plugins.load(extra=[live])
    wanted = choices.profile_for(profile, target)
    options = session.Options(out=out, seed=seed, select=select, thorough=thorough)
    with live:
        outcome = proof.prove(wanted, plugins, options, live.progress)
    summary.show_proof(terminal, outcome)
    return outcome.exit
