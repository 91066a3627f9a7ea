"""`oscal.json`: the run as OSCAL assessment results, for tools of governance and authorisation.

Each of our controls is a local objective of the NIST SP 800-53 control that it maps to first, and
a finding says whether that objective, not the whole NIST control, is satisfied. OSCAL knows two
states: a control without an answer is not satisfied, with the reason `other`. One that does not
apply is observed and finds nothing. A waived failure is a risk whose deviation was approved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

import msgspec

from l7audit.assess.results import ControlResult, Finding, Results
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import AnyRecord, Records
from l7audit.model import Verdict
from l7audit_plugins.reporters.findings import (
    Evidence,
    evidence,
    failed,
    moment,
    name_of,
    spoken,
    waiver_of,
)
from l7audit_plugins.reporters.plain import line, markup

VERSION = "1.2.1"
"""The version of OSCAL; tools refuse what is newer than they are, and nothing here needs newer."""

FINDINGS = 200
"""The most findings of one control that become observations; `results.json` has them all."""

_NIST = re.compile(r"([A-Z]{2}-[0-9]{1,2})(?:\(([0-9]{1,2})\))?")
_OWN = "https://l7audit.invalid/ns/oscal"  # properties of ours need a name space, not a page

Part = dict[str, Any]


class OscalReporter(Reporter):
    """Writes `oscal.json`, indented, with a trailing newline."""

    name = "oscal"
    by_default = False

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes into `folder` and returns the file's path. Errors: `OSError`."""
        path = folder / "oscal.json"
        document = msgspec.json.encode(render(results, records))
        path.write_bytes(msgspec.json.format(document, indent=2) + b"\n")
        return path


def render(results: Results, records: Iterable[AnyRecord]) -> Part:
    """The document. Its UUIDs and times come from the run, so it is the same each time."""
    objectives = [o for o in (_objective(c) for c in results.controls) if o]
    plan = name_of(results.run, "plan")
    document: Part = {
        "uuid": name_of(results.run, "assessment-results"),
        "metadata": {
            "title": f"API audit of {markup(results.target, 300)}",
            "last-modified": results.ended,
            "version": results.run,
            "oscal-version": VERSION,
            "props": [_prop("l7audit-version", results.versions.get("l7audit", "unknown"))],
        },
        "import-ap": {
            "href": f"#{plan}",
            "remarks": "The profile and the journal's first record are the plan.",
        },
    }
    if objectives:
        document["local-definitions"] = {"objectives-and-methods": objectives}
    document["results"] = [_result(results, evidence(results, records))]
    document["back-matter"] = {"resources": [_plan(results, plan), _journal(results)]}
    return {"assessment-results": document}


def nist(mappings: dict[str, list[str]]) -> list[str]:
    """The NIST SP 800-53 controls of a mapping, as OSCAL's catalogue names them: `ia-2.1`."""
    found = []
    for catalogue, ids in mappings.items():
        if "nist" in catalogue.lower() and "800-53" in catalogue:
            for match in filter(None, (_NIST.fullmatch(i) for i in ids)):
                family, enhancement = match.groups()
                found.append(family.lower() + (f".{enhancement}" if enhancement else ""))
    return found


def _objective(control: ControlResult) -> Part | None:
    """The control as a local objective; None where it maps to no NIST control."""
    ids = nist(control.mappings)
    if not ids:
        return None
    objective: Part = {
        "control-id": ids[0],
        "description": markup(control.rationale) or "-",
        "parts": [
            {
                "id": control.id,
                "name": "assessment-objective",
                "ns": _OWN,
                "title": markup(control.title),
                "prose": markup(control.title),
            }
        ],
    }
    others = [_prop("also-maps-to", i) for i in ids[1:]]
    return objective | ({"props": others} if others else {})


def _result(results: Results, seen: Evidence) -> Part:
    subject = name_of(results.run, "target")
    answered = [c for c in results.controls if c.verdict != Verdict.NOT_APPLICABLE]
    result: Part = {
        "uuid": name_of(results.run, "result"),
        "title": f"Audit of profile {markup(PurePath(results.profile).name, 100) or '-'}",
        "description": f"{markup(results.gate.reason)} {markup(results.arithmetic.sentence)}",
        "start": results.started,
        "end": results.ended,
        "props": list(_props(results)),
        "local-definitions": {
            "components": [
                {
                    "uuid": subject,
                    "type": "service",
                    "title": markup(results.target, 300) or "-",
                    "description": f"The audited API, opened by {markup(results.provider, 100)}.",
                    "status": {"state": "operational"},
                }
            ]
        },
        "reviewed-controls": {
            "description": "Only what the objectives name was tested of each control.",
            "control-selections": [_selection(results)],
        },
    }
    lists = {
        "observations": [o for c in results.controls for o in _observations(results, c, seen)],
        "risks": [_risk(results, c) for c in failed(results)],
        "findings": [_finding(results, c) for c in answered],
    }
    return result | {name: entries for name, entries in lists.items() if entries}


def _selection(results: Results) -> Part:
    """The NIST controls that ours map to, or ours where none maps; OSCAL wants at least one."""
    selected = {i for c in results.controls for i in nist(c.mappings) or [c.id]}
    if not selected:
        return {"include-all": {}, "remarks": "No control could be assessed."}
    return {"include-controls": [{"control-id": i} for i in sorted(selected)]}


def _props(results: Results) -> Iterator[Part]:
    yield _prop("score", f"{results.score:.1f}")
    yield _prop("score-with-waivers", f"{results.score_with_waivers:.1f}")
    yield _prop("coverage", f"{results.coverage:.4f}")
    yield _prop("gate", results.gate.decision)
    yield _prop("seed", str(results.seed))
    yield _prop("suites-digest", results.suites_digest)
    for control in results.out_of_scope:
        yield _prop("out-of-scope", control.control) | {"remarks": markup(control.reason) or "-"}


