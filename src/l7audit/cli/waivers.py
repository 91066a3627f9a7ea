"""`l7audit waivers`: accepted failures, looked at and written."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from l7audit import catalogue as catalogues
from l7audit import folders
from l7audit import plugins as all_plugins
from l7audit import profile as profiles
from l7audit.assess.loading import load_results
from l7audit.assess.results import ControlResult, Finding, Results
from l7audit.assess.waiver_lint import lint
from l7audit.assess.waivers import invalid
from l7audit.cli import choices
from l7audit.cli.terminal import Terminal, counted, styled
from l7audit.errors import AuditError, UsageError
from l7audit.exits import Exit
from l7audit.model import Verdict, Waiver
from l7audit.profile import Profile
from l7audit.profiles import waivers as waiver_text

EXAMPLES = """\b
Examples:
  l7audit waivers lint
  l7audit waivers add 4f1c --owner ann --reason "fixed in 2.1" --days 30
"""


@click.group("waivers", help=f"Look at the profile's waivers, or write one.\n\n{EXAMPLES}")
def command() -> None:
    """The root of lint and add."""


@command.command("lint")
@choices.profile
@click.option(
    "--against",
    metavar="RUN",
    default="",
    help="The run that shows what is unused or too broad (default: the profile's newest one).",
)
@click.option("--strict", is_flag=True, help="Warnings count like errors.")
@choices.quiet
def lint_waivers(profile: str, against: str, strict: bool, quiet: bool) -> Exit:
    """Find unknown, unused, expired, over-broad and too long waivers.

    Exit codes: 0 none is wrong, 7 one is (with --strict: or has a warning), 4 a malformed profile.

    \b
    Examples:
      l7audit waivers lint
      l7audit waivers lint --profile l7audit.yaml --against latest --strict
    """
    wanted = profiles.load(profile, secrets=False)
    run = load_results(folders.audit(against)) if against else _newest(wanted)
    found = lint(wanted.waivers, _known(), _today(), wanted.gate.maximum_waiver_days, run)
    terminal = Terminal(quiet=quiet)
    places = _places(wanted)
    for complaint in found:
        grave = complaint.grave
        terminal.result(
            f"{places[complaint.index]}: ",
            styled("error" if grave else "warning", "bold red" if grave else "yellow"),
            "  ",
            styled(f"{wanted.waivers[complaint.index].control}: {complaint.sentence}", ""),
        )
    errors = sum(c.grave for c in found)
    seen = f", held against run {run.run}" if run else ", held against no run"
    terminal.say(
        f"{counted(len(wanted.waivers), 'waiver')}: {counted(errors, 'error')}, "
        f"{counted(len(found) - errors, 'warning')}{seen}."
    )
    return Exit.WAIVERS if errors or (strict and found) else Exit.PASSED


@command.command("add")
@click.argument("name", metavar="FINGERPRINT|CONTROL")
@click.option("--owner", required=True, help="Who answers for it.")
@click.option("--reason", required=True, help="Why it is accepted, in ten characters or more.")
@click.option("--expires", metavar="DATE", default="", help="Its last day, in UTC: 2026-12-31.")
@click.option("--days", type=click.IntRange(0, 36_500), help="Instead: so many days from today.")
@click.option("--whole", is_flag=True, help="All of a control, also what is found later.")
@choices.profile
@click.option(
    "--run",
    "reference",
    metavar="RUN",
    default="",
    help="The run with the finding (default: the profile's newest one, else the newest).",
)
def add_waiver(
    name: str,
    owner: str,
    reason: str,
    expires: str,
    days: int | None,
    whole: bool,
    profile: str,
    reference: str,
) -> None:
    """Write a waiver of a run's finding into the profile.

    A unique beginning of the fingerprint is enough. A control's id serves where it has one
    finding, or with --whole.

    \b
    Examples:
      l7audit waivers add 4f1c --owner ann --reason "fixed in 2.1" --expires 2026-12-31
      l7audit waivers add HEAD-03 --whole --owner ann --reason "old portal" --days 30
    """
    path, text, wanted = _file(profile)
    run = None if reference else _newest(wanted)
    run = run or load_results(folders.audit(reference or folders.LATEST))
    control, finding = _found(run, name, whole=whole)
    waiver = Waiver(
        control=control.id,
        owner=_words("--owner", owner, 1),
        reason=_words("--reason", reason, 10),
        expires=_last_day(expires, days),
        fingerprint=finding.fingerprint if finding else "",
        since=_today().isoformat(),
    )
    if wrong := invalid(waiver, _known(), _today(), wanted.gate.maximum_waiver_days):
        raise UsageError(wrong, mend="Choose an earlier day with --expires or --days.")
    for other, place in zip(wanted.waivers, _places(wanted), strict=True):
        if other.control == waiver.control and other.fingerprint in ("", waiver.fingerprint):
            raise UsageError(f"{place} waives it already, until {other.expires}.", mend="Edit it.")
    _replace(path, waiver_text.added(text, waiver, source=str(path)))
    what = f"{finding.place}: {finding.statement}" if finding else "all of it"
    Terminal().result(
        styled(f"{waiver.control} is waived until {waiver.expires} in {path}: {what}", "")
    )


def _known() -> set[str]:
    """The ids of all controls."""
    catalogue = catalogues.load([s.package for s in all_plugins.load().suites])
    return {c.id for c in catalogue.controls}


def _today() -> date:
    return datetime.now(UTC).date()


def _newest(profile: Profile) -> Results | None:
    """The newest kept run of this profile, or None. One that can't be read is passed over."""
    for folder in folders.audits():
        try:
            run = load_results(folder)
        except AuditError:
            continue
        if run.profile == profile.source:
            return run
    return None


