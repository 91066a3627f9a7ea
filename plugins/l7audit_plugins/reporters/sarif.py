"""`report.sarif`: the findings as SARIF 2.1.0, for code hosts and their viewers.

Code hosts want a file of the repository as the place: of what was read in source that file and
line, else the check's; the URL stands in the logical locations. They show every result as an
alert, whatever its `kind` says and suppressed or not: so a pass is never a result, a control
without an answer is one (`open`), and a waived failure stays one (`suppressions` say who accepted
it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

import msgspec

from l7audit.assess.results import ControlResult, Finding, Results
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import AnyRecord, Records
from l7audit.model import Confidence, Severity, Verdict
from l7audit_plugins.reporters import findings
from l7audit_plugins.reporters.findings import UNDECIDED, Evidence, name_of
from l7audit_plugins.reporters.plain import line
from l7audit_plugins.reporters.sarif_rules import LEVELS, rule

MOST_RESULTS = 25_000
"""The most results that code hosts take in one run."""

PLACES = 20
"""The most places of one finding that are listed."""

MOST_BYTES = 10 * 1024 * 1024
"""The largest file that code hosts take."""

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
_LINE = re.compile(r"line (\d{1,7})\b")
_PLACEHOLDER = re.compile(r"\{(\d+)\}")
_ROOM = 512 * 1024  # for what follows the results: the notice that some were left out, brackets


class SarifReporter(Reporter):
    """Writes `report.sarif`, compact, in one order, with a trailing newline."""

    name = "sarif"
    by_default = False

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes into `folder` and returns the file's path. Errors: `OSError`."""
        path = folder / "report.sarif"
        path.write_bytes(render(results, records))
        return path


def render(
    results: Results,
    records: Iterable[AnyRecord],
    *,
    most_results: int = MOST_RESULTS,
    most_bytes: int = MOST_BYTES,
) -> bytes:
    """The file's bytes, within both limits; the run says how many results they left out."""
    document = _document(results)
    run = document["runs"][0]
    room = most_bytes - len(msgspec.json.encode(document)) - min(_ROOM, most_bytes // 20)
    left_out = 0
    for result in _results(results, findings.evidence(results, records)):
        encoded = msgspec.json.encode(result)
        room -= len(encoded) + 1
        if room < 0 or len(run["results"]) == most_results:
            left_out += 1
            continue
        run["results"].append(msgspec.Raw(encoded))
    if left_out:
        sentence = (
            f"{left_out:,} results are left out, the least severe ones: code hosts take "
            f"{most_results:,} in {most_bytes:,} bytes. results.json has them all."
        )
        notices = run["invocations"][0]["toolExecutionNotifications"]
        notices.insert(0, _notice("left-out", "warning", sentence))
    return msgspec.json.encode(document) + b"\n"


def _document(results: Results) -> dict[str, Any]:
    """Everything but the results."""
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "l7audit",
                "version": line(results.versions.get("l7audit", "unknown"), 50),
                "rules": [rule(control) for control in results.controls],
                "notifications": [
                    {"id": name} for name in ("gate", "left-out", "out-of-scope", "waiver")
                ],
            }
        },
        "automationDetails": {
            "id": f"l7audit/{line(PurePath(results.profile).stem, 80) or 'audit'}/{results.run}",
            "guid": name_of(results.run),
        },
        "invocations": [_invocation(results)],
        "columnKind": "unicodeCodePoints",
        "results": [],
        "properties": {
            "target": line(results.target),
            "seed": results.seed,
            "score": results.score,
            "scoreWithWaivers": results.score_with_waivers,
            "coverage": results.coverage,
            "gate": results.gate.decision,
        },
    }
    if results.baseline:
        run["baselineGuid"] = name_of(results.baseline.run)
        run["properties"] |= {
            "fixed": results.baseline.fixed,
            "notRetested": results.baseline.not_retested,
        }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation(results: Results) -> dict[str, Any]:
    decided = "note" if results.gate.decision == "passed" else "error"
    notices = [_notice("gate", decided, reason) for reason in results.gate.reasons]
    settings = [
        _notice("waiver", "warning", f"The waiver of {w.control} is {w.state}. {w.detail}")
        for w in results.waivers
        if w.state != "applied"
    ]
    settings += [
        _notice("out-of-scope", "note", f"{o.control} {o.title} is out of scope: {o.reason}")
        for o in results.out_of_scope
    ]
    return {
        "executionSuccessful": results.outcome == "completed",
        "exitCode": results.gate.exit_code,
        "exitCodeDescription": line(results.gate.reason),
        "startTimeUtc": results.started.replace("+00:00", "Z"),
        "endTimeUtc": results.ended.replace("+00:00", "Z"),
        "toolExecutionNotifications": notices,
        "toolConfigurationNotifications": settings,
    }


def _notice(kind: str, level: str, sentence: str) -> dict[str, Any]:
    return {"descriptor": {"id": kind}, "level": level, "message": _message(sentence)}


