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

import msgspec

from l7audit.assess.results import ControlResult, Results
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import AnyRecord, Records
from l7audit.model import Verdict
from l7audit_plugins.reporters.findings import Evidence, evidence, failed, name_of
from l7audit_plugins.reporters.oscal_parts import (
    OWN,
    Part,
    finding_of,
    journal_id,
    observations,
    prop,
    risk_of,
)
from l7audit_plugins.reporters.plain import markup

VERSION = "1.2.1"
"""The version of OSCAL; tools refuse what is newer than they are, and nothing here needs newer."""

_NIST = re.compile(r"([A-Z]{2}-[0-9]{1,2})(?:\(([0-9]{1,2})\))?")


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
            "props": [prop("l7audit-version", results.versions.get("l7audit", "unknown"))],
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
                "ns": OWN,
                "title": markup(control.title),
                "prose": markup(control.title),
            }
        ],
    }
    others = [prop("also-maps-to", i) for i in ids[1:]]
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
        "observations": [o for c in results.controls for o in observations(results, c, seen)],
        "risks": [risk_of(results, c) for c in failed(results)],
        "findings": [finding_of(results, c) for c in answered],
    }
    return result | {name: entries for name, entries in lists.items() if entries}


def _selection(results: Results) -> Part:
    """The NIST controls that ours map to, or ours where none maps; OSCAL wants at least one."""
    selected = {i for c in results.controls for i in nist(c.mappings) or [c.id]}
    if not selected:
        return {"include-all": {}, "remarks": "No control could be assessed."}
    return {"include-controls": [{"control-id": i} for i in sorted(selected)]}


def _props(results: Results) -> Iterator[Part]:
    yield prop("score", f"{results.score:.1f}")
    yield prop("score-with-waivers", f"{results.score_with_waivers:.1f}")
    yield prop("coverage", f"{results.coverage:.4f}")
    yield prop("gate", results.gate.decision)
    yield prop("seed", str(results.seed))
    yield prop("suites-digest", results.suites_digest)
    for control in results.out_of_scope:
        yield prop("out-of-scope", control.control) | {"remarks": markup(control.reason) or "-"}


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
        "uuid": journal_id(results),
        "title": "Journal",
        "description": "Every exchange, witness, measurement and violation, one record a line.",
        "rlinks": [{"href": "journal.jsonl", "media-type": "application/jsonl"}],
    }


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """The OSCAL reporter."""
    return OscalReporter()
