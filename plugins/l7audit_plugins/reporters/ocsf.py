"""`ocsf.jsonl`: OCSF Compliance Findings (class 2003), an event a line, for SIEMs and data lakes.

An event for each finding, and one for each control without any: passed, undecided, not applicable
or out of scope. Undecided is `Unknown`, which is neither `Pass` nor `Fail`; a waived finding is a
`Fail` whose status is `Suppressed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from l7audit.assess.results import ControlResult, Finding, OutOfScope, Results
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import AnyRecord, Records
from l7audit.model import Confidence, Severity, Verdict
from l7audit_plugins.reporters.findings import Evidence, Shot, evidence, name_of, spoken, waiver_of
from l7audit_plugins.reporters.plain import line

VERSION = "1.5.0"
"""The version of OCSF that the events keep to."""

_SEVERITY = {
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_INFORMATIONAL = (1, "Informational")

_COMPLIANCE = {
    Verdict.PASS: (1, "Pass"),
    Verdict.FAIL: (3, "Fail"),
    Verdict.INCONCLUSIVE: (0, "Unknown"),
    Verdict.ERROR: (0, "Unknown"),
    Verdict.NOT_APPLICABLE: (99, "Not applicable"),
}
_OUT_OF_SCOPE = (99, "Out of scope")

_CONFIDENCE = {
    Confidence.CONFIRMED: (3, "High"),
    Confidence.STRONG: (2, "Medium"),
    Confidence.WEAK: (1, "Low"),
}

_METHODS = {"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT"}
"""The methods that OCSF knows; PATCH is not among them."""

Event = dict[str, Any]


class OcsfReporter(Reporter):
    """Writes `ocsf.jsonl`."""

    name = "ocsf"
    by_default = False

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes into `folder` and returns the file's path. Errors: `OSError`."""
        path = folder / "ocsf.jsonl"
        with path.open("wb") as file:
            for event in events(results, records):
                file.write(msgspec.json.encode(event) + b"\n")
        return path


def events(results: Results, records: Iterable[AnyRecord]) -> Iterator[Event]:
    """The events in the order of the control ids, then what was out of scope."""
    seen = evidence(results, records)
    for control in results.controls:
        for finding in control.findings:
            yield _finding(results, control, finding, seen)
        if not control.findings:
            yield _control(results, control, seen)
    for left_out in results.out_of_scope:
        yield _left_out(results, left_out)


def _event(results: Results, name: str, time: float, severity: tuple[int, str]) -> Event:
    """What every event has. `name` is stable from run to run, so that events can be matched."""
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200301,
        "type_name": "Compliance Finding: Create",
        "time": round(time * 1000),
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": 1,
        "status": "New",
        "metadata": {
            "version": VERSION,
            "uid": name_of(results.run, name),
            "correlation_uid": results.run,
            "product": {
                "name": "l7audit",
                "vendor_name": "l7audit",
                "version": line(results.versions.get("l7audit", "unknown"), 50),
            },
        },
        "resources": [{"name": line(results.target), "uid": line(results.target), "type": "API"}],
        "start_time": _milliseconds(results.started),
        "end_time": _milliseconds(results.ended),
        "timezone_offset": 0,
    }


def _control(results: Results, control: ControlResult, seen: Evidence) -> Event:
    undecided = control.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR)
    severity = _SEVERITY[control.severity] if undecided else _INFORMATIONAL
    time = seen.ended.get(control.id, _milliseconds(results.ended) / 1000)
    reason = control.reason or control.verdict.value.replace("_", " ")
    return (
        _event(results, control.id, time, severity)
        | _described(control, reason)
        | {
            "message": line(f"{control.id}: {reason}"),
            "finding_info": _info(control, name_of(control.id), control.title, control.rationale),
        }
    )


def _finding(results: Results, control: ControlResult, finding: Finding, seen: Evidence) -> Event:
    name = name_of(control.id, finding.fingerprint)
    shot = seen.shot(finding)
    time = shot.time if shot else seen.ended.get(control.id, _milliseconds(results.ended) / 1000)
    confidence = _CONFIDENCE[finding.confidence]
    event = _event(results, name, time, _SEVERITY[control.severity])
    event |= _described(control, finding.statement)
    event |= {
        "message": line(f"{control.id} at {finding.place}: {finding.statement}"),
        "confidence_id": confidence[0],
        "confidence": confidence[1],
        "finding_info": _info(control, name, control.title, finding.statement),
        "resources": [
            {
                "name": line(finding.place.operation) or "-",
                "uid": line(results.target),
                "type": "API operation",
                "labels": [line(finding.place.part)] if finding.place.part else [],
            }
        ],
        "unmapped": {
            "fingerprint": finding.fingerprint,
            "expected": line(finding.expected),
            "seen": line(finding.seen),
            "exchanges": finding.exchanges[:20],
            "waived": finding.waived,
        },
    }
    if shot:
        event["evidences"] = [_evidence(finding, shot)]
    if waiver := waiver_of(results, finding):
        event |= {"status_id": 3, "status": "Suppressed", "status_detail": line(spoken(waiver))}
    return event


def _left_out(results: Results, control: OutOfScope) -> Event:
    ended = _milliseconds(results.ended) / 1000
    title = line(control.title) or control.control
    return _event(results, control.control, ended, _INFORMATIONAL) | {
        "message": line(f"{control.control}: out of scope: {control.reason}"),
        "finding_info": {"uid": name_of(control.control), "title": title},
        "compliance": {
            "control": control.control,
            "status_id": _OUT_OF_SCOPE[0],
            "status": _OUT_OF_SCOPE[1],
            "status_details": [line(control.reason)],
            "standards": ["l7audit"],
        },
    }


def _described(control: ControlResult, reason: str) -> Event:
    """What the control says of itself, and how it was answered."""
    number, word = _COMPLIANCE[control.verdict]
    return {
        "compliance": {
            "control": control.id,
            "desc": line(control.rationale),
            "category": control.area,
            "standards": [line(name) for name in control.mappings] or ["l7audit"],
            "requirements": [
                line(f"{name}: {i}") for name, ids in control.mappings.items() for i in ids
            ],
            "status_id": number,
            "status": word,
            "status_code": control.verdict.value,
            "status_details": [line(reason)],
        },
        "remediation": {
            "desc": line(control.remediation) or "-",
            "references": [line(r) for r in control.references],
        },
    }


def _info(control: ControlResult, uid: str, title: str, text: str) -> Event:
    return {
        "uid": uid,
        "title": line(title),
        "desc": line(text),
        "types": [control.area],
        "analytic": {"uid": control.id, "name": line(control.title), "type_id": 1, "type": "Rule"},
    }


def _evidence(finding: Finding, shot: Shot) -> Event:
    request = {"uid": finding.exchanges[0]}
    if shot.method in _METHODS:
        request["http_method"] = shot.method
    found: Event = {
        "uid": finding.exchanges[0],
        "name": line(f"{shot.method} {shot.url}"),
        "url": {"url_string": line(shot.url)},
        "http_request": request,
    }
    return found | ({} if shot.status is None else {"http_response": {"code": shot.status}})


def _milliseconds(iso: str) -> int:
    return round(datetime.fromisoformat(iso).timestamp() * 1000)


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """The OCSF reporter."""
    return OcsfReporter()
