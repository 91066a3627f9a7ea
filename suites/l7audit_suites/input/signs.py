"""What takes a word and refuses signs: learnt once a process, so that it spoils no other text that
is sent along with it, and is not asked for the same signs among more."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from l7audit.model import Place
from l7audit.target.target_model import TargetModel
from l7audit_suites.input.inlets import Inlet

_REFUSE: WeakKeyDictionary[TargetModel, set[Place]] = WeakKeyDictionary()


def refuses_signs(inlet: Inlet) -> bool:
    """Whether it was seen to refuse signs, sent to it alone."""
    return inlet.place in _REFUSE.get(inlet.caller.check.model, ())


def refused_signs(inlet: Inlet) -> None:
    """Keeps that it refused signs, which were sent to it alone."""
    _REFUSE.setdefault(inlet.caller.check.model, set()).add(inlet.place)


def within(text: str, other: str) -> bool:
    """Whether who refuses a text for its signs or its length refuses the other as well."""
    return len(text) <= len(other) and _signs(text) <= _signs(other)


def _signs(text: str) -> set[str]:
    return {c for c in text if not c.isalnum()}
