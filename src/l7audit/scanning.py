"""What scanners are given and what they tell: the typed report between a scanner and a check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from l7audit.model import Confidence, Place, Severity, Target
from l7audit.target.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Ground:
    """What a scanner may look at and work with.

    `folder` is empty, its own, and gone afterwards. `document` is the target's OpenAPI text (empty
    without one). What is sent through `sessions.probe` keeps to the run's scope and budget; an
    exchange reaches the journal only where a weakness names it. The same `seed`, the same scan.
    """

    target: Target
    document: str
    seed: int
    folder: Path
    sessions: Sessions


@dataclass(frozen=True, slots=True)
class Weakness:
    """One thing that a scanner saw.

    `rule` is the scanner's own id of what it is. `place` names the finding from run to run: no
    line number, no text that changes with every edit. `exchanges` are ids of what was sent.
    """

    rule: str
    place: Place
    message: str
    severity: Severity
    confidence: Confidence
    expected: str = ""
    seen: str = ""
    exchanges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """A scanner's report.

    `looked_at` are the places, counted in `unit` (`files`). `specimen` says what the scanner
    planted or asked for beside them, and `found` whether it saw that: without it nothing passes.
    `notes` go into the journal beside the count.
    """

    looked_at: tuple[Place, ...]
    unit: str
    specimen: str
    found: bool
    weaknesses: tuple[Weakness, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
