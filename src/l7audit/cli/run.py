"""`l7audit run`: one audit, from profile to reports."""

from __future__ import annotations

from pathlib import Path

import click

from l7audit import folders, session
from l7audit import plugins as all_plugins
from l7audit.assess.baseline import baseline_of
from l7audit.assess.loading import load_results
from l7audit.cli import choices, summary
from l7audit.cli.live import Live
from l7audit.cli.terminal import Terminal
from l7audit.errors import UsageError
from l7audit.exits import Exit
from l7audit.history import Keeper, of_user
from l7audit.journal import AnyRecord, Baseline, Exchange, Records

RESUME_LATEST = "latest"

EXAMPLES = """\b
Examples:
  l7audit run                                    the reference stack, all controls
  l7audit run --select AUTHN,CORS-02 --seed 7    some of them, repeatably
  l7audit run --target https://api.example.org   whatever of it can be found by looking
  l7audit run --target https://api.example.org --profile mine.yaml
  l7audit run --resume                           go on with a run that was stopped
  l7audit run --baseline latest                  what is new since the run before
"""


@click.command("run", help=f"Audit a target and write the reports.\n\n{EXAMPLES}")
@choices.select
@choices.target
@choices.openapi
@choices.profile
@choices.seed
@choices.out
@click.option(
    "--resume",
    metavar="[DIR]",
    is_flag=False,
    flag_value=RESUME_LATEST,
    help="Go on with the newest run, or with the one in DIR.",
)
@click.option(
    "--baseline",
    metavar="RUN",
    default="",
    help="Compare with this run: its folder, journal or results.json, or 'latest'.",
)
@choices.jobs
@choices.formats
@choices.quiet
def command(
    select: tuple[str, ...],
    target: str,
    openapi: str,
    profile: str,
    seed: int | None,
    out: Path | None,
    resume: str | None,
    baseline: str,
    jobs: int | None,
    formats: tuple[str, ...],
    quiet: bool,
) -> Exit:
    """Audits and shows the summary; the exit code is the gate's."""
    terminal = Terminal(quiet=quiet)
    live = Live(terminal)
    plugins = all_plugins.load(extra=[live])
    folder = _resumed(resume, out)
    compared = _baseline(baseline, out, resumed=folder is not None)
    earlier = _of_checks(Records(folder / folders.JOURNAL)) if folder else []
    if earlier and not profile and not target:
        profile, target = choices.as_it_began(earlier[0])
    wanted = choices.profile_for(profile, target, openapi)
    history = Keeper(of_user())
    options = session.Options(
        out=out,
        seed=seed,
        select=select,
        jobs=jobs,
        resume=folder,
        reporters=formats,
        history=history,
        baseline=compared,
    )
    live.remember(earlier)
    with live:
        outcome = session.run(wanted, plugins, options, live.progress)
    summary.show(terminal, outcome, history.troubles)
    return outcome.exit


def _resumed(resume: str | None, out: Path | None) -> Path | None:
    """The folder to go on in, its links followed, or None for a new run.

    Errors: `UsageError` where it holds no journal.
    """
    if resume is None:
        return None
    newest = resume == RESUME_LATEST and not Path(resume).exists()
    folder = (out or Path(folders.OUT)) / folders.LATEST if newest else Path(resume)
    if not (folder / folders.JOURNAL).is_file():
        raise UsageError(
            f"{folder} holds no journal, so there is nothing to go on with.",
            mend="Start a new run: l7audit run",
        )
    return folder.resolve()


def _of_checks(records: Records) -> list[AnyRecord]:
    """The records without the many that no verdict rests on."""
    return [r for r in records if not isinstance(r, Exchange)]


def _baseline(reference: str, out: Path | None, *, resumed: bool) -> Baseline | None:
    """The findings of the run to compare with, read before a new one can become `latest`.

    Errors: `UsageError`, `JournalError` for what is no run.
    """
    if not reference:
        return None
    if resumed:
        raise UsageError("A run that goes on keeps its baseline.", mend="Leave --baseline out.")
    return baseline_of(load_results(folders.audit(reference, out)))
