"""Rewriting the edge's configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.rewrite_edge import main, rewrite


def test_rewrites_are_applied_in_order_and_the_original_stays() -> None:
    original: dict[str, Any] = {"seen": []}

    def note(mark: str) -> Defect:
        return Defect(f"x.{mark}", "Note.", edge=lambda d: {"seen": [*d["seen"], mark]})

    assert rewrite(original, [note("a"), note("b")]) == {"seen": ["a", "b"]}
    assert original == {"seen": []}


def test_defects_of_the_api_leave_the_edge_alone() -> None:
    assert rewrite({"a": 1}, [Defect("x.y", "Setting.", environment={"A": "1"})]) == {"a": 1}


def test_an_unknown_defect_is_one_sentence_and_a_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "edge.json"
    source.write_text(json.dumps({}))
    assert main([str(source), "edge.none"]) == 4
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("There is no planted defect 'edge.none'")
