"""What a run will do, decided before it starts: which controls, which not, in what order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from l7audit.catalogue import Catalogue, Check
from l7audit.harness.context import Context
from l7audit.harness.serving import Job
from l7audit.hookspecs import Scanner
from l7audit.journal import Skipped
from l7audit.model import Capability, Control, Safety, Target

GROUP = 6
"""Checks of one file that one job runs: few enough to share out, enough to spare pytest's start."""


_BRINGS_IN = {
    Capability.OPENAPI: (
        "an OpenAPI document: name it in the profile (target.openapi), or let l7audit init find it"
    ),
    Capability.IDENTITIES: "an identity: add one with l7audit init (target.identities)",
    Capability.SOURCE: "the target's source: name it in the profile (target.source)",
}
"""What a profile can give, and how."""


@dataclass(frozen=True)
class Plan:
    """Controls that will be tested, and those that can't be, with the reason of each."""

    controls: tuple[Control, ...]
    out_of_scope: tuple[Skipped, ...]
    checks: tuple[Check, ...]

    def jobs(self, context: Context, done: Iterable[str] = ()) -> tuple[list[Job], Job | None]:
        """The jobs that may run beside each other, and the one that runs alone, gentlest first."""
        ended = set(done)
        todo = [c for c in self.checks if c.id not in ended]
        by_id = {c.id: c for c in self.controls}
        alone = [c for c in todo if by_id[c.control].alone]
        alone.sort(key=lambda c: (by_id[c.control].safety.rank, c.control))
        shared: dict[object, list[Check]] = {}
        for check in todo:
            if not by_id[check.control].alone:
                shared.setdefault(check.path, []).append(check)
        groups = [
            tuple(group[at : at + GROUP])
            for group in shared.values()
            for at in range(0, len(group), GROUP)
        ]
        groups.sort(key=len, reverse=True)
        return [Job(context, g) for g in groups], Job(context, tuple(alone)) if alone else None


def plan(
    catalogue: Catalogue,
    selected: Sequence[Control],
    target: Target,
    level: Safety,
    only: Collection[str] | None = None,
    held_back: str = "",
    scanners: Mapping[str, Scanner] = MappingProxyType({}),
) -> Plan:
    """Sorts the selected controls into those that this target and this safety level allow.

    `only` names the checks that may run; None allows all. `held_back` says why the level is less
    than the profile wants, if it is. `scanners` are those there are.
    """
    within: list[Control] = []
    out: list[Skipped] = []
    for control in selected:
        missing = [c for c in control.needs if c not in target.capabilities]
        if missing:
            out.append(Skipped(control=control.id, reason=_lacking(missing, target)))
        elif control.safety.rank > level.rank:
            reason = f"It is {control.safety}; " + (
                f"{level} is the most that may be done here. {held_back}"
                if held_back
                else f"the profile allows {level} at most: safety: {control.safety} brings it in."
            )
            out.append(Skipped(control=control.id, reason=reason))
        elif lacking := [s for n in control.scanners if (s := _unasked(n, scanners.get(n)))]:
            out.append(Skipped(control=control.id, reason=lacking[0]))
        else:
            within.append(control)
    ids = {c.id for c in within}
    checks = tuple(
        c for c in catalogue.checks if c.control in ids and (only is None or c.id in only)
    )
    return Plan(tuple(within), tuple(out), checks)


def _lacking(missing: Sequence[Capability], target: Target) -> str:
    """Why a control can't be tested here, and what would bring it in."""
    granted = [_BRINGS_IN[c] for c in missing if c in _BRINGS_IN]
    if len(granted) == len(missing):
        return f"It needs {' and '.join(granted)}."
    names = ", ".join(missing)
    return f"It needs {names}, which the provider {target.provider!r} does not grant here."


def _unasked(name: str, scanner: Scanner | None) -> str:
    """Why a scanner can't be asked; nothing where it can."""
    if scanner is None:
        return f"It needs the scanner {name!r}, which no plugin offers."
    if not scanner.version():
        return f"It needs the scanner {name!r}, which is not installed. {scanner.mend}".strip()
    return ""


def provable(planned: Plan, known: Collection[str], provider: str) -> Plan:
    """The plan without the areas of which this lab plants nothing: another lab proves those.

    An area of which it plants something stays whole, so that a misspelt name is found.
    """
    named: dict[str, set[str]] = {}
    for control in planned.controls:
        named.setdefault(control.area, set()).update(control.defects, control.near_misses)
    foreign = {area for area, names in named.items() if names and names.isdisjoint(known)}
    reason = f"The lab of the provider {provider!r} plants none of its area's defects."
    out = [Skipped(control=c.id, reason=reason) for c in planned.controls if c.area in foreign]
    return Plan(
        controls=tuple(c for c in planned.controls if c.area not in foreign),
        out_of_scope=(*planned.out_of_scope, *out),
        checks=tuple(c for c in planned.checks if c.control.partition("-")[0] not in foreign),
    )
