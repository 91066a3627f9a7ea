from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import msgspec
import pytest

from l7audit.assess.results import Results
from l7audit.journal import Records
from l7audit.model import Verdict
from l7audit_plugins.reporters.oscal import nist, render
from l7audit_plugins.reporters.oscal_parts import FINDINGS

Document = dict[str, Any]
Validate = Callable[[Document], None]


@pytest.fixture(scope="module")
def validate(schema: Callable[[str], bytes]) -> Validate:
    # Unicode classes as Python's expressions write them; the schema is NIST's otherwise.
    text = schema("oscal_assessment-results_schema.json.gz").decode()
    text = text.replace(r"\\p{L}|\\p{N}", r"\\w").replace(r"\\p{L}", r"[^\\W\\d_]")
    return jsonschema.Draft7Validator(json.loads(text)).validate


@pytest.fixture(scope="module")
def document(results: Results, records: Records) -> Document:
    whole = render(results, records)
    found: Document = whole["assessment-results"]
    return found


@pytest.fixture(scope="module")
def result(document: Document) -> Document:
    (found,) = document["results"]
    return found


def within(value: Any) -> Iterator[Document]:
    """Every object of a document."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            yield from within(part)


def finding(result: Document, control: str) -> Document:
    (found,) = (f for f in result["findings"] if f["target"]["target-id"] == control)
    return found


def test_it_keeps_to_the_published_schema(
    results: Results, records: Records, validate: Validate
) -> None:
    validate(render(results, records))


def test_it_keeps_to_the_schema_whatever_the_target_says(
    spoiled: Results, spoiled_records: Records, validate: Validate
) -> None:
    validate(render(spoiled, spoiled_records))


def test_it_keeps_to_the_schema_where_nothing_failed_or_maps(
    results: Results, records: Records, validate: Validate
) -> None:
    passed = [
        msgspec.structs.replace(c, mappings={}, rationale="", remediation="")
        for c in results.controls
        if c.verdict == Verdict.PASS
    ]
    validate(render(msgspec.structs.replace(results, controls=passed, out_of_scope=[]), records))
    validate(render(msgspec.structs.replace(results, controls=[], profile=""), records))


def test_the_schema_would_refuse_a_document_that_is_wrong(
    document: Document, validate: Validate
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate({"assessment-results": document | {"uuid": "none"}})
    with pytest.raises(jsonschema.ValidationError):
        validate({"assessment-results": document | {"invented": 1}})


@pytest.mark.parametrize(
    ("control", "state", "reason"),
    [
        ("AUTHN-01", "satisfied", "pass"),
        ("AUTHN-02", "not-satisfied", "fail"),
        ("AUTHN-05", "not-satisfied", "other"),
        ("RATE-02", "not-satisfied", "other"),
        ("CORS-03", "not-satisfied", "fail"),
    ],
)
def test_only_a_pass_satisfies_an_objective(
    result: Document, control: str, state: str, reason: str
) -> None:
    status = finding(result, control)["target"]["status"]
    assert (status["state"], status["reason"]) == (state, reason)
    assert status["remarks"]


def test_what_does_not_apply_is_observed_and_finds_nothing(result: Document) -> None:
    assert not [f for f in result["findings"] if f["target"]["target-id"] == "HEAD-03"]
    assert [o for o in result["observations"] if o["title"].startswith("HEAD-03")]


def test_every_reference_leads_to_something(document: Document) -> None:
    named = {part["uuid"] for part in within(document) if "uuid" in part}
    for part in within(document):
        for key in ("observation-uuid", "risk-uuid", "subject-uuid"):
            assert part.get(key, document["uuid"]) in named
        if str(part.get("href", "")).startswith("#"):
            assert part["href"][1:] in named


def test_no_uuid_is_given_twice(document: Document) -> None:
    found = [part["uuid"] for part in within(document) if "uuid" in part]
    assert len(set(found)) == len(found)
    assert {uuid.UUID(u).version for u in found} == {5}


def test_a_waived_failure_is_an_approved_deviation_with_a_deadline(result: Document) -> None:
    risks = {r["title"].split()[0]: r for r in result["risks"]}
    waived = risks["CORS-03"]
    assert waived["status"] == "deviation-approved"
    assert waived["deadline"] == "2026-12-31T23:59:59Z"
    assert "platform team" in waived["mitigating-factors"][0]["description"]
    assert risks["AUTHN-02"]["status"] == "open"
    assert finding(result, "CORS-03")["related-risks"] == [{"risk-uuid": waived["uuid"]}]


def test_objectives_belong_to_the_nist_controls_that_ours_map_to(
    document: Document, result: Document
) -> None:
    objectives = document["local-definitions"]["objectives-and-methods"]
    assert {o["control-id"] for o in objectives} == {"ia-5"}
    selections = result["reviewed-controls"]["control-selections"]
    assert selections == [{"include-controls": [{"control-id": "ac-3"}, {"control-id": "ia-5"}]}]


def test_nist_ids_are_written_as_oscals_catalogue_does() -> None:
    mappings = {"nist-800-53": ["AC-3", "IA-2(1)", "see AC-4"], "nist-800-228": ["AC-9"]}
    assert nist(mappings) == ["ac-3", "ia-2.1"]


def test_what_was_out_of_scope_is_told(result: Document) -> None:
    (prop,) = (p for p in result["props"] if p["name"] == "out-of-scope")
    assert (prop["value"], prop["remarks"]) == ("RESIL-01", "It needs faults.")


def test_times_are_those_of_the_journal(results: Results, document: Document) -> None:
    assert document["metadata"]["last-modified"] == results.ended
    for observation in document["results"][0]["observations"]:
        assert results.started <= observation["collected"] <= results.ended


def test_more_findings_than_a_reader_takes_are_counted(
    results: Results, records: Records, validate: Validate
) -> None:
    control = next(c for c in results.controls if c.id == "HEAD-02")
    many = [
        msgspec.structs.replace(control.findings[0], fingerprint=f"f{n}")
        for n in range(FINDINGS + 7)
    ]
    crowded = msgspec.structs.replace(control, findings=many)
    whole = render(msgspec.structs.replace(results, controls=[crowded]), records)
    validate(whole)
    first, *others = whole["assessment-results"]["results"][0]["observations"]
    assert len(others) == FINDINGS
    assert "7 more findings are told in results.json only." in first["description"]