def _prop(name: str, value: str) -> Part:
    return {"name": name, "ns": _OWN, "value": line(value, 300) or "-"}


def _observations(results: Results, control: ControlResult, seen: Evidence) -> Iterator[Part]:
    """One of the whole control, and one of each finding."""
    collected = moment(seen.ended[control.id]) if control.id in seen.ended else results.ended
    common: Part = {
        "methods": ["TEST"],
        "subjects": [{"subject-uuid": name_of(results.run, "target"), "type": "component"}],
    }
    reason = control.reason or control.verdict.value.replace("_", " ")
    witnesses = [f"Witness: {markup(w.statement)}" for w in control.witnesses if w.held][:3]
    yield common | {
        "uuid": _observed(results, control),
        "title": f"{control.id} {markup(control.title)}",
        "description": "\n\n".join([markup(reason), *witnesses]),
        "props": [
            _prop("verdict", control.verdict.value),
            _prop("severity", control.severity.value),
            _prop("proof", control.proof.state),
        ],
        "types": ["control-objective"],
        "relevant-evidence": [
            {"href": f"#{_journal_id(results)}", "description": f"The records of {control.id}."}
        ],
        "collected": collected,
    }
    for finding in control.findings[:FINDINGS]:
        shot = seen.shot(finding)
        yield common | {
            "uuid": _observed(results, control, finding),
            "title": f"{control.id} {markup(str(finding.place), 300)}",
            "description": _told(finding),
            "props": [
                _prop("fingerprint", finding.fingerprint),
                _prop("confidence", finding.confidence.value),
                _prop("waived", "yes" if finding.waived else "no"),
            ],
            "types": ["finding"],
            "relevant-evidence": [
                {
                    "href": f"#{_journal_id(results)}",
                    "description": "Exchanges "
                    + (", ".join(markup(e, 80) for e in finding.exchanges[:20]) or "-"),
                }
            ],
            "collected": moment(shot.time) if shot else collected,
        }


def _told(finding: Finding) -> str:
    parts = [markup(finding.statement) or "-"]
    parts += [f"Expected: {markup(finding.expected)}"] if finding.expected else []
    parts += [f"Seen: {markup(finding.seen)}"] if finding.seen else []
    return "\n\n".join(parts)


def _finding(results: Results, control: ControlResult) -> Part:
    state = "satisfied" if control.verdict == Verdict.PASS else "not-satisfied"
    reasons = {Verdict.PASS: "pass", Verdict.FAIL: "fail"}
    observed = [_observed(results, control)]
    observed += [_observed(results, control, f) for f in control.findings[:FINDINGS]]
    reason = control.reason or control.verdict.value.replace("_", " ")
    finding: Part = {
        "uuid": name_of(results.run, control.id, "finding"),
        "title": f"{control.id} {markup(control.title)}",
        "description": markup(control.rationale) or "-",
        "target": {
            "type": "objective-id",
            "target-id": control.id,
            "title": markup(control.title),
            "status": {
                "state": state,
                "reason": reasons.get(control.verdict, "other"),
                "remarks": markup(reason),
            },
        },
        "related-observations": [{"observation-uuid": u} for u in observed],
    }
    if control.verdict == Verdict.FAIL:
        finding["related-risks"] = [{"risk-uuid": name_of(results.run, control.id, "risk")}]
    return finding


def _risk(results: Results, control: ControlResult) -> Part:
    """What a failed control means; approved only where waivers cover all of it."""
    risk: Part = {
        "uuid": name_of(results.run, control.id, "risk"),
        "title": f"{control.id} {markup(control.title)}",
        "description": markup(control.rationale) or "-",
        "statement": markup(control.reason or control.title),
        "props": [_prop("severity", control.severity.value)],
        "status": "deviation-approved" if control.waiver else "open",
        "remediations": [
            {
                "uuid": name_of(results.run, control.id, "remediation"),
                "lifecycle": "recommendation",
                "title": "Remediation",
                "description": markup(control.remediation) or "-",
            }
        ],
        "related-observations": [
            {"observation-uuid": _observed(results, control, f)}
            for f in control.findings[:FINDINGS]
        ]
        or [{"observation-uuid": _observed(results, control)}],
    }
    waivers = dict.fromkeys(filter(None, (waiver_of(results, f) for f in control.findings)))
    if waivers:
        risk["mitigating-factors"] = [
            {
                "uuid": name_of(results.run, control.id, "waiver", w.fingerprint),
                "description": markup(spoken(w)),
            }
            for w in waivers
        ]
    if control.waiver:
        risk["deadline"] = f"{control.waiver.expires}T23:59:59Z"
    return risk


def _observed(results: Results, control: ControlResult, finding: Finding | None = None) -> str:
    place = finding.fingerprint if finding else ""
    return name_of(results.run, control.id, "observation", place)


def _plan(results: Results, uuid: str) -> Part:
    return {
        "uuid": uuid,
        "title": "Plan",
        "description": (
            f"Profile {markup(PurePath(results.profile).name, 100) or '-'}: "
            f"{len(results.controls)} controls planned, {len(results.out_of_scope)} out of scope."
        ),
        "rlinks": [{"href": "journal.jsonl", "media-type": "application/jsonl"}],
    }


def _journal(results: Results) -> Part:
    return {
        "uuid": _journal_id(results),
        "title": "Journal",
        "description": "Every exchange, witness, measurement and violation, one record a line.",
        "rlinks": [{"href": "journal.jsonl", "media-type": "application/jsonl"}],
    }


def _journal_id(results: Results) -> str:
    return name_of(results.run, "journal")


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """The OSCAL reporter."""
    return OscalReporter()
