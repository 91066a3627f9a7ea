"""One run from profile to reports."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from l7audit import catalogue as catalogues
from l7audit.assess.assess import DESCRIBED, assess, day_of
from l7audit.assess.results import Results
from l7audit.assess.targets import documented_targets
from l7audit.catalogue import Catalogue
from l7audit.earlier import Earlier, proven_before, unfinished
from l7audit.errors import AuditError, PluginError, UsageError
from l7audit.exits import Exit
from l7audit.folders import CHECKS_LOG, JOURNAL, MANIFEST, new_folder
from l7audit.harness.context import Context
from l7audit.harness.crew import Crew
from l7audit.harness.document import digest_of, fetch
from l7audit.history import Keeper, Series
from l7audit.hookspecs import Progress, Reporter
from l7audit.integrity import manifest
from l7audit.journal import (
    FORMAT,
    AnyRecord,
    Baseline,
    CheckEnded,
    Journal,
    Records,
    RunEnded,
    RunResumed,
    RunStarted,
    StackEvent,
)
from l7audit.model import Target, Verdict
from l7audit.planning import Plan, plan
from l7audit.plugins import Plugins
from l7audit.probe.probe import Probe
from l7audit.profile import Profile
from l7audit.recorder import Recorder
from l7audit.target.target_model import TargetModel

INTERRUPTED = "It was interrupted."
LOST_ENOUGH = 2
"""So many checks may lose the target before the run gives it up: one may be a passing fault."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller wants of this run beyond its profile. `thorough` is for the proof alone.

    `history` gives the trend and keeps the run; by default there is none. `baseline` is what a new
    run is compared with; one that goes on keeps its own.
    """

    out: Path | None = None
    seed: int | None = None
    select: tuple[str, ...] = ()
    jobs: int | None = None
    resume: Path | None = None
    reporters: tuple[str, ...] = ()
    thorough: bool = False
    history: Keeper = field(default_factory=Keeper)
    baseline: Baseline | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run: where its files are and what it comes to."""

    folder: Path
    results: Results
    files: tuple[Path, ...]
    exit: Exit


def run(profile: Profile, plugins: Plugins, options: Options, progress: Progress) -> Outcome:
    """Audits the profile's target and writes journal and reports.

    Ctrl-C and SIGTERM end it in order: what was learnt is assessed and reported, exit 2.
    Errors: `UsageError`, `ProviderError`, `JournalError`, `CatalogueError`, `PluginError`.
    """
    catalogue = catalogues.load([s.package for s in plugins.suites])
    catalogue.select(options.select or profile.select, profile.skip)  # a wrong name fails at once
    provider = plugins.provider(profile.target.provider)
    reporters = plugins.chosen_reporters(options.reporters or profile.reports)
    folder = options.resume or new_folder(options.out)
    with (
        terminated_like_interrupted(),
        Journal(folder / JOURNAL, resume=options.resume is not None) as journal,
    ):
        earlier = unfinished(options.resume, catalogue, profile) if options.resume else None
        (folder / MANIFEST).unlink(missing_ok=True)  # it was that of what is now gone on with
        recorder = Recorder(journal, plugins)
        with (
            Crew(options.jobs or workers(), str(folder / CHECKS_LOG)) as crew,
            provider.open(profile, folder, progress) as target,
        ):
            try:
                work = begin(profile, options, catalogue, target, recorder, earlier)
            except KeyboardInterrupt:
                if not journal.mend():
                    raise
                recorder(RunEnded(outcome="interrupted", reason=INTERRUPTED))
            else:
                conduct(crew, work, recorder)
    outcome = write_reports(folder / JOURNAL, reporters, folder)
    options.history.add(outcome.results, folder)
    return outcome


@dataclass(frozen=True, slots=True)
class Work:
    """What is left to do: a plan against a target, less what an earlier try has done."""

    plan: Plan
    context: Context
    done: frozenset[str]
    started: float


def begin(
    profile: Profile,
    options: Options,
    catalogue: Catalogue,
    target: Target,
    recorder: Recorder,
    earlier: Earlier | None = None,
    *,
    only: frozenset[str] | None = None,
) -> Work:
    """Writes the run's first record (or that it goes on) and reads the target's document.

    `only` narrows the plan to these checks, as pytest's own selection does.
    """
    if earlier is None:
        selected = catalogue.select(options.select or profile.select)
        seed = options.seed if options.seed is not None else secrets.randbelow(2**31)
        done: frozenset[str] = frozenset()
    else:
        selected = [c for c in catalogue.controls if c.id in earlier.selected]
        seed, done, only = earlier.started.seed, earlier.done, earlier.checks
    planned = plan(catalogue, selected, target, profile.level, only)
    if earlier is None:
        recorder(run_started(profile, catalogue, planned, target, seed, options))
        for cell in proven_before(recorder.path.parent.parent, catalogue.digest):
            recorder(cell)
    else:
        recorder(RunResumed())
    ended = earlier.ended if earlier else frozenset()
    done |= _skip(profile, catalogue, planned, recorder, ended)
    started = time.time()
    budget = profile.budget
    probe = Probe(target, recorder, limits=budget, safety=profile.level)
    try:
        document = fetch(target, probe)
    finally:
        probe.close()
    TargetModel.of(document, target, seed=seed)  # what is unusable is said once, not by each check
    if document:
        detail = {"digest": digest_of(document, target)}
        recorder(StackEvent(component="target", event=DESCRIBED, detail=detail))
    context = Context(
        target=target,
        document=document,
        seed=seed,
        controls={c.id: c for c in planned.controls},
        budget=budget,
        safety=profile.level,
    )
    return Work(planned, context, done, started)


