from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema
import msgspec
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from l7audit.assess.results import Results
from l7audit.journal import Exchange, Records
from l7audit_plugins.reporters.ocsf import VERSION, Event, events

Validate = Callable[[Event], None]


@pytest.fixture(scope="module")
def validate() -> Validate:
    published = OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION))
    validator = jsonschema.Draft202012Validator(published.get_class_schema("compliance_finding"))
    return validator.validate


@pytest.fixture(scope="module")
def told(results: Results, records: Records) -> list[Event]:
    return list(events(results, records))


def of_control(told: list[Event], control: str) -> list[Any]:
    return [e for e in told if e["compliance"]["control"] == control]


def test_every_event_keeps_to_the_published_schema(told: list[Event], validate: Validate) -> None:
    for event in told:
        validate(event)


def test_it_keeps_to_the_schema_whatever_the_target_says(
    spoiled: Results, spoiled_records: Records, validate: Validate
) -> None:
    for event in events(spoiled, spoiled_records):
        validate(event)


@pytest.mark.parametrize(
    "wrong", [{"severity_id": 7}, {"class_uid": 2004}, {"invented": 1}, {"time": "now"}]
)
def test_the_schema_would_refuse_an_event_that_is_wrong(
    told: list[Event], validate: Validate, wrong: Event
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(told[0] | wrong)


def test_there_is_an_event_for_each_finding_and_each_control_without_any(
    results: Results, told: list[Event]
) -> None:
    number = sum(len(c.findings) or 1 for c in results.controls) + len(results.out_of_scope)
    assert len(told) == number
    assert len({e["metadata"]["uid"] for e in told}) == number


@pytest.mark.parametrize(
    ("control", "status", "severity"),
    [
        ("AUTHN-01", "Pass", "Informational"),
        ("AUTHN-02", "Fail", "Critical"),
        ("AUTHN-05", "Unknown", "High"),
        ("RATE-02", "Unknown", "High"),
        ("HEAD-03", "Not applicable", "Informational"),
        ("RESIL-01", "Out of scope", "Informational"),
    ],
)
def test_the_status_is_the_verdict_and_what_is_undecided_is_unknown(
    told: list[Event], control: str, status: str, severity: str
) -> None:
    (event,) = of_control(told, control)
    assert (event["compliance"]["status"], event["severity"]) == (status, severity)


def test_a_waived_finding_is_a_suppressed_failure(told: list[Event]) -> None:
    (event,) = of_control(told, "CORS-03")
    assert event["compliance"]["status"] == "Fail"
    assert (event["status_id"], event["status"]) == (3, "Suppressed")
    assert event["status_detail"].startswith("Waived by platform team until 2026-12-31")


def test_times_are_those_of_the_journal(records: Records, told: list[Event]) -> None:
    exchange = next(r for r in records if getattr(r, "id", "") == "CORS-02-e1")
    assert {e["time"] for e in of_control(told, "CORS-02")} == {round(exchange.time * 1000)}


def test_a_finding_is_the_same_one_in_another_run(
    results: Results, records: Records, told: list[Event]
) -> None:
    later = list(events(msgspec.structs.replace(results, run="another"), records))
    for was, now in zip(told, later, strict=True):
        assert was["finding_info"]["uid"] == now["finding_info"]["uid"]
        assert was["metadata"]["uid"] != now["metadata"]["uid"]


def test_the_evidence_names_what_was_sent(told: list[Event]) -> None:
    event = of_control(told, "AUTHN-02")[0]
    assert event["evidences"] == [
        {
            "uid": "AUTHN-02-e1",
            "name": "GET https://127.0.0.1:8443/agents?limit=1",
            "url": {"url_string": "https://127.0.0.1:8443/agents?limit=1"},
            "http_request": {"uid": "AUTHN-02-e1", "http_method": "GET"},
            "http_response": {"code": 200},
        }
    ]


def test_a_method_that_the_framework_does_not_know_stands_in_the_name(
    results: Results, records: Records, validate: Validate
) -> None:
    patched = [
        msgspec.structs.replace(r, method="PATCH") if isinstance(r, Exchange) else r
        for r in records
    ]
    event = of_control(list(events(results, patched)), "AUTHN-02")[0]
    validate(event)
    assert event["evidences"][0]["name"].startswith("PATCH https://")
