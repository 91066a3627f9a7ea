"""Findings sent again: their own checks run anew against the opened target, nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from l7audit import catalogue as catalogues
from l7audit.assess.replay import Again, Answer, Judgement, Known, judge, known_findings, matters
from l7audit.assess.verdicts import last_attempts
from l7audit.catalogue import Catalogue
from l7audit.errors import ProviderError, UsageError
from l7audit.exits import Exit
from l7audit.folders import CHECKS_LOG, JOURNAL, PROOF, VARIANTS, replay_folder
from l7audit.harness.crew import Crew
from l7audit.history import address
from l7audit.hookspecs import Progress
from l7audit.journal import (
    AnyRecord,
    Aside,
    Exchange,
    Journal,
    Records,
    RunEnded,
    RunStarted,
    of_type,
)
from l7audit.model import Target
from l7audit.plugins import Plugins
from l7audit.profile import Profile
from l7audit.recorder import Recorder
from l7audit.session import Options, Work, begin, conduct, terminated_like_interrupted, workers

EXITS = {
    Answer.FIXED: Exit.PASSED,
    Answer.STILL_THERE: Exit.FAILED,
    Answer.CANT_TELL: Exit.UNTRUSTED,
}

MOST_KEPT = 5_000
"""The most exchanges of the new try that are kept to be set beside the old ones."""

NAMED = 6
"""The most findings that a sentence names."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A finding and what became of it."""

    known: Known
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay comes to. `journal` is the new one; None where no target was reached.

    `notes` say what is not as it was in the run. `ca_file` is what the target is trusted by.
    """

    replayed: tuple[Replayed, ...]
    journal: Path | None
    notes: tuple[str, ...]
    ca_file: str
    exit: Exit


def findings_of(records: Records) -> list[Known]:
    """The findings that a run's journal holds. Errors: `UsageError` for a proof, `JournalError`."""
    folder = records.path.absolute().parent
    proof = folder.parent if folder.name == VARIANTS else folder
    if (proof / PROOF).exists():
        raise UsageError(
            f"{proof} is a proof: its defects were planted for it alone, so that there is nothing "
            "to send again.",
            mend="Name a run: l7audit replay ID RUN",
        )
    return known_findings(records)


def wanted(found: Sequence[Known], name: str, journal: Path) -> Known:
    """The finding whose fingerprint begins so. Errors: `UsageError` with those there are."""
    fitting = [k for k in found if name and k.fingerprint.startswith(name.lower())]
    if len(fitting) == 1:
        return fitting[0]
    if not found:
        raise UsageError(f"{journal} holds no finding.")
    which = "Several findings begin" if fitting else "No finding begins"
    told = [f"{k.fingerprint} {k.control.id} {k.problem.place}" for k in fitting or found]
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    raise UsageError(
        f"{which} with {name!r} in {journal}.",
        mend=f"There are: {'; '.join(told[:NAMED])}{more}.",
    )


def replay(
    profile: Profile,
    plugins: Plugins,
    records: Records,
    chosen: Sequence[Known],
    options: Options,
    progress: Progress,
) -> Outcome:
    """Runs the checks that saw the chosen findings again, with the run's seed, and judges.

    The new journal goes into a folder of its own in `options.out`. A target that is not reached is
    an answer (`CAN'T TELL`), not an error. Errors: `UsageError`, `JournalError`, `PluginError`.
    """
    catalogue = catalogues.load([s.package for s in plugins.suites])
    provider = plugins.provider(profile.target.provider)
    then = records.exchanges({e for k in chosen for e in k.problem.exchanges})
    checks = _runnable(catalogue, chosen)
    if not checks:
        return _unreached(chosen, then, "Its check is not among the installed suites any more.")
    folder = replay_folder(options.out or Path.cwd())
    try:
        with (
            terminated_like_interrupted(),
            Crew(options.jobs or min(len(checks), workers()), str(folder / CHECKS_LOG)) as crew,
            provider.open(profile, folder, progress) as target,
            Journal(folder / JOURNAL) as journal,
        ):
            progress(f"running {_named(sorted(checks))} again at {target.base_url}")
            recorder = Recorder(journal, plugins)
            work = _begin(profile, records.started, catalogue, target, recorder, plugins, checks)
            conduct(crew, work, recorder)
    except ProviderError as error:
        with suppress(OSError):  # what the provider left there stays
            (folder / JOURNAL).unlink(missing_ok=True)
            (folder / CHECKS_LOG).unlink(missing_ok=True)
            folder.rmdir()
        return _unreached(chosen, then, str(error))
    return _judged(chosen, then, Records(folder / JOURNAL), records.started, target)


