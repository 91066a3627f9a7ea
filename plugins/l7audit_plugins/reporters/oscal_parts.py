"""The parts of OSCAL assessment results that a control leaves: observations, a finding, a risk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from l7audit.assess.results import ControlResult, Finding, Results
from l7audit.model import Verdict
from l7audit_plugins.reporters.findings import Evidence, moment, name_of, spoken, waiver_of
from l7audit_plugins.reporters.plain import line, markup

FINDINGS = 200
"""The most findings of one control that become observations; `results.json` has them all."""

OWN = "https://l7audit.invalid/ns/oscal"  # properties of ours need a name space, not a page

Part = dict[str, Any]


def prop(name: str, value: str) -> Part:
    """A property in our own name space; OSCAL wants a value of one line that is not empty."""
    return {"name": name, "ns": OWN, "value": line(value, 300) or "-"}


def journal_id(results: Results) -> str:
    """The UUID of the journal among the document's resources."""
    return name_of(results.run, "journal")


def observations(results: Results, control: ControlResult, seen: Evidence) -> Iterator[Part]:
    """One of the whole control, and one of each finding."""
    collected = moment(seen.ended[control.id]) if control.id in seen.ended else results.ended
    common: Part = {
        "methods": ["TEST"],
        "subjects": [{"subject-uuid": name_of(results.run, "target"), "type": "component"}],
    }
    reason = control.reason or control.verdict.value.replace("_", " ")
    told = [markup(reason)]
    told += [f"Witness: {markup(w.statement)}" for w in control.witnesses if w.held][:3]
    if (more := len(control.findings) - FINDINGS) > 0:
        told.append(f"{more:,} more findings are told in results.json only.")
    yield common | {
        "uuid": _observed(results, control),
        "title": f"{control.id} {markup(control.title)}",
        "description": "\n\n".join(told),
        "props": [
            prop("verdict", control.verdict.value),
            prop("severity", control.severity.value),
            prop("proof", control.proof.state),
        ],
        "types": ["control-objective"],
        "relevant-evidence": [
            {"href": f"#{journal_id(results)}", "description": f"The records of {control.id}."}
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
                prop("fingerprint", finding.fingerprint),
                prop("confidence", finding.confidence.value),
                prop("waived", "yes" if finding.waived else "no"),
            ],
            "types": ["finding"],
            "relevant-evidence": [
                {
                    "href": f"#{journal_id(results)}",
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


def finding_of(results: Results, control: ControlResult) -> Part:
    """Whether the control's objective is satisfied; only a pass satisfies it."""
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


def risk_of(results: Results, control: ControlResult) -> Part:
    """What a failed control means; approved only where waivers cover all of it."""
    risk: Part = {
        "uuid": name_of(results.run, control.id, "risk"),
        "title": f"{control.id} {markup(control.title)}",
        "description": markup(control.rationale) or "-",
        "statement": markup(control.reason or control.title),
        "props": [prop("severity", control.severity.value)],
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