def _skip(
    profile: Profile,
    catalogue: Catalogue,
    planned: Plan,
    recorder: Recorder,
    ended: frozenset[str],
) -> frozenset[str]:
    """Ends the checks that the profile skips: they stay in the plan, and raise no score.

    Those that have `ended` in an earlier try are not ended again.
    """
    if not profile.skip:
        return frozenset()
    skipped = {c.id for c in catalogue.select(profile.skip)}
    checks = [c for c in planned.checks if c.control in skipped]
    for check in (c for c in checks if c.id not in ended):
        recorder(
            CheckEnded(
                check=check.id,
                control=check.control,
                verdict=Verdict.INCONCLUSIVE,
                reason="The profile skips this control.",
            )
        )
    return frozenset(c.id for c in checks)


def conduct(crew: Crew, work: Work, recorder: Recorder) -> None:
    """Runs the plan's checks, first those that may run side by side, and writes the run's end."""
    outcome, reason = "completed", ""

    def deliver(record: AnyRecord) -> None:
        recorder(record)
        if recorder.lost >= LOST_ENOUGH:
            crew.halt()

    try:
        shared, alone = work.plan.jobs(work.context, work.done)
        crew.run(shared, deliver)
        if alone is not None:
            crew.run([alone], deliver)
    except KeyboardInterrupt:
        crew.stop()
        outcome, reason = "interrupted", INTERRUPTED
    if recorder.lost >= LOST_ENOUGH:
        outcome, reason = "broken", "The target stopped answering."
    recorder(RunEnded(outcome=outcome, reason=reason, seconds=time.time() - work.started))


def render(journal: Path, plugins: Plugins, folder: Path, reporters: Sequence[str] = ()) -> Outcome:
    """The assessment and the reports of a journal, again or for the first time.

    Errors: as `write_reports`, and `UsageError` for an unknown reporter.
    """
    return write_reports(journal, plugins.chosen_reporters(reporters), folder)


def rewrite(
    records: Records, names: Sequence[str], folder: Path, plugins: Plugins
) -> dict[str, Path]:
    """The files of those of these reporters that are there and always write the same bytes.

    Errors: `AuditError`, as the assessment and the reporters raise it.
    """
    results = assess(records, day_of(records.started))
    chosen = [r for name in names if (r := plugins.reporters.get(name)) and r.repeatable]
    return {r.name: r.write(results, records, folder) for r in chosen}


def write_reports(journal: Path, reporters: Sequence[Reporter], folder: Path) -> Outcome:
    """Assesses a journal and lets each reporter write, also where another of them fails.

    Errors: `JournalError` for a foreign or damaged journal, `UsageError` for a folder that can't
    be written, `PluginError` for a reporter that breaks; the others have written by then. In the
    run's own folder the manifest is written last.
    """
    records = Records(journal)
    results = assess(records, day_of(records.started))
    files: dict[Path, str] = {}
    troubles: list[AuditError] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, journal, error) from error
    for reporter in reporters:
        try:
            path = reporter.write(results, records, folder)
            if path in files:
                raise _broken(reporter, f"It wrote over {path.name}, which another had written")
            files[path] = reporter.name
        except OSError as error:
            troubles.append(_unwritable(folder, journal, error))
        except AuditError as error:
            troubles.append(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - anybody's code: spare the others
            troubles.append(_broken(reporter, f"{type(error).__name__}: {error}"))
    if journal.name == JOURNAL and journal.parent.resolve() == folder.resolve():
        below = {p: n for p, n in files.items() if p.is_relative_to(folder)}
        try:
            manifest.write(folder, {p.relative_to(folder).as_posix(): n for p, n in below.items()})
        except OSError as error:
            troubles.append(_unwritable(folder, journal, error))
        except AuditError as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]
    return Outcome(folder, results, tuple(files), Exit(results.gate.exit_code))


def _unwritable(folder: Path, journal: Path, error: OSError) -> UsageError:
    return UsageError(
        f"The reports cannot be written to {folder}: {error.strerror}.",
        mend=f"Render them elsewhere: l7audit report {journal} --out FOLDER",
    )


def _broken(reporter: Reporter, why: str) -> PluginError:
    cause = " ".join(why.split())[:300].rstrip(".")
    return PluginError(
        f"The reporter {reporter.name!r} broke: {cause}.",
        mend="The other reports are written. Repair it, or name the reporters with --format.",
    )


# --- the parts of a run ------------------------------------------------------------------------


def workers() -> int:
    """How many checks run at once: they mostly wait for the target, which shares our cores."""
    return max(2, min(4, os.cpu_count() or 2))


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Lets SIGTERM end a run as Ctrl-C does: in order, with everything stopped and reported."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_started(
    profile: Profile,
    catalogue: Catalogue,
    planned: Plan,
    target: Target,
    seed: int,
    options: Options,
) -> RunStarted:
    """The run's first record: the plan and everything that an output needs to know of it."""
    ids = [c.id for c in planned.controls]
    series = Series.beginning(profile, target, options.select)
    return RunStarted(
        format=FORMAT,
        run=secrets.token_hex(8),
        seed=seed,
        target=target.base_url,
        provider=target.provider,
        controls=list(catalogue.controls),
        planned=ids,
        out_of_scope=list(planned.out_of_scope),
        checks={i: [c.id for c in planned.checks if c.control == i] for i in ids},
        documented=documented_targets(),
        gate=profile.gate,
        waivers=profile.waivers,
        baseline=options.baseline,
        history=options.history.past(series),
        profile=profile.source,
        profile_name=profile.name,
        profile_digest=profile.digest,
        selected=list(options.select),
        suites_digest=catalogue.digest,
        versions={"l7audit": metadata.version("l7audit"), **target.versions},
        environment={
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": str(os.cpu_count() or 0),
            "safety": str(profile.level),
        },
    )
