from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import msgspec
import pytest

from l7audit.assess.assess import assess
from l7audit.assess.results import ControlResult, Finding, Results
from l7audit.catalogue import load
from l7audit.journal import Records, RunStarted
from l7audit.model import Place, Verdict, Waiver
from l7audit_plugins.reporters.sarif import render

TODAY = date(2026, 9, 21)

Run = dict[str, Any]


def run_of(results: Results, records: Records, **limits: int) -> Run:
    run: Run = json.loads(render(results, records, **limits))["runs"][0]
    return run


@pytest.fixture(scope="module")
def run(results: Results, records: Records) -> Run:
    return run_of(results, records)


@pytest.fixture(scope="module")
def validate(schema: Callable[[str], bytes]) -> Callable[[bytes], None]:
    validator = jsonschema.Draft4Validator(
        json.loads(schema("sarif-2.1.0-rtm.5.json.gz")),
        format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER,
    )
    return lambda document: validator.validate(json.loads(document))


def of_control(run: Run, control: str) -> list[Any]:
    return [r for r in run["results"] if r["ruleId"] == control]


def test_it_keeps_to_the_published_schema(
    results: Results, records: Records, validate: Callable[[bytes], None]
) -> None:
    validate(render(results, records))


def test_it_keeps_to_the_schema_whatever_the_target_says(
    spoiled: Results, spoiled_records: Records, validate: Callable[[bytes], None]
) -> None:
    validate(render(spoiled, spoiled_records))


def test_the_schema_would_refuse_a_document_that_is_wrong(
    results: Results, records: Records, validate: Callable[[bytes], None]
) -> None:
    wrong = render(results, records).replace(b'"kind":"fail"', b'"kind":"red"')
    with pytest.raises(jsonschema.ValidationError, match="red"):
        validate(wrong)


def test_each_finding_is_a_result_and_no_pass_is_one(results: Results, run: Run) -> None:
    told = {r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]}
    findings = {f.fingerprint for c in results.controls for f in c.findings}
    assert findings < told
    verdicts = {c.id: c.verdict for c in results.controls}
    assert {verdicts[r["ruleId"]] for r in run["results"]} == {
        Verdict.FAIL,
        Verdict.INCONCLUSIVE,
        Verdict.ERROR,
    }


def test_a_control_without_an_answer_is_open_and_has_no_level(run: Run) -> None:
    (result,) = of_control(run, "AUTHN-05")
    assert (result["kind"], result["level"]) == ("open", "none")
    assert result["message"]["text"].startswith("There is no answer: A witness did not hold")
    assert of_control(run, "RATE-02")[0]["message"]["text"].startswith("The check broke: ")


