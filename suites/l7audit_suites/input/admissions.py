"""Who was let in where: learnt once a process, so that nobody is refused again and again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from weakref import WeakKeyDictionary

from l7audit.model import Place
from l7audit.target.target_model import TargetModel


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Who = TypeVar("_Who", bound=_Named)


@dataclass(slots=True)
class Admission:
    """Who was seen to be let in at an operation (nobody yet without a `name`), and who was refused.
    `renews`: what is made there needs texts of its own each time."""

    name: str = ""
    renews: bool = False
    refused: set[str] = field(default_factory=set)

    def first(self, who: Iterable[_Who]) -> list[_Who]:
        """Who was let in before, then who was never seen, then who was refused."""
        return sorted(who, key=lambda c: (c.name != self.name, c.name in self.refused))

    def is_let_in(self, caller: _Named) -> bool:
        """Whether that was seen."""
        return bool(self.name) and caller.name == self.name


_READERS: WeakKeyDictionary[TargetModel, dict[Place, Admission]] = WeakKeyDictionary()
_MAKERS: WeakKeyDictionary[TargetModel, dict[Place, Admission]] = WeakKeyDictionary()


def reader(model: TargetModel, place: Place) -> Admission:
    """Who reads there."""
    return _READERS.setdefault(model, {}).setdefault(place, Admission())


def maker(model: TargetModel, place: Place) -> Admission:
    """Who makes things there."""
    return _MAKERS.setdefault(model, {}).setdefault(place, Admission())
