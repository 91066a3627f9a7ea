"""However a service says no, a sound one passes, and one that doesn't mean it is found."""

from __future__ import annotations

import pytest
from ledger.service import STYLES, Ledger, document, serving

from l7audit import catalogue as catalogues
from l7audit.harness.context import Context
from l7audit.harness.crew import Worker
from l7audit.harness.serving import Job
from l7audit.journal import CheckEnded, Record, Violation, of_type
from l7audit.model import Confidence, Safety, Target, Verdict
from l7audit.probe.probe import Probe
from l7audit.profile import Budget
from l7audit.target.learnt import Learnt
from l7audit.target.manners import learn
from l7audit.target.target_model import TargetModel

ACCESS = ("AUTHN-01", "AUTHN-02", "AUTHZ-01", "AUTHZ-02", "AUTHZ-03")


def learnt_of(target: Target, text: str) -> Learnt:
    probe = Probe(target, lambda _: None, safety=Safety.PASSIVE)
    try:
        return learn(TargetModel.of(text, target, seed=7), probe)
    finally:
        probe.close()


def audited(
    worker: Worker, target: Target, text: str, *controls: str
) -> tuple[dict[str, CheckEnded], list[Record]]:
    catalogue = catalogues.load(["l7audit_suites"])
    context = Context(
        target=target,
        document=text,
        seed=7,
        controls={c.id: c for c in catalogue.controls},
        budget=Budget(),
        safety=Safety.INTRUSIVE,
        learnt=learnt_of(target, text),
    )
    records: list[Record] = []
    worker.run(
        Job(context, tuple(c for c in catalogue.checks if c.control in controls)), records.append
    )
    return {e.control: e for e in of_type(records, CheckEnded)}, records


@pytest.mark.parametrize("style", STYLES)
def test_a_sound_service_passes_however_it_says_no(worker: Worker, style: str) -> None:
    ledger = Ledger(style)
    with serving(ledger) as target:
        ends, _ = audited(worker, target, document(), *ACCESS)
    assert {c: (e.verdict, e.reason) for c, e in ends.items()} == dict.fromkeys(
        ACCESS, (Verdict.PASS, "")
    )
    assert sorted(n["text"] for n in ledger.notes.values()) == [
        "a note that ann wrote",
        "a note that bob wrote",
    ]


@pytest.mark.parametrize("style", STYLES)
def test_each_weakness_is_found_however_the_service_says_no(worker: Worker, style: str) -> None:
    weak = dict(
        zip(("read", "write", "other-read", "other-change", "other-delete"), ACCESS, strict=True)
    )
    with serving(Ledger(style, frozenset(weak))) as target:
        ends, records = audited(worker, target, document(), *ACCESS)
    assert {c: e.verdict for c, e in ends.items()} == dict.fromkeys(ACCESS, Verdict.FAIL)
    assert {v.confidence for v in of_type(records, Violation)} == {Confidence.CONFIRMED}


@pytest.mark.parametrize("style", ["status", "odd", "redirect", "page"])
def test_a_document_that_tells_neither_security_nor_answers_blinds_nothing(
    worker: Worker, style: str
) -> None:
    text = document(secured=False, answers=False)
    with serving(Ledger(style)) as target:
        sound, _ = audited(worker, target, text, *ACCESS)
    with serving(Ledger(style, frozenset({"other-read", "other-delete"}))) as target:
        weak, _ = audited(worker, target, text, *ACCESS)
    assert {c: e.verdict for c, e in sound.items()} == dict.fromkeys(ACCESS, Verdict.PASS)
    assert {c for c, e in weak.items() if e.verdict is Verdict.FAIL} == {"AUTHZ-01", "AUTHZ-03"}


@pytest.mark.parametrize("style", ["status", "envelope"])
def test_input_that_is_refused_is_refused_however_the_service_says_no(
    worker: Worker, style: str
) -> None:
    with serving(Ledger(style)) as target:
        ends, _ = audited(worker, target, document(), "INPUT-23")
    assert ends["INPUT-23"].verdict is Verdict.PASS


def test_only_what_no_status_tells_is_learnt() -> None:
    for style in STYLES:
        with serving(Ledger(style)) as target:
            learnt = learnt_of(target, document())
        assert bool(learnt.refusals) == (style in {"envelope", "odd", "nothing"}), style


def test_what_everybody_may_read_is_not_taken_for_a_refusal() -> None:
    with serving(Ledger("status", frozenset({"read"}))) as target:
        learnt = learnt_of(target, document())
        silent = learnt_of(target, document(secured=False, answers=False))
    assert learnt == Learnt()
    assert not silent.protected
    assert set(silent.answers) == {"GET /notes"}
