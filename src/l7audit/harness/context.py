"""What a process needs to run checks: plain data that crosses process borders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from l7audit.model import Control, Safety, Target
from l7audit.profile import Budget
from l7audit.target.learnt import Learnt


@dataclass(frozen=True, slots=True)
class Context:
    """The target, its OpenAPI document (text; empty without one), and how far to go. `learnt` is
    what its answers taught before any check ran.

    `variant` is what is planted in the target, in a proof: what was learnt of one variant, such
    as a token, is not true of the next at the same address. `scanners` says where the class of
    each is, as `module:name`.
    """

    target: Target
    document: str
    seed: int
    controls: Mapping[str, Control]
    budget: Budget
    safety: Safety
    variant: str = ""
    learnt: Learnt = field(default_factory=Learnt)
    scanners: Mapping[str, str] = field(default_factory=dict)