def _runnable(catalogue: Catalogue, chosen: Iterable[Known]) -> dict[str, str]:
    """The checks that saw the findings and still exist, each with its control."""
    there = {c.id: c.control for c in catalogue.checks}
    return {check: there[check] for k in chosen for check in k.checks if check in there}


def _named(checks: Sequence[str]) -> str:
    return checks[0] if len(checks) == 1 else f"{len(checks)} checks"


def _begin(
    profile: Profile,
    started: RunStarted,
    catalogue: Catalogue,
    target: Target,
    recorder: Recorder,
    plugins: Plugins,
    checks: dict[str, str],
) -> Work:
    options = Options(seed=started.seed, select=tuple(sorted(set(checks.values()))))
    return begin(profile, options, catalogue, target, recorder, plugins, only=frozenset(checks))


def _judged(
    chosen: Sequence[Known],
    then: dict[str, Exchange],
    records: Records,
    started: RunStarted,
    target: Target,
) -> Outcome:
    old = {k.fingerprint: [then[e] for e in k.problem.exchanges if e in then] for k in chosen}
    kept, exchanges = _sifted(records, chosen, old)
    again = Again(
        attempts=last_attempts(kept),
        exchanges=exchanges,
        same_suites=started.suites_digest == records.started.suites_digest,
    )
    left_out = {s.control: s.reason for s in records.started.out_of_scope}
    replayed = []
    for known in chosen:
        judgement = judge(known, old[known.fingerprint], again)
        if known.control.id in left_out:
            reason = f"It is out of scope here: {left_out[known.control.id]}"
            judgement = Judgement(Answer.CANT_TELL, reason, judgement.pairs)
        replayed.append(Replayed(known, judgement))
    interrupted = any(e.outcome == "interrupted" for e in of_type(kept, RunEnded))
    return Outcome(
        replayed=tuple(replayed),
        journal=records.path,
        notes=tuple(_notes(started, records.started)),
        ca_file=target.ca_file,
        exit=Exit.INTERRUPTED if interrupted else _exit(replayed),
    )


def _sifted(
    records: Records, chosen: Sequence[Known], old: dict[str, list[Exchange]]
) -> tuple[list[AnyRecord], list[Exchange]]:
    """What the judgement rests on, in one pass: a check may have sent very many exchanges."""
    kept: list[AnyRecord] = []
    exchanges: list[Exchange] = []
    shown = _shown(records, chosen)
    for record in records:
        if not isinstance(record, Exchange):
            if not isinstance(record, Aside):
                kept.append(record)
        elif record.id in shown or (
            len(exchanges) < MOST_KEPT
            and any(matters(record, k, old[k.fingerprint]) for k in chosen)
        ):
            exchanges.append(record)
    return kept, exchanges


def _shown(records: Records, chosen: Sequence[Known]) -> Collection[str]:
    """The exchanges of the same violations in the new try."""
    wanted = {k.fingerprint for k in chosen}
    evidence = known_findings(records)
    return {e for k in evidence if k.fingerprint in wanted for e in k.problem.exchanges}


def _notes(started: RunStarted, now: RunStarted) -> Iterable[str]:
    if (started.provider, address(started.target)) != (now.provider, address(now.target)):
        yield f"It was sent to {now.target}; the run was of {started.target}."
    if started.suites_digest != now.suites_digest:
        yield "The suites have changed since that run."
    if started.profile_digest != now.profile_digest:
        yield "The profile has changed since that run."


def _unreached(chosen: Sequence[Known], then: dict[str, Exchange], reason: str) -> Outcome:
    again = Again({}, (), True)
    replayed = []
    for known in chosen:
        old = [then[e] for e in known.problem.exchanges if e in then]
        pairs = judge(known, old, again).pairs
        replayed.append(Replayed(known, Judgement(Answer.CANT_TELL, reason, pairs)))
    return Outcome(tuple(replayed), None, (), "", _exit(replayed))


def _exit(replayed: Iterable[Replayed]) -> Exit:
    """The worst that was answered: one that is still there, else one that nobody could tell."""
    answers = {r.judgement.answer for r in replayed}
    for answer in (Answer.STILL_THERE, Answer.CANT_TELL):
        if answer in answers:
            return EXITS[answer]
    return Exit.PASSED
