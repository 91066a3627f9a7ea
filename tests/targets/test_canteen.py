"""A canteen: what is ordered, paid, joined and written there, each weakness found where it is."""

from __future__ import annotations

import pytest
from canteen.document import document
from canteen.service import NEAR_MISSES, WEAKNESSES, Canteen, serving
from small_server import checked

from l7audit.harness.crew import Worker
from l7audit.journal import CheckEnded, Record, Violation, of_type
from l7audit.model import Confidence, Verdict

FOUND = {
    "notes-as-markup": ("INPUT-25", "GET /orders/{order_id}/receipt", Confidence.CONFIRMED),
    "names-as-markup": ("INPUT-25", "GET /orders/{order_id}/receipt", Confidence.CONFIRMED),
    "posts-as-markup": ("INPUT-25", "GET /crews/{crew_id}/board", Confidence.CONFIRMED),
    "orders-below-nothing": ("FLOW-01", "POST /orders", Confidence.STRONG),
    "transfers-backwards": ("FLOW-01", "POST /transfers", Confidence.CONFIRMED),
    "totals-taken": ("MASS-03", "POST /orders", Confidence.CONFIRMED),
    "anybody-joins": ("AUTHZ-06", "POST /crews/{crew_id}/members", Confidence.CONFIRMED),
    "unpaid-picked-up": ("FLOW-02", "POST /orders/{order_id}/pickup", Confidence.STRONG),
    "dates-traced": ("EXPOSE-04", "POST /tables", Confidence.CONFIRMED),
    "offsets-traced": ("EXPOSE-04", "GET /tables", Confidence.CONFIRMED),
}
CONTROLS = sorted({control for control, *_ in FOUND.values()})
HARMLESS = {
    "bold-is-kept": "INPUT-25",
    "notes-in-scripts": "INPUT-25",
    "joins-are-asked-for": "AUTHZ-06",
    "paid-when-picked-up": "FLOW-02",
}


def audited(worker: Worker, weak: str, *controls: str) -> list[Record]:
    """What these controls record of a canteen."""
    with serving(Canteen(weak)) as target:
        return checked(worker, target, document(), controls)


def test_a_sound_canteen_passes(worker: Worker) -> None:
    records = audited(worker, "", *CONTROLS)
    assert [v.statement for v in of_type(records, Violation)] == []
    ends = of_type(records, CheckEnded)
    assert {e.control for e in ends if e.verdict is Verdict.PASS} == set(CONTROLS)
    assert {e.verdict for e in ends} <= {Verdict.PASS, Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize("weak", WEAKNESSES)
def test_each_weakness_is_found(worker: Worker, weak: str) -> None:
    control, operation, confidence = FOUND[weak]
    violations = of_type(audited(worker, weak, control), Violation)
    assert {(v.place.operation, v.confidence) for v in violations} == {(operation, confidence)}


@pytest.mark.parametrize("harmless", NEAR_MISSES)
def test_what_only_looks_like_one_is_no_finding(worker: Worker, harmless: str) -> None:
    records = audited(worker, harmless, HARMLESS[harmless])
    assert [v.statement for v in of_type(records, Violation)] == []
    assert Verdict.PASS in {e.verdict for e in of_type(records, CheckEnded)}
