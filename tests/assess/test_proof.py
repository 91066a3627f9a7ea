from __future__ import annotations

from typing import Any

import msgspec

from l7audit.assess.proof import cells_of, encode, proof, proof_document
from l7audit.journal import ProofCell
from l7audit.model import Control, Severity, Verdict

PASS, FAIL = Verdict.PASS, Verdict.FAIL

CONTROL = Control(
    id="AA-01",
    title="t",
    severity=Severity.HIGH,
    rationale="r",
    remediation="m",
    mappings={},
    defects=["aa.open"],
    near_misses=["aa.harmless"],
)


def cell(variant: str, *, verdict: Verdict = PASS, ok: bool = True, **more: Any) -> ProofCell:
    kind = {"clean": "clean", "aa.open": "defect"}.get(variant, "near_miss")
    more.setdefault("control", "AA-01")
    expected = FAIL if kind == "defect" else PASS
    return ProofCell(variant=variant, kind=kind, expected=expected, verdict=verdict, ok=ok, **more)


WHOLE = [cell("clean"), cell("aa.open", verdict=FAIL), cell("aa.harmless")]


def test_a_control_is_proven_by_all_cells_together() -> None:
    found = proof(CONTROL, cells_of(WHOLE))
    assert (found.state, found.clean, found.gaps) == ("proven", PASS, [])
    assert [d.name for d in found.defects] == ["aa.open"]
    assert found.near_misses[0].ok


def test_without_a_proof_run_the_proof_is_only_declared() -> None:
    found = proof(CONTROL, cells_of([]))
    assert (found.state, found.gaps) == ("declared", [])
    assert found.defects[0].verdict is None


def test_every_missing_or_wrong_cell_is_a_gap() -> None:
    assert proof(CONTROL, cells_of(WHOLE[1:])).gaps == ["clean: It was not run."]
    assert proof(CONTROL, cells_of(WHOLE[:2])).gaps == ["aa.harmless: It was not run."]
    survived = [*WHOLE, cell("aa.open", verdict=PASS, ok=False)]
    assert proof(CONTROL, cells_of(survived)).gaps == ["aa.open: The control answered pass."]
    disturbing = [*WHOLE, cell("aa.open", verdict=FAIL, ok=False, disturbed=["BB-01"])]
    assert proof(CONTROL, cells_of(disturbing)).gaps == ["aa.open: It also turned BB-01 red."]
    unclean = [*WHOLE, cell("clean", verdict=FAIL, ok=False)]
    assert proof(CONTROL, cells_of(unclean)).gaps == ["clean: The clean stack gave fail."]
    told = [*WHOLE, cell("aa.open", ok=False, reason="The lane did not start.")]
    assert proof(CONTROL, cells_of(told)).gaps == ["aa.open: The lane did not start."]


def test_a_control_without_a_declared_defect_is_a_gap_even_when_it_was_run() -> None:
    bare = msgspec.structs.replace(CONTROL, defects=[], near_misses=[])
    found = proof(bare, cells_of([cell("clean")]))
    assert (found.state, found.gaps) == ("none", ["No defect is declared for it."])


def test_cells_of_other_checks_prove_nothing() -> None:
    old = [msgspec.structs.replace(c, suites_digest="old") for c in WHOLE]
    assert proof(CONTROL, cells_of(old, "new")).state == "declared"
    assert proof(CONTROL, cells_of(old, "old")).state == "proven"


def test_the_document_lists_every_control_and_every_gap() -> None:
    other = msgspec.structs.replace(CONTROL, id="AA-00", defects=[], near_misses=[])
    found = proof_document([CONTROL, other], WHOLE, suites_digest="d", seconds=2.5)
    assert [c.id for c in found.controls] == ["AA-00", "AA-01"]
    assert [(g.control, g.variant) for g in found.gaps] == [("AA-00", ""), ("AA-00", "clean")]
    assert encode(found).endswith(b"}\n")
    written = msgspec.json.decode(encode(found))
    assert written["controls"][1]["defects"][0]["verdict"] == "fail"
    assert written["gaps"][0]["reason"] == "No defect is declared for it."


def test_a_control_that_was_not_proven_at_all_is_a_gap_of_the_document() -> None:
    found = proof_document([CONTROL], [])
    assert found.controls[0].state == "gap"
    assert [g.variant for g in found.gaps] == ["clean", "aa.open", "aa.harmless"]
