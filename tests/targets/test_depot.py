"""What only some of a suite's looks see: each of them finds what is wrong, and nothing else."""

from __future__ import annotations

import pytest
from depot.service import NEAR_MISSES, WEAKNESSES, Depot, document, serving
from small_server import checked

from l7audit.harness.crew import Worker
from l7audit.journal import CheckEnded, Record, Violation, of_type
from l7audit.model import Confidence, Verdict

CONTROLS = ("AUTHZ-01", "AUTHZ-04", "AUTHZ-06", "INPUT-25")
FOUND = {
    "receipts-of-all": {("AUTHZ-04", "GET /receipts", Confidence.WEAK)},
    "contents-of-all": {
        (control, "GET /boxes/{box}/contents/{content}", Confidence.STRONG)
        for control in ("AUTHZ-01", "AUTHZ-06")
    },
    "remarks-of-all": {("AUTHZ-01", "GET /shelves/{shelf}/remarks/{remark}", Confidence.CONFIRMED)},
    "words-as-markup": {("INPUT-25", "GET /find", Confidence.CONFIRMED)},
}


def audited(worker: Worker, depot: Depot) -> list[Record]:
    """What the controls record of the depot."""
    with serving(depot) as target:
        return checked(worker, target, document(), CONTROLS)


def test_a_sound_depot_passes(worker: Worker) -> None:
    ends = [(e.control, e.verdict) for e in of_type(audited(worker, Depot()), CheckEnded)]
    no_page_and_no_spreadsheet = [("INPUT-25", Verdict.NOT_APPLICABLE)] * 2
    expected = [*((control, Verdict.PASS) for control in CONTROLS), *no_page_and_no_spreadsheet]
    assert sorted(ends) == sorted(expected)


@pytest.mark.parametrize("weak", WEAKNESSES)
def test_each_weakness_is_found_and_no_other(worker: Worker, weak: str) -> None:
    violations = of_type(audited(worker, Depot(weak)), Violation)
    assert {(v.control, v.place.operation, v.confidence) for v in violations} == FOUND[weak]


@pytest.mark.parametrize("harmless", NEAR_MISSES)
def test_what_is_shared_or_shown_to_all_is_no_finding(worker: Worker, harmless: str) -> None:
    records = audited(worker, Depot(harmless))
    assert [v.place for v in of_type(records, Violation)] == []
    assert Verdict.ERROR not in {e.verdict for e in of_type(records, CheckEnded)}
