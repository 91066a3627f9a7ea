"""Controls as SARIF rules, with what code hosts read of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from l7audit.assess.results import ControlResult
from l7audit.model import Severity
from l7audit_plugins.reporters.plain import line

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}

# Code hosts read a score as CVSS: critical above 9.0, high from 7.0, medium from 4.0.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}

_TAGS = 10
"""The most tags of a rule that code hosts show."""


def rule(control: ControlResult) -> dict[str, Any]:
    """A control as a `reportingDescriptor`."""
    described: dict[str, Any] = {
        "id": control.id,
        "shortDescription": {"text": line(control.title)},
        "fullDescription": {"text": line(control.rationale)},
        "help": {"text": "\n\n".join(_text(control)), "markdown": "\n\n".join(_markdown(control))},
        "defaultConfiguration": {"level": LEVELS[control.severity]},
        "properties": {
            "security-severity": _SCORES[control.severity],
            "precision": "high",
            "tags": list(_tags(control))[:_TAGS],
            "mappings": control.mappings,
            "proof": control.proof.state,
        },
    }
    web = next((r for r in control.references if r.startswith("https://")), None)
    return described | ({"helpUri": web} if web else {})


def _text(control: ControlResult) -> Iterator[str]:
    yield line(control.rationale)
    yield f"Remediation: {line(control.remediation)}"
    if control.references:
        yield f"References: {'; '.join(line(r) for r in control.references)}"


def _markdown(control: ControlResult) -> Iterator[str]:
    """The catalogue's own words, in which backticks mark code; nothing that a target said."""
    yield f"## {line(control.title)}"
    yield line(control.rationale)
    yield f"**Remediation.** {line(control.remediation)}"
    if control.references:
        yield "\n".join(f"- {line(r)}" for r in control.references)
    if control.mappings:
        rows = [f"| {line(name)} | {line(', '.join(i))} |" for name, i in control.mappings.items()]
        yield "\n".join(["| Catalogue | Requirements |", "|---|---|", *rows])


def _tags(control: ControlResult) -> Iterator[str]:
    yield "security"
    yield control.area.lower()
    for catalogue, ids in control.mappings.items():
        yield from (f"{line(catalogue)}/{line(i)}" for i in ids)
