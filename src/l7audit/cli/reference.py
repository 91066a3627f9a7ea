"""The reference of the controls: facts of one, and a Markdown page of all. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from l7audit.catalogue import Catalogue
from l7audit.model import Control

HEAD = """\
# Controls

Generated from the catalogue; `make docs` writes it again, and a test holds the two together.
A control passes only with a witness, and is proven against the defects that it names.
"""


def facts(control: Control, checks: Sequence[str]) -> list[tuple[str, str]]:
    """What is worth knowing of a control, as (name, text); empty facts are left out."""
    mappings = [(f"{catalogue}", ", ".join(ids)) for catalogue, ids in control.mappings.items()]
    found = [
        ("severity", f"{control.severity.value} (weight {control.severity.weight:g})"),
        ("safety", control.safety.value + (", runs alone" if control.alone else "")),
        ("needs", ", ".join(control.needs)),
        ("why", control.rationale),
        ("mend", control.remediation),
        *mappings,
        ("defects", ", ".join(control.defects)),
        ("near-misses", ", ".join(control.near_misses)),
        ("checks", ", ".join(checks)),
        ("see", " ".join(control.references)),
    ]
    return [(name, " ".join(text.split())) for name, text in found if text.strip()]


def markdown(catalogue: Catalogue) -> str:
    """The page: a table of contents by area, then a section a control."""
    lines = [HEAD]
    for area, title in sorted(catalogue.areas.items()):
        controls = [c for c in catalogue.controls if c.area == area]
        lines += [
            f"## {area}: {title}",
            "",
            "| control | severity | requirement |",
            "|---|---|---|",
        ]
        lines += [
            f"| [{c.id}](#{c.id.lower()}) | {c.severity.value} | {c.title} |" for c in controls
        ]
        lines.append("")
        for control in controls:
            lines += [f"### {control.id}", "", f"**{control.title}**", ""]
            checks = [f"`{check.id}`" for check in catalogue.checks_of(control.id)]
            lines += [f"- {name}: {text}" for name, text in facts(control, checks)]
            lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"