def test_every_place_is_a_file_of_the_repository_with_a_line(run: Run) -> None:
    for result in run["results"]:
        (location,) = result["locations"]
        place = location["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        assert urlsplit(uri).scheme == ""
        assert re.fullmatch(r"suites/l7audit_suites/[\w./-]+\.(py|yaml)", uri)
        assert ".." not in uri
        assert place["region"]["startLine"] >= 1


def test_the_places_of_our_own_checks_are_files_that_exist(results: Results) -> None:
    catalogue = load(["l7audit_suites"])
    renamed = {check.id: check.path for check in catalogue.checks}
    known = [c for c in results.controls if c.verdict == Verdict.ERROR]
    for name, path in renamed.items():
        check = msgspec.structs.replace(known[0].checks[0], id=name)
        control = msgspec.structs.replace(known[0], checks=[check])
        run = run_of(msgspec.structs.replace(results, controls=[control]), [])
        place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert path.as_posix().endswith("/" + place["uri"])


def test_a_finding_in_source_stands_at_its_file_and_line(results: Results) -> None:
    control = next(c for c in results.controls if c.id == "CORS-02")

    def found(operation: str, seen: str) -> Any:
        place = Place(operation=operation, part="B602 shell in look_up")
        finding = msgspec.structs.replace(control.findings[0], place=place, seen=seen)
        changed = msgspec.structs.replace(control, findings=[finding])
        run = run_of(msgspec.structs.replace(results, controls=[changed]), [])
        return run["results"][0]["locations"][0]["physicalLocation"]

    there = found("src/look_up/names.py", "line 42")
    assert there["artifactLocation"]["uri"] == "src/look_up/names.py"
    assert there["region"] == {"startLine": 42}
    for elsewhere in ("GET /files/names.py", "../names.py", "/etc/names.py"):
        uri = found(elsewhere, "line 42")["artifactLocation"]["uri"]
        assert uri.startswith("suites/l7audit_suites/")


def test_the_url_stands_in_the_logical_locations_and_the_properties(run: Run) -> None:
    result = of_control(run, "AUTHN-02")[0]
    url = "https://127.0.0.1:8443/agents?limit=1"
    names = [place["fullyQualifiedName"] for place in result["locations"][0]["logicalLocations"]]
    assert names == ["GET /agents (AUTHN case 1)", url]
    assert result["properties"]["url"] == url
    assert result["webRequest"] == {"method": "GET", "target": url}
    assert result["webResponse"] == {"statusCode": 200}


def test_two_findings_at_one_place_are_told_apart(run: Run) -> None:
    prints = [
        r["partialFingerprints"]["primaryLocationLineHash"] for r in of_control(run, "CORS-02")
    ]
    assert prints == ["cors-02-0", "cors-02-1"]
    guids = [r["guid"] for r in run["results"] if "guid" in r]
    assert len(set(guids)) == len(guids)


def test_fingerprints_are_the_same_in_another_run(
    results: Results, records: Records, run: Run
) -> None:
    later = run_of(msgspec.structs.replace(results, run="another"), records)
    for was, now in zip(run["results"], later["results"], strict=True):
        assert was["partialFingerprints"] == now["partialFingerprints"]
        assert was.get("correlationGuid") == now.get("correlationGuid")
        assert was.get("guid") != now.get("guid") or "guid" not in was


@pytest.mark.parametrize(
    ("severity", "level", "least", "below"),
    [
        ("critical", "error", 9.01, 10.1),
        ("high", "error", 7.0, 9.0),
        ("medium", "warning", 4.0, 7.0),
        ("low", "note", 0.1, 4.0),
    ],
)
def test_severities_are_what_code_hosts_read_of_them(
    results: Results, run: Run, severity: str, level: str, least: float, below: float
) -> None:
    control = next(c for c in results.controls if c.severity == severity)
    rule = next(r for r in run["tool"]["driver"]["rules"] if r["id"] == control.id)
    score = rule["properties"]["security-severity"]
    assert isinstance(score, str)
    assert least <= float(score) < below
    assert rule["defaultConfiguration"]["level"] == level


def test_every_planned_control_is_a_rule_with_help(results: Results, run: Run) -> None:
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == [c.id for c in results.controls]
    assert all(r["help"]["markdown"] and r["help"]["text"] for r in rules)
    assert all(len(r["properties"]["tags"]) <= 10 for r in rules)
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])


def test_a_script_as_a_reference_is_no_help_address(run: Run) -> None:
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["helpUri"] == "https://www.rfc-editor.org/rfc/rfc8725"


def test_a_waived_finding_is_suppressed_with_its_justification(run: Run) -> None:
    (result,) = of_control(run, "CORS-03")
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == (
        "Waived by platform team until 2026-12-31 (UTC): The cache in front keys by origin until "
        "the edge is replaced."
    )
    others = [r for r in run["results"] if r["ruleId"] != "CORS-03"]
    assert all(r["suppressions"] == [] for r in others)


