"""The proof: each control against the clean stack, its planted defects and its near-misses.

A variant is one lane of a lab with one thing planted. In it run the controls that name it (its
subjects) and some that don't (its bystanders). Every cell says who stood by.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from l7audit import catalogue as catalogues
from l7audit.assess.proof import CLEAN, encode, proof_document
from l7audit.assess.verdicts import ControlEvidence, control_evidence
from l7audit.consent import consent
from l7audit.exits import Exit
from l7audit.folders import CHECKS_LOG, JOURNAL, PROOF, VARIANTS, new_folder
from l7audit.harness.context import Context
from l7audit.harness.crew import Worker
from l7audit.harness.document import understood
from l7audit.harness.serving import Job
from l7audit.hookspecs import Lab, Progress
from l7audit.journal import AnyRecord, Journal, ProofCell, Record, RunEnded, RunStarted
from l7audit.model import Control, Safety, Target, Verdict
from l7audit.planning import Plan, plan, provable
from l7audit.plugins import Plugins
from l7audit.probe.probe import Probe
from l7audit.profile import Profile
from l7audit.recorder import Recorder
from l7audit.rendering import Outcome, render
from l7audit.session import Options, run_started, terminated_like_interrupted
from l7audit.target.learnt import Learnt
from l7audit.variants import Variant, bystanders, variants_of

LANES = 4
"""Twice the cores of a small machine: waits for limits, faults and deadlines are half of a lane's
time."""
SEED = 20250813
"""A proof is to be repeated as it was, so its seed is fixed unless the caller names one."""


def prove(profile: Profile, plugins: Plugins, options: Options, progress: Progress) -> Outcome:
    """Runs the matrix and writes the journal, the reports and `proof.json`.

    Errors: as `session.run`; `ProviderError` where the provider has no lab.
    """
    catalogue = catalogues.load([s.package for s in plugins.suites])
    selected = catalogue.select(options.select or profile.select, profile.skip)
    provider = plugins.provider(profile.target.provider)
    folder = new_folder(options.out)
    seed = options.seed if options.seed is not None else SEED
    started = time.time()
    with (
        terminated_like_interrupted(),
        provider.open_lab(profile, folder, progress, LANES) as lab,
        Journal(folder / JOURNAL) as journal,
    ):
        recorder = Recorder(journal, plugins)
        target = lab.target(0, [])
        known = dict(lab.defects())
        allowed = consent(profile, target, datetime.now(UTC).date())
        planned = plan(
            catalogue,
            selected,
            target,
            allowed.level,
            held_back=allowed.reason,
            scanners=plugins.scanners,
        )
        planned = provable(planned, known, target.provider)
        variants = variants_of(planned.controls, known)
        head = run_started(profile, catalogue, planned, target, seed, options, allowed, plugins)
        recorder(head)
        document, learnt = _understood(profile, target, recorder, seed, allowed.level)
        standing_by = bystanders(variants, planned.controls, thorough=options.thorough)
        bench = _Bench(
            profile,
            allowed.level,
            planned,
            head,
            document,
            learnt,
            folder,
            standing_by,
            plugins.scanner_classes,
        )
        cells, outcome, reason = _matrix(lab, bench, variants, recorder)
        recorder(RunEnded(outcome=outcome, reason=reason, seconds=time.time() - started))
    matrix = proof_document(
        planned.controls,
        cells,
        suites_digest=catalogue.digest,
        seconds=round(time.time() - started, 1),
    )
    proof_file = folder / PROOF
    proof_file.write_bytes(encode(matrix))
    done = render(folder / JOURNAL, plugins, folder, options.reporters)
    exit_code = Exit.INTERRUPTED if outcome != "completed" else Exit.PASSED
    if exit_code is Exit.PASSED and not matrix.controls:
        exit_code = Exit.NOTHING_ASSESSED
    elif exit_code is Exit.PASSED and matrix.gaps:
        exit_code = Exit.FAILED
    return Outcome(folder, done.results, (*done.files, proof_file), exit_code)


@dataclass(frozen=True, slots=True)
class _Bench:
    """What all variants share."""

    profile: Profile
    level: Safety
    plan: Plan
    head: RunStarted
    document: str
    learnt: Learnt
    folder: Path
    bystanders: Mapping[str, frozenset[str]]
    scanners: Mapping[str, str]

    @property
    def controls(self) -> dict[str, Control]:
        return {c.id: c for c in self.plan.controls}


def _understood(
    profile: Profile, target: Target, recorder: Recorder, seed: int, level: Safety
) -> tuple[str, Learnt]:
    """What is known of the clean stack, and so of each variant: their manners are the same."""
    probe = Probe(target, recorder, limits=profile.budget, safety=level)
    try:
        document, learnt, _ = understood(target, probe, seed)
        return document, learnt
    finally:
        probe.close()


def _matrix(
    lab: Lab, bench: _Bench, variants: Sequence[Variant], recorder: Recorder
) -> tuple[list[ProofCell], str, str]:
    """All cells, worked off by as many threads as the lab has lanes; the clean stack first."""
    waiting, whole = queue.SimpleQueue[Variant](), queue.SimpleQueue[Variant]()
    only_first = {CLEAN, *lab.whole()}
    for variant in variants:
        (whole if variant.name in only_first else waiting).put(variant)
    cells: list[ProofCell] = []
    troubles: list[BaseException] = []
    stop = threading.Event()
    workers = [Worker(str(bench.folder / CHECKS_LOG)) for _ in range(lab.lanes)]

    def work(lane: int) -> None:
        queues = (whole, waiting) if lane == 0 else (waiting,)
        try:
            while not stop.is_set() and (variant := _next(queues)) is not None:
                for cell in _variant(lab, lane, workers[lane], bench, variant, recorder):
                    recorder(cell)
                    cells.append(cell)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            troubles.append(error)
            stop.set()

    threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(lab.lanes)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():  # a bounded join lets Ctrl-C through
                thread.join(timeout=0.2)
    except KeyboardInterrupt:
        stop.set()
        return cells, "interrupted", "It was interrupted."
    finally:
        for worker in workers:
            worker.kill()
        for thread in threads:  # so that no record comes after the run's last
            thread.join(timeout=5)
    if troubles:
        raise troubles[0]
    return cells, "completed", ""


def _next(queues: Sequence[queue.SimpleQueue[Variant]]) -> Variant | None:
    for waiting in queues:
        try:
            return waiting.get_nowait()
        except queue.Empty:
            continue
    return None


def _variant(
    lab: Lab, lane: int, worker: Worker, bench: _Bench, variant: Variant, recorder: Recorder
) -> list[ProofCell]:
    """The cells of one variant: one for each subject; none where the worker was killed."""
    clean = variant.name == CLEAN
    target = lab.target(lane, [] if clean else [variant.name])
    controls = bench.controls
    present = variant.subjects | bench.bystanders[variant.name]
    checks = tuple(c for c in bench.plan.checks if c.control in present)
    context = Context(
        target=target,
        document=bench.document,
        seed=bench.head.seed,
        controls=controls,
        budget=bench.profile.budget,
        safety=bench.level,
        variant=variant.name,
        learnt=bench.learnt,
        scanners=bench.scanners,
    )
    ran = {c.control for c in checks}
    head = _head(bench.head, variant, target, ran)
    records: list[AnyRecord] = [head]
    started = time.time()
    shared = tuple(c for c in checks if not controls[c.control].alone)
    alone = tuple(c for c in checks if controls[c.control].alone)
    path = bench.folder / VARIANTS / f"{variant.name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    with Journal(path) as journal:
        journal.append(head)

        def deliver(record: Record) -> None:
            records.append(journal.append(record))
            if clean:  # the clean stack's evidence is the run's own
                recorder(record)

        for group in (shared, alone):
            if group and not worker.run(Job(context, group), deliver):
                return []  # it was killed: what the variant comes to is not known
        journal.append(RunEnded(outcome="completed", seconds=time.time() - started))
    evidence = {e.control.id: e for e in control_evidence(records)}
    return [_cell(evidence[name], variant, evidence, bench) for name in sorted(variant.subjects)]


def _head(head: RunStarted, variant: Variant, target: Target, ran: set[str]) -> RunStarted:
    """The first record of a variant's own journal."""
    return RunStarted(
        format=head.format,
        run=f"{head.run}-{variant.name}",
        seed=head.seed,
        target=f"{target.base_url} with {variant.name}: {variant.summary}",
        provider=head.provider,
        controls=[c for c in head.controls if c.id in ran],
        planned=[c for c in head.planned if c in ran],
        checks={k: v for k, v in head.checks.items() if k in ran},
        documented=head.documented,
        gate=head.gate,
        profile=head.profile,
        profile_digest=head.profile_digest,
        suites_digest=head.suites_digest,
        versions=head.versions,
        environment=head.environment,
    )


def _cell(
    subject: ControlEvidence, variant: Variant, all_: dict[str, ControlEvidence], bench: _Bench
) -> ProofCell:
    stood_by = sorted(all_.keys() - variant.subjects)
    disturbed = [name for name in stood_by if all_[name].verdict is Verdict.FAIL]
    as_expected = subject.verdict is variant.expected
    reason = ""
    if not as_expected:
        said = f": {subject.reason}" if subject.reason else ""
        reason = f"It answered {subject.verdict} where {variant.expected} was due{said}"
    elif disturbed:
        first = all_[disturbed[0]]
        reason = f"It also turned {', '.join(disturbed)} red ({first.reason})"
    elif subject.verdict is Verdict.FAIL:
        reason = subject.reason
    return ProofCell(
        control=subject.control.id,
        variant=variant.name,
        kind=variant.kind,
        summary=variant.summary,
        expected=variant.expected,
        verdict=subject.verdict,
        ok=as_expected and not disturbed,
        disturbed=disturbed,
        observed=stood_by,
        reason=reason,
        suites_digest=bench.head.suites_digest,
    )
