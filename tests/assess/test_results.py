from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from l7audit.assess.assess import assess
from l7audit.assess.baseline import baseline_of
from l7audit.assess.results import Results, decode, encode
from l7audit.assess.schema import published, results_schema
from l7audit.journal import PastRun, ProofCell
from l7audit.model import Severity, Verdict, Waiver

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 9, 21)


def every_kind(story: Any, waiver: Waiver, **end: Any) -> Results:
    """A run in which every part of the results is filled."""
    earlier = assess(story().control("AA-01").check("AA-01", Verdict.FAIL).end(), TODAY)
    past = PastRun(run="r0", started=1.0, score=90.0, coverage=1.0, decision="passed")
    told = story(
        waivers=[waiver],
        versions={"b": "2", "a": "1"},
        baseline=baseline_of(earlier),
        history=[past],
    )
    for number, verdict in enumerate(Verdict, start=1):
        told.control(f"AA-{number:02}", defects=["aa.open"]).check(f"AA-{number:02}", verdict)
    told.add(
        ProofCell(
            control="AA-01",
            variant="aa.open",
            kind="defect",
            expected=Verdict.FAIL,
            verdict=Verdict.FAIL,
            ok=True,
        )
    )
    return assess(told.end(**end), TODAY)


def test_the_published_schema_is_the_generated_one() -> None:
    path = ROOT / "docs" / "schema" / "results.schema.json"
    assert path.read_bytes() == published(), "python -m l7audit.assess.schema writes it"


def test_the_schema_is_one_and_wants_what_readers_count_on() -> None:
    schema = results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    wanted = schema["$defs"]["Results"]["required"]
    assert {"score", "coverage", "gate", "targets", "controls"} <= set(wanted)
    control = {"id", "title", "area", "severity", "verdict", "findings", "proof"}
    assert control <= set(schema["$defs"]["ControlResult"]["required"])


@pytest.mark.parametrize("outcome", ["completed", "interrupted", "broken", ""])
def test_every_results_file_keeps_to_the_schema(story: Any, waiver: Waiver, outcome: str) -> None:
    results = every_kind(story, waiver, outcome=outcome)
    jsonschema.validate(json.loads(encode(results)), results_schema())


def test_an_empty_run_keeps_to_the_schema(story: Any) -> None:
    results = assess(story().end(), TODAY)
    jsonschema.validate(json.loads(encode(results)), results_schema())
    assert results.gate.exit_code == 5


def test_results_survive_being_written_and_read(story: Any, waiver: Waiver) -> None:
    results = every_kind(story, waiver)
    assert decode(encode(results)) == results


def test_results_are_indented_and_end_with_a_newline(story: Any) -> None:
    text = encode(assess(story().control("AA-01").check("AA-01").end(), TODAY)).decode()
    assert text.startswith('{\n  "schema": "l7audit-results/1",\n  "run": "run-1"')
    assert text.endswith("\n}\n")


def test_maps_are_written_in_one_order(story: Any, waiver: Waiver) -> None:
    assert list(every_kind(story, waiver).versions) == ["a", "b"]


def test_a_control_tells_what_a_reader_needs_to_act(story: Any) -> None:
    told = story().control("AA-01", Severity.CRITICAL).check("AA-01", Verdict.FAIL, finding="f")
    control = assess(told.end(), TODAY).controls[0]
    assert (control.title, control.rationale, control.remediation) == (
        "Title of AA-01",
        "Because.",
        "Mend it.",
    )
    assert control.mappings == {"OWASP API 2023": ["API2"]}
    assert control.findings[0].exchanges == ["e1"]
    assert control.findings[0].control == "AA-01"
    assert control.witnesses[0].held
    assert control.seconds == 0.5