def test_a_waiver_of_one_finding_suppresses_that_one_only(records: Records) -> None:
    waiver = Waiver(
        control="CORS-02",
        owner="ann",
        reason="Accepted until the move.",
        expires="2026-12-31",
        fingerprint="cors-02-1",
    )
    changed = [
        msgspec.structs.replace(r, waivers=[waiver]) if isinstance(r, RunStarted) else r
        for r in records
    ]
    run = run_of(assess(changed, TODAY), changed)
    assert [len(r["suppressions"]) for r in of_control(run, "CORS-02")] == [0, 1]


def test_with_a_baseline_every_result_says_whether_it_is_new(run: Run) -> None:
    states = {r["ruleId"]: r["baselineState"] for r in run["results"]}
    assert states["CORS-02"] == "unchanged"
    assert states["AUTHN-02"] == "new"
    assert run["baselineGuid"]


def test_without_a_baseline_none_does(results: Results, records: Records) -> None:
    run = run_of(msgspec.structs.replace(results, baseline=None), records)
    assert not any("baselineState" in r for r in run["results"])
    assert "baselineGuid" not in run


def test_the_invocation_tells_the_gates_reasons_and_what_was_left_out(
    results: Results, run: Run
) -> None:
    (invocation,) = run["invocations"]
    notices = invocation["toolExecutionNotifications"]
    assert [n["message"]["text"] for n in notices] == results.gate.reasons
    assert {n["level"] for n in notices} == {"error"}
    settings = [n["message"]["text"] for n in invocation["toolConfigurationNotifications"]]
    assert any(
        s.startswith("RESIL-01 A lost replica is not missed is out of scope") for s in settings
    )
    assert any(s.startswith("The waiver of HEAD-01 is unused.") for s in settings)
    assert invocation["exitCode"] == results.gate.exit_code
    assert invocation["executionSuccessful"]


def test_the_category_is_the_same_for_every_run_of_a_profile(
    results: Results, records: Records
) -> None:
    named = msgspec.structs.replace(results, profile="/home/ann/shop/l7audit.staging.yaml")
    name = run_of(named, records)["automationDetails"]["id"]
    assert name == f"l7audit/l7audit.staging/{results.run}"


def test_a_message_holds_no_link_and_no_placeholder(
    spoiled: Results, spoiled_records: Records
) -> None:
    run = run_of(spoiled, spoiled_records)
    texts = [r["message"]["text"] for r in run["results"]]
    assert any("evil.example" in t for t in texts)
    for text in texts:
        assert "](" not in text
        assert not re.search(r"(?<!\{)\{\d+\}", text)


def many(results: Results, number: int) -> Results:
    """The results with so many findings of a low control, and one of a critical one behind them."""
    low, grave = (next(c for c in results.controls if c.id == i) for i in ("HEAD-02", "AUTHN-02"))
    findings = [
        Finding(
            fingerprint=f"f{n}",
            control="HEAD-02",
            place=Place(operation=f"GET /{n}"),
            statement="x" * 200,
            expected="",
            seen="",
            confidence=low.findings[0].confidence,
            exchanges=[],
            waived=False,
        )
        for n in range(number)
    ]
    controls: list[ControlResult] = [msgspec.structs.replace(low, findings=findings), grave]
    return msgspec.structs.replace(results, controls=controls)


def test_more_results_than_code_hosts_take_are_left_out_and_counted(results: Results) -> None:
    run = run_of(many(results, 50), [], most_results=20)
    assert len(run["results"]) == 20
    assert run["results"][0]["ruleId"] == "AUTHN-02"
    notice = run["invocations"][0]["toolExecutionNotifications"][0]
    assert notice["descriptor"] == {"id": "left-out"}
    assert notice["message"]["text"].startswith("31 results are left out, the least severe ones")


def test_a_file_is_never_larger_than_code_hosts_take(results: Results) -> None:
    limit = 60_000
    document = render(many(results, 500), [], most_bytes=limit)
    assert limit * 0.7 < len(document) <= limit
    assert b"results are left out" in document
