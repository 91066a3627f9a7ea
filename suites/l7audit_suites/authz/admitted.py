"""Whom a plain read was open to when somebody asked in this process: learnt from every answer."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.model import Identity, Place
from l7audit.probe.answer import Answer
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel

_KNOWN: WeakKeyDictionary[TargetModel, dict[tuple[Place, str], bool]] = WeakKeyDictionary()


def note(check: Check, surface: Surface, who: Identity, answer: Answer) -> None:
    """Keeps whether somebody was let in to a read that is of no single thing."""
    plain = surface.operation.method == "GET" and not surface.operation.path_parameters
    if plain and (answer.ok or answer.refused):
        _KNOWN.setdefault(check.model, {})[surface.place(), who.name] = answer.ok


def admitted(check: Check, surface: Surface, who: Identity) -> bool | None:
    """Whether somebody is let in; None where nobody has seen it."""
    return _KNOWN.get(check.model, {}).get((surface.place(), who.name))
