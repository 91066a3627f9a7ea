from __future__ import annotations

import io
from collections.abc import Callable
from typing import get_args
from xml.etree import ElementTree

import msgspec
import pytest
import xmlschema

from l7audit.assess.results import Decision, Results
from l7audit_plugins.reporters.junit import render


@pytest.fixture(scope="module")
def validate(schema: Callable[[str], bytes]) -> Callable[[bytes], None]:
    published = xmlschema.XMLSchema(io.BytesIO(schema("junit-10.xsd")))
    return lambda document: published.validate(io.BytesIO(document))


@pytest.fixture(scope="module")
def suites(results: Results) -> ElementTree.Element:
    return ElementTree.fromstring(render(results))


def case(suites: ElementTree.Element, name: str) -> ElementTree.Element:
    (found,) = (c for c in suites.iter("testcase") if c.get("name", "").startswith(name))
    return found


def outcome(suites: ElementTree.Element, name: str) -> ElementTree.Element:
    (found,) = (e for e in case(suites, name) if e.tag in ("failure", "error", "skipped"))
    return found


def test_it_keeps_to_the_published_schema(
    results: Results, validate: Callable[[bytes], None]
) -> None:
    validate(render(results))


def test_it_keeps_to_the_schema_whatever_the_target_says(
    spoiled: Results, validate: Callable[[bytes], None]
) -> None:
    validate(render(spoiled))


def test_the_schema_would_refuse_a_document_that_is_wrong(
    results: Results, validate: Callable[[bytes], None]
) -> None:
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        validate(render(results).replace(b"<failure", b"<red").replace(b"</failure", b"</red"))


def test_there_is_one_test_case_a_control_and_one_for_the_gate(
    results: Results, suites: ElementTree.Element
) -> None:
    names = [c.get("name", "").split()[0] for c in suites.iter("testcase")]
    controls = [c.id for c in results.controls] + [o.control for o in results.out_of_scope]
    assert names[0] == "gate"
    assert sorted(names[1:]) == sorted(controls)
    assert case(suites, "CORS-02").get("classname") == "CORS"


def test_a_failed_control_is_a_failure_that_tells_its_findings(suites: ElementTree.Element) -> None:
    failure = outcome(suites, "CORS-02")
    assert (failure.tag, failure.get("type")) == ("failure", "high")
    assert "though it should have been refused" in failure.get("message", "")
    assert failure.text is not None
    assert failure.text.count("GET /agents (CORS case") == 2
    assert "expected: 401 or 403; seen: 200" in failure.text
    assert "fingerprint cors-02-1, exchanges CORS-02-e1, CORS-02-e2" in failure.text
    assert "Remediation: Check the claim" in failure.text


@pytest.mark.parametrize("name", ["AUTHN-05", "RATE-02"])
def test_a_control_without_an_answer_is_an_error(suites: ElementTree.Element, name: str) -> None:
    error = outcome(suites, name)
    assert error.tag == "error"
    assert error.get("message", "").startswith("No answer: ")


def test_a_waived_failure_is_skipped_with_its_owner_and_reason(suites: ElementTree.Element) -> None:
    skipped = outcome(suites, "CORS-03")
    assert (skipped.tag, skipped.get("type")) == ("skipped", "waived")
    assert skipped.get("message", "").startswith("Waived by platform team until 2026-12-31")
    assert "GET /agents" in (skipped.text or "")


def test_what_does_not_apply_or_is_out_of_scope_is_skipped_with_the_reason(
    suites: ElementTree.Element,
) -> None:
    assert outcome(suites, "HEAD-03").get("message") == (
        "Not applicable: No answer of the target sets a cookie."
    )
    assert outcome(suites, "RESIL-01").get("message") == "Out of scope: It needs faults."


def test_a_pass_has_no_outcome(suites: ElementTree.Element) -> None:
    assert list(case(suites, "AUTHN-01")) == []


@pytest.mark.parametrize(
    "decision", get_args(Decision.__value__ if hasattr(Decision, "__value__") else Decision)
)
def test_the_gates_test_case_is_green_only_where_the_gate_passed(
    results: Results, decision: Decision
) -> None:
    gate = msgspec.structs.replace(results.gate, decision=decision)
    suites = ElementTree.fromstring(render(msgspec.structs.replace(results, gate=gate)))
    red = [e.tag for e in case(suites, "gate") if e.tag in ("failure", "error")]
    assert bool(red) == (decision != "passed")
    first = next(iter(suites))
    assert int(first.get("failures", "0")) + int(first.get("errors", "0")) == len(red)


def test_the_counts_are_those_of_the_test_cases(suites: ElementTree.Element) -> None:
    for suite in suites:
        cases = list(suite.iter("testcase"))
        assert int(suite.get("tests", "")) == len(cases)
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(name, "")) == sum(c.find(tag) is not None for c in cases)
    for name in ("tests", "failures", "errors"):
        assert int(suites.get(name, "")) == sum(int(s.get(name, "")) for s in suites)


def test_nothing_that_xml_forbids_is_in_it(spoiled: Results) -> None:
    text = render(spoiled).decode("utf-8")
    assert "[U+001B]" in text
    assert not any(ord(c) < 32 and c not in "\n\t" for c in text)
    assert "<script" not in text
