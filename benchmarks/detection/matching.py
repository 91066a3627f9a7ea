"""Which findings name which planted weaknesses: the right class at the right operation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from ground.weaknesses import CLASSES, Weakness

_TABLE = Path(__file__).with_name("classes.yaml")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a tool said: `names` are the controls or classes, `operation` is like `GET /x/{id}`.

    `weak`: the tool itself is not sure, or only hints at it.
    """

    names: frozenset[str]
    operation: str
    sentence: str
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a tool came to in one run, the seconds it took, and what is to be said of its end.

    `prefix` is what the document says that all paths begin with, where findings may leave it out.
    """

    findings: tuple[Finding, ...]
    seconds: float
    note: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The weaknesses that were found, those that were not, and findings that name none."""

    found: tuple[Weakness, ...]
    missed: tuple[Weakness, ...]
    beside: tuple[Finding, ...]


def matched(planted: Iterable[Weakness], findings: Sequence[Finding], prefix: str = "") -> Outcome:
    """Each weakness that a finding of its class names at its operation.

    `prefix` is what all of a service's operations begin with, where its document and so a finding
    leave it out.
    """
    right = naming()
    hit: dict[str, bool] = {}
    explained: set[int] = set()
    listed = list(planted)
    for weakness in listed:
        for number, finding in enumerate(findings):
            if _names(finding, weakness.cls, right) and _at(
                finding.operation, weakness.operation, prefix
            ):
                hit[weakness.id] = True
                explained.add(number)
    return Outcome(
        found=tuple(w for w in listed if w.id in hit),
        missed=tuple(w for w in listed if w.id not in hit),
        beside=tuple(f for n, f in enumerate(findings) if n not in explained),
    )


def naming() -> Mapping[str, Sequence[str]]:
    """The controls and areas that name each class. Errors: `ValueError` for a wrong table."""
    table: dict[str, list[str]] = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    if set(table) != set(CLASSES):
        raise ValueError(f"classes.yaml and the classes differ: {set(table) ^ set(CLASSES)}")
    return table


def _names(finding: Finding, cls: str, right: Mapping[str, Sequence[str]]) -> bool:
    return cls in finding.names or any(
        name in right[cls] or name.partition("-")[0] in right[cls] for name in finding.names
    )


def _at(said: str, planted: str, prefix: str = "") -> bool:
    """Whether an operation is the planted one: a parameter's name does not matter, and a value in
    its place is right too."""
    if planted == "*":
        return True
    method, _, path = said.partition(" ")
    wanted, _, template = planted.partition(" ")
    if method not in (wanted, "*"):
        return False
    short = template.removeprefix(prefix) if prefix else template
    return any(_fits(path, known) for known in {template, short})


def _fits(path: str, template: str) -> bool:
    pieces = re.split(r"\{[^}]*\}", template.split("?")[0].rstrip("/") or "/")
    pattern = r"[^/]+".join(map(re.escape, pieces))
    return re.fullmatch(pattern, path.split("?")[0].rstrip("/") or "/") is not None
