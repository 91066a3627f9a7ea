"""All planted defects and near-misses by name."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from l7audit_stack.defects.defect import Defect

# Each module has a tuple `DEFECTS`. A new area is a new file and its name here.
AREAS: tuple[str, ...] = (
    "l7audit_stack.defects.audit",
    "l7audit_stack.defects.authn",
    "l7audit_stack.defects.authz",
    "l7audit_stack.defects.backup",
    "l7audit_stack.defects.certificates",
    "l7audit_stack.defects.cors",
    "l7audit_stack.defects.crypt",
    "l7audit_stack.defects.edge",
    "l7audit_stack.defects.expose",
    "l7audit_stack.defects.fail",
    "l7audit_stack.defects.flow",
    "l7audit_stack.defects.fuzz",
    "l7audit_stack.defects.head",
    "l7audit_stack.defects.input",
    "l7audit_stack.defects.path",
    "l7audit_stack.defects.pen",
    "l7audit_stack.defects.keys",
    "l7audit_stack.defects.mass",
    "l7audit_stack.defects.rate",
    "l7audit_stack.defects.supply",
)


class UnknownDefectError(ValueError):
    """A name that no area has; the message says which names are near it."""


def collect(areas: Iterable[str]) -> Mapping[str, Defect]:
    """The defects of some area modules by name. Raises ValueError if two share a name."""
    found: dict[str, Defect] = {}
    for area in areas:
        for defect in importlib.import_module(area).DEFECTS:
            if defect.name in found:
                raise ValueError(f"two defects are called {defect.name}; one is in {area}")
            found[defect.name] = defect
    return MappingProxyType(found)


ALL: Mapping[str, Defect] = collect(AREAS)


def named(names: Iterable[str], known: Mapping[str, Defect] = ALL) -> tuple[Defect, ...]:
    """The defects of these names, in that order. Raises UnknownDefectError."""
    return tuple(_one(name, known) for name in names)


def _one(name: str, known: Mapping[str, Defect]) -> Defect:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {len(known)} others."
    raise UnknownDefectError(f"There is no planted defect '{name}': {hint}")