def _places(profile: Profile) -> list[str]:
    """Where each waiver of a profile stands, as `file:line:column`."""
    path = Path(profile.source)
    if not path.is_file():
        return [profile.source for _ in profile.waivers]
    marks = waiver_text.places(path.read_text(encoding="utf-8"))
    return [f"{path}:{line}:{column}" for line, column in marks]


def _file(reference: str) -> tuple[Path, str, Profile]:
    """The profile's file and text. Errors: `UsageError` where it is no file of the user's."""
    wanted = profiles.load(reference, secrets=False)
    path = Path(wanted.source)
    if not path.is_file():
        raise UsageError(
            f"The profile {wanted.source!r} is built in and cannot be changed.",
            mend=f"Write {profiles.FILE} of your own, or name one with --profile.",
        )
    path = path.resolve()
    return path, path.read_bytes().decode("utf-8"), wanted


def _found(run: Results, name: str, *, whole: bool) -> tuple[ControlResult, Finding | None]:
    """The control and finding that a name means. Errors: `UsageError` with what there is."""
    failed = [c for c in run.controls if c.verdict == Verdict.FAIL]
    control = next((c for c in failed if c.id == name), None)
    if control is not None:
        if whole:
            return control, None
        if len(control.findings) == 1:
            return control, control.findings[0]
        prints = ", ".join(f.fingerprint for f in control.findings[:5])
        said = f"{counted(len(control.findings), 'finding')}{f' ({prints})' if prints else ''}"
        raise UsageError(f"{name} has {said}.", mend="Name one, or waive all with --whole.")
    if any(c.id == name for c in run.controls):
        raise UsageError(f"{name} did not fail in run {run.run}, so there is nothing to waive.")
    met = [(c, f) for c in failed for f in c.findings if f.fingerprint.startswith(name)]
    if len(met) == 1 and not whole:
        return met[0]
    if whole and met:
        raise UsageError("--whole wants a control's id.", mend=f"Such as {met[0][0].id}.")
    if met:
        raise UsageError(f"{len(met)} findings begin with {name!r}.", mend="Write more of it.")
    there = ", ".join(f"{f.fingerprint} ({c.id})" for c in failed for f in c.findings[:2])
    raise UsageError(
        f"Run {run.run} has no finding and no failed control {name!r}.",
        mend=f"It has: {there[:400]}." if there else "Nothing failed in it.",
    )


def _words(option: str, said: str, least: int) -> str:
    words = " ".join(said.split())
    if len(words) < least:
        raise UsageError(f"{option} needs {counted(least, 'character')} or more.")
    if "${" in words:
        raise UsageError(f"{option} holds ${{, which a profile reads as a variable.")
    return words


def _last_day(expires: str, days: int | None) -> str:
    if bool(expires) == (days is not None):
        raise UsageError("A waiver needs its end: --expires DATE or --days N.")
    try:
        last = date.fromisoformat(expires) if expires else _today() + timedelta(days=days or 0)
    except ValueError as error:
        raise UsageError(f"{expires} is not a date.", mend="Write it as 2026-12-31.") from error
    if last < _today():
        raise UsageError(f"{last} is over already.", mend="A waiver ends today or later (UTC).")
    return last.isoformat()


def _replace(path: Path, text: str) -> None:
    """Puts the text in the file's place in one step, so that it is never lost or half written."""
    try:
        handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8"))
                os.fchmod(file.fileno(), path.stat().st_mode)
                file.flush()
                os.fsync(file.fileno())
            Path(fresh).replace(path)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
