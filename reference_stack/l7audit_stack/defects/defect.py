"""What a planted defect is: which part of the stack it swaps, and what that should show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts
    from l7audit_stack.backups.backups import Backups

ASGIApp = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Defect:
    """A weakness that must turn a control red, or a harmless look-alike that must not.

    `name` is `area.slug`; `summary` one sentence. Of the four means, the first that will do:
    `parts` swaps components of the API, `wrap` puts something around the finished app,
    `environment` changes settings of the replica, `edge` rewrites the Envoy bootstrap. The first
    three cost a restart of the replicas, the last one of the edge too. What is no part of an
    answer has means of its own: `backups` swaps what takes them, `source` changes a copy of the
    code in a folder. `replicas` says how many
    it takes for the weakness to show.
    """

    name: str
    summary: str
    near_miss: bool = False
    parts: Callable[[Parts], Parts] | None = None
    wrap: Callable[[ASGIApp, Parts], ASGIApp] | None = None
    edge: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    backups: Callable[[Backups], Backups] | None = None
    source: Callable[[Path], None] | None = None
    replicas: int = 1

    def __post_init__(self) -> None:
        area, dot, slug = self.name.partition(".")
        if not (area and dot and slug):
            raise ValueError(f"the defect name {self.name!r} is not of the form area.slug")
        served = self.parts or self.wrap or self.edge or self.environment
        if not (served or self.backups or self.source):
            raise ValueError(f"the defect {self.name} changes nothing")
