"""`l7audit history`: the earlier runs, and whether it got better."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.text import Text

from l7audit import folders, history
from l7audit.assess.loading import load_results
from l7audit.cli.terminal import Terminal, columns, counted, styled
from l7audit.errors import AuditError, UsageError
from l7audit.exits import Exit
from l7audit.history import History, KeptRun, Series
from l7audit.journal import PastRun

EXAMPLES = """\b
Examples:
  l7audit history                          the newest runs, by what may be compared
  l7audit history --profile my-api --format json
  l7audit history import old-runs results.json
  l7audit history forget 4f1c
"""

SCHEMA = "l7audit-history/1"
BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = "_.-~=+*#"
"""The sparkline's steps, and those of a terminal that has no blocks."""

DECISIONS = {"passed": "green", "failed": "red"}
HEADINGS = ("date (UTC)", "score", "change", "coverage", "decision", "findings", "run")
DECISION = HEADINGS.index("decision")


@click.group(
    "history",
    invoke_without_command=True,
    help="List the earlier runs with score, coverage, decision and findings. Runs are compared "
    "where profile (by name), target and selection are the same; a loopback target's port does "
    "not count. Each `l7audit run` adds itself.\n\n"
    f"The file is {history.VARIABLE}, if that is set ('{history.OFF}' keeps none), else "
    "l7audit/history.sqlite3 in the user's data folder. It holds no exchanges and no secrets."
    f"\n\n{EXAMPLES}",
)
@click.option("--profile", metavar="NAME", default="", help="Only the runs of this profile.")
@click.option("--limit", type=click.IntRange(1), default=20, help="The newest N runs (default 20).")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def command(context: click.Context, profile: str, limit: int, form: str) -> None:
    """Lists, unless another word follows."""
    if context.invoked_subcommand is not None:
        return
    kept = _history()
    runs = kept.runs(profile=profile, limit=limit)
    if form == "json":
        listed = {"schema": SCHEMA, "runs": runs}
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2))
        return
    terminal = Terminal()
    if not runs:
        of = f" of the profile {profile!r}" if profile else ""
        terminal.result(styled(f"No run{of} is kept yet; l7audit run adds each.", ""))
        return
    grouped: dict[Series, list[KeptRun]] = defaultdict(list)
    for run in runs:
        grouped[run.series].append(run)
    for series, members in grouped.items():
        _show(terminal, series, members, kept.past(series))


@command.command("import")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
def import_runs(paths: tuple[Path, ...]) -> Exit:
    """Add runs from their folders, journals or results.json, or all in a folder of runs.

    A run that is kept already is replaced. What cannot be read is said, and the rest added.

    \b
    Example:
      l7audit history import l7audit-out
    """
    kept, terminal = _history(), Terminal()
    added, worst = 0, Exit.PASSED
    for path in (each for named in paths for each in _runs_in(named)):
        try:
            folder = path if path.is_dir() else path.parent
            if why := _no_run(folder):
                raise UsageError(f"{folder} is {why}.")
            kept.add(load_results(path), folder)
            added += 1
        except AuditError as error:
            terminal.result(styled(str(error), "yellow"))
            worst = max(worst, error.exit)
    terminal.result(f"{counted(added, 'run')} imported.")
    return worst


@command.command("forget")
@click.argument("run")
def forget(run: str) -> None:
    """Forget a run, named by its id or how that begins. Its folder stays.

    \b
    Example:
      l7audit history forget 4f1c
    """
    Terminal().result(f"The run {_history().forget(run)} is forgotten.")


@command.command("prune")
@click.option("--keep", type=click.IntRange(1), required=True, help="So many runs of each kind.")
def prune(keep: int) -> None:
    """Keep only the newest runs of each profile, target and selection.

    \b
    Example:
      l7audit history prune --keep 100
    """
    Terminal().result(f"{counted(_history().prune(keep), 'run')} forgotten.")


def _history() -> History:
    kept = history.of_user()
    if kept is None:
        raise UsageError(
            f"The history is off: {history.VARIABLE}={history.OFF}.",
            mend=f"Unset {history.VARIABLE}, or name a file with it.",
        )
    return kept


def _runs_in(path: Path) -> Iterator[Path]:
    """The runs that a path means: itself, or those in a folder of runs, the oldest first."""
    if not path.is_dir() or _holds_a_run(path):
        yield path
        return
    runs = [p for p in sorted(path.iterdir()) if not p.is_symlink() and _holds_a_run(p)]
    yield from [p for p in runs if not _no_run(p)] or [path]


def _no_run(folder: Path) -> str:
    """What a folder is that looks like a run's and is none."""
    if (folder / folders.PROOF).exists():
        return "a proof, whose defects were planted: no run"
    replayed = folder.resolve().name.startswith(folders.REPLAY)
    return "a replay of another run's findings: no run" if replayed else ""


def _holds_a_run(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (folders.JOURNAL, folders.RESULTS))


# --- the table ---------------------------------------------------------------------------------


def _show(
    terminal: Terminal, series: Series, runs: Sequence[KeptRun], past: Sequence[PastRun]
) -> None:
    """A series under its name and sparkline, the newest run last."""
    title = f"{series.profile}, {series.provider} {series.target}"
    title += f", only {series.selected}" if series.selected else ""
    trend = _trend([p.score for p in past])
    terminal.result(styled(title, "bold"), f"  {trend}" if trend else "")
    head, *rows = columns([HEADINGS, *map(_row, runs)])
    terminal.result(Text(f"  {'  '.join(head)}", "dim"))
    for run, row in zip(runs, rows, strict=True):
        line = Text("  ".join(["", *row]))
        line.highlight_words([row[DECISION].strip()], DECISIONS.get(run.decision, "yellow"))
        terminal.result(line)


def _row(run: KeptRun) -> tuple[str, ...]:
    moment = datetime.fromtimestamp(run.started, UTC)
    ended = "" if run.outcome == "completed" else f" ({run.outcome})"
    found = str(len(run.findings))
    change = ""
    if run.change is not None:
        change = f"{run.score - run.change.score:+.1f}"
        found += f" ({run.change.new} new, {run.change.fixed} fixed)"
    return (
        f"{moment:%Y-%m-%d %H:%M}",
        f"{run.score:5.1f}",
        f"{change:>6}",
        f"{run.coverage:8.1%}",
        f"{run.decision.replace('_', ' ')}{ended}",
        found,
        run.run[:8],
    )


def _trend(scores: Sequence[float]) -> str:
    """The scores as a sparkline from the lowest to the highest, which are told in numbers."""
    if len(scores) < 2:
        return ""
    low, high = min(scores), max(scores)
    steps = BLOCKS if _can_write(BLOCKS) else PLAIN
    span = (high - low) or 1.0
    line = "".join(steps[round((s - low) / span * (len(steps) - 1))] for s in scores)
    return f"{line}  {low:.1f} to {high:.1f} in {len(scores)} runs"


def _can_write(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
