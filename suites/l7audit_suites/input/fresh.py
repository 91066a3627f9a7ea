"""Whether what is made needs texts of its own each time; learnt once a process."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary

from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit.target.fresh import may_be_taken
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel

_NEEDY: WeakKeyDictionary[TargetModel, dict[Place, bool]] = WeakKeyDictionary()


def needs_new(model: TargetModel, surface: Surface, again: Callable[[], Answer]) -> bool:
    """Whether an operation that just made something refuses to make the same `again`."""
    known = _NEEDY.setdefault(model, {})
    place = surface.operation.place
    if place not in known:
        known[place] = may_be_taken(again())
    return known[place]
