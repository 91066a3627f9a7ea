"""What the peers' own reports say, in the classes of the training ground (peers.yaml)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import yaml
from ground.weaknesses import CLASSES
from matching import Finding

Said = Iterator[tuple[str, str, str]]
"""Category, operation and sentence of each thing that a report says."""

_TABLE = Path(__file__).with_name("peers.yaml")


class Categories(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one peer: what is said surely, what hints, and what names no class."""

    strong: dict[str, list[str]]
    weak: dict[str, list[str]]
    none: list[str]


def categories() -> Mapping[str, Categories]:
    """The table. Errors: `ValueError` where it names a class that there is not."""
    table = msgspec.convert(
        yaml.safe_load(_TABLE.read_text(encoding="utf-8")), dict[str, Categories]
    )
    named = {
        c for t in table.values() for part in (t.strong, t.weak) for cs in part.values() for c in cs
    }
    if strange := named - set(CLASSES):
        raise ValueError(f"peers.yaml names no classes of the ground: {sorted(strange)}")
    return table


def findings(peer: str, said: Said) -> tuple[Finding, ...]:
    """One finding a category and operation.

    Errors: `ValueError` for a category that the table does not know.
    """
    words = categories()[peer]
    found: dict[tuple[str, str], Finding] = {}
    for category, operation, sentence in said:
        classes = words.strong.get(category) or words.weak.get(category)
        if classes is not None:
            names = frozenset(classes)
            weak = category in words.weak
            found.setdefault((category, operation), Finding(names, operation, sentence, weak))
        elif category not in words.none:
            raise ValueError(f"{peer} says {category!r}: peers.yaml does not know it")
    return tuple(found.values())


def schemathesis(report: str) -> Said:
    """Of its NDJSON report: the failures of the checks, at the operations that they name."""
    for line in report.splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for checks in recorder.get("checks", {}).values():
            for check in checks:
                if check["status"] == "failure":
                    failure = check["failure_info"]["failure"]
                    yield failure["type"], failure["operation"], failure["title"]


def wapiti(report: str) -> Said:
    """Of its JSON report: vulnerabilities, anomalies and what else it tells, at their paths."""
    parts = json.loads(report)
    for part in ("vulnerabilities", "anomalies", "additionals"):
        for category, listed in parts[part].items():
            for entry in listed:
                yield category, f"{entry['method']} {entry['path']}", entry["info"]


def offat(report: str) -> Said:
    """Of its JSON report: tests that came out as vulnerable, and data that it calls leaked."""
    for test in json.loads(report)["results"]:
        operation = f"{test['method'].upper()} {test['endpoint']}"
        if test.get("vulnerable"):
            yield test["test_name"], operation, str(test["vuln_details"])
        if test.get("data_leak"):
            yield "Data Leak", operation, f"leaked: {', '.join(test['data_leak'])}"