def _results(results: Results, seen: Evidence) -> Iterator[dict[str, Any]]:
    """What a limit leaves out stands last: the waived, then the least severe."""
    index = {c.id: n for n, c in enumerate(results.controls)}
    rank = list(Severity)
    told = [*findings.failed(results), *(c for c in results.controls if c.verdict in UNDECIDED)]
    told.sort(key=lambda c: (c.waiver is not None, rank.index(c.severity)))
    for control in told:
        own = {"ruleId": control.id, "ruleIndex": index[control.id]}
        for finding in control.findings:
            yield own | _finding(control, finding, results, seen) | _baseline(results, finding)
        if control.verdict in UNDECIDED:
            yield own | _open(control) | ({"baselineState": "new"} if results.baseline else {})


def _finding(
    control: ControlResult, finding: Finding, results: Results, seen: Evidence
) -> dict[str, Any]:
    check = seen.checks.get((control.id, finding.fingerprint), "")
    waiver = findings.waiver_of(results, finding)
    shot = seen.shot(finding)
    place = line(str(finding.place))
    sentence = f"{finding.statement} Place: {place}."
    if finding.expected or finding.seen:
        sentence += f" Expected: {finding.expected or '-'}; seen: {finding.seen or '-'}."
    others = [line(str(spot.place)) for spot in finding.places[1:PLACES]]
    logical = [{"fullyQualifiedName": p, "kind": "resource"} for p in (place, *others)]
    if shot:
        logical.append({"fullyQualifiedName": line(shot.url), "kind": "resource"})
    result: dict[str, Any] = {
        "kind": "fail",
        "level": "note" if finding.confidence == Confidence.WEAK else LEVELS[control.severity],
        "message": _message(sentence),
        "locations": [_in_source(finding) or _location(control, check, logical)],
        "guid": name_of(results.run, control.id, finding.fingerprint),
        "correlationGuid": name_of(control.id, finding.fingerprint),
        "partialFingerprints": _fingerprints(finding.fingerprint),
        "suppressions": [],
        "properties": {
            "operation": line(finding.place.operation),
            "part": line(finding.place.part),
            "confidence": finding.confidence.value,
            "expected": line(finding.expected),
            "seen": line(finding.seen),
            "exchanges": finding.exchanges[:20],
        },
    }
    if shot:
        result["properties"] |= {"url": line(shot.url), "identity": line(shot.identity)}
        result["webRequest"] = {"method": line(shot.method, 40), "target": line(shot.url)}
        result["webResponse"] = (
            {"noResponseReceived": True} if shot.status is None else {"statusCode": shot.status}
        )
    if waiver:
        result["suppressions"] = [
            {
                "kind": "external",
                "status": "accepted",
                "justification": line(findings.spoken(waiver)),
                "properties": {"owner": line(waiver.owner), "expires": waiver.expires},
            }
        ]
    return result


def _open(control: ControlResult) -> dict[str, Any]:
    """A control without an answer: by the standard `open` has no level of its own."""
    word = "The check broke" if control.verdict == Verdict.ERROR else "There is no answer"
    return {
        "kind": "open",
        "level": "none",
        "message": _message(f"{word}: {control.reason}"),
        "locations": [_location(control, "", [])],
        "partialFingerprints": _fingerprints(f"{control.id}/open"),
        "suppressions": [],
        "properties": {"verdict": control.verdict.value},
    }


def _in_source(finding: Finding) -> dict[str, Any] | None:
    """The line of the source that a finding was read in; None for what a request showed, whose
    place begins with a method."""
    file = PurePath(finding.place.operation)
    named = file.suffix and ".." not in file.parts and not file.is_absolute()
    if " " in finding.place.operation or not named:
        return None
    told = _LINE.search(finding.seen)
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file.as_posix()), "uriBaseId": _ROOT},
            "region": {"startLine": max(1, int(told[1])) if told else 1},
        },
        "logicalLocations": [{"fullyQualifiedName": line(str(finding.place)), "kind": "resource"}],
    }


def _location(control: ControlResult, check: str, logical: list[dict[str, str]]) -> dict[str, Any]:
    """In the check's file; code hosts refuse a URL, and want a line though there is none."""
    known = check or next((c.id for c in control.checks), f"{control.area.lower()}/controls.yaml")
    file = re.sub(r"[^A-Za-z0-9._/-]", "_", known.partition("::")[0])
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": f"suites/l7audit_suites/{file}", "uriBaseId": _ROOT},
            "region": {"startLine": 1},
        }
    }
    return location | ({"logicalLocations": logical} if logical else {})


def _fingerprints(fingerprint: str) -> dict[str, str]:
    """The first name is the only one by which some code hosts tell two alerts apart."""
    return {"primaryLocationLineHash": fingerprint, "l7auditFingerprint/v1": fingerprint}


def _baseline(results: Results, finding: Finding) -> dict[str, str]:
    if results.baseline is None:
        return {}
    new = finding.fingerprint not in results.baseline.unchanged
    return {"baselineState": "new" if new else "unchanged"}


def _message(text: str) -> dict[str, str]:
    """Plain text: no embedded link (`[text](target)`), no placeholder (`{0}`)."""
    return {"text": _PLACEHOLDER.sub(r"{{\1}}", line(text).replace("](", "] (")) or "-"}


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """The SARIF reporter."""
    return SarifReporter()
