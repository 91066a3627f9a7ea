"""Live progress of a proof: a line a control, once it met everything that it names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from l7audit.cli.proving import Proving
from l7audit.cli.terminal import Terminal
from l7audit.journal import ProofCell
from l7audit.model import Verdict


def cell(variant: str, kind: str, **more: Any) -> ProofCell:
    expected = Verdict.FAIL if kind == "defect" else Verdict.PASS
    fields: dict[str, Any] = {"expected": expected, "verdict": expected, "ok": True} | more
    return ProofCell(control="AA-01", variant=variant, kind=kind, **fields)


@pytest.fixture
def begin(story: Any, a_control: Callable[..., Any]) -> Callable[[], Proving]:
    """A listener that was told the plan. Called in the test, where stdout is captured."""
    plan = story({"AA-01": Verdict.PASS}).records()[0]
    control = a_control("AA-01", defects=["a.open"], near_misses=["a.odd"])

    def start() -> Proving:
        listener = Proving(Terminal())
        listener.l7audit_observe_record(msgspec.structs.replace(plan, controls=[control]))
        return listener

    return start


def test_a_control_is_proven_once_all_its_cells_are_as_they_must_be(
    begin: Callable[[], Proving], capsys: pytest.CaptureFixture[str]
) -> None:
    proving = begin()
    assert "1 control, 3 cells of the proof matrix" in capsys.readouterr().out
    proving.l7audit_observe_record(cell("clean", "clean"))
    proving.l7audit_observe_record(cell("a.open", "defect"))
    assert capsys.readouterr().out == ""
    proving.l7audit_observe_record(cell("a.odd", "near_miss"))
    assert capsys.readouterr().out.startswith(
        "proven  AA-01     Title of AA-01  1 defect, 1 near-miss"
    )


def test_a_gap_is_said_with_its_variant_and_reason(
    begin: Callable[[], Proving], capsys: pytest.CaptureFixture[str]
) -> None:
    proving = begin()
    capsys.readouterr()
    proving.l7audit_observe_record(cell("clean", "clean"))
    missed = {"verdict": Verdict.PASS, "ok": False, "reason": "It answered pass."}
    proving.l7audit_observe_record(cell("a.open", "defect", **missed))
    proving.l7audit_observe_record(cell("a.odd", "near_miss", ok=False, reason="Wolf."))
    assert capsys.readouterr().out == "gap     AA-01     a.open: It answered pass. (and 1 more)\n"
