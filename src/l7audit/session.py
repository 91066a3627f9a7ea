"""One run from profile to reports."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from l7audit import catalogue as catalogues
from l7audit.assess.assess import DESCRIBED, NOTED
from l7audit.assess.targets import documented_targets
from l7audit.catalogue import Catalogue
from l7audit.consent import Consent, consent
from l7audit.earlier import Earlier, proven_before, unfinished
from l7audit.folders import CHECKS_LOG, JOURNAL, MANIFEST, new_folder
from l7audit.harness.context import Context
from l7audit.harness.crew import Crew
from l7audit.harness.document import digest_of, understood
from l7audit.history import Keeper, Series
from l7audit.hookspecs import Progress
from l7audit.journal import (
    FORMAT,
    AnyRecord,
    Baseline,
    CheckEnded,
    Journal,
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
from l7audit.rendering import Outcome, write_reports

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
                work = begin(profile, options, catalogue, target, recorder, plugins, earlier)
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
    plugins: Plugins,
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
    allowed = consent(profile, target, datetime.now(UTC).date())
    planned = plan(
        catalogue, selected, target, allowed.level, only, allowed.reason, plugins.scanners
    )
    if earlier is None:
        recorder(run_started(profile, catalogue, planned, target, seed, options, allowed, plugins))
        for cell in proven_before(recorder.path.parent.parent, catalogue.digest):
            recorder(cell)
    else:
        recorder(RunResumed())
    ended = earlier.ended if earlier else frozenset()
    done |= _skip(profile, catalogue, planned, recorder, ended)
    started = time.time()
    budget = profile.budget
    probe = Probe(target, recorder, limits=budget, safety=allowed.level)
    try:
        document, learnt, notes = understood(target, probe, seed)
    finally:
        probe.close()
    if document:
        detail = {"digest": digest_of(document, target)}
        recorder(StackEvent(component="target", event=DESCRIBED, detail=detail))
        for note in notes:
            recorder(StackEvent(component="target", event=NOTED, detail={"what": note}))
    context = Context(
        target=target,
        document=document,
        seed=seed,
        controls={c.id: c for c in planned.controls},
        budget=budget,
        safety=allowed.level,
        learnt=learnt,
        scanners=plugins.scanner_classes,
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
    allowed: Consent,
    plugins: Plugins,
) -> RunStarted:
    """The run's first record: the plan and everything that an output needs to know of it."""
    ids = [c.id for c in planned.controls]
    asked = sorted({name for c in planned.controls for name in c.scanners})
    scanners = {name: plugins.scanner(name).version() for name in asked}
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
        versions={"l7audit": metadata.version("l7audit"), **target.versions, **scanners},
        environment={
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": str(os.cpu_count() or 0),
            "safety": str(allowed.level),
        },
        authorisation=allowed.stated,
        held_back=allowed.reason,
    )
