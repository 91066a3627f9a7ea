"""The rows of a proof: what is planted, whom it concerns, and who stands by while it is.

A variant is one thing planted in a stack. Its subjects are the controls that name it. Some others
stand by: a defect that turns one of them red is either declared too narrowly or seen by a check
that looks at the wrong thing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from l7audit.assess.proof import CLEAN
from l7audit.errors import CatalogueError
from l7audit.model import Control, Verdict

NEIGHBOURS, STRANGERS = 1, 1
"""Bystanders of a variant, from its subjects' areas and from all others. What is harmless has the
neighbours alone: nobody but them looks for anything like it."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What is planted in a lane, and the controls that have something to say about it."""

    name: str
    summary: str
    subjects: frozenset[str]
    near_miss: bool

    @property
    def kind(self) -> str:
        if self.name == CLEAN:
            return CLEAN
        return "near_miss" if self.near_miss else "defect"

    @property
    def expected(self) -> Verdict:
        return Verdict.FAIL if self.kind == "defect" else Verdict.PASS


def variants_of(controls: Sequence[Control], known: Mapping[str, str]) -> list[Variant]:
    """The clean stack and each named defect and near-miss, those with costly subjects first.

    Errors: `CatalogueError` where a control names one that the lab cannot plant, or names the
    same one as a defect and as a near-miss.
    """
    subjects: dict[str, set[str]] = {}
    harmless: dict[str, bool] = {}
    for control in controls:
        for names, near_miss in ((control.defects, False), (control.near_misses, True)):
            for name in names:
                if name not in known:
                    raise CatalogueError(
                        f"{control.id} names the defect {name!r}, which nobody can plant."
                    )
                if harmless.setdefault(name, near_miss) != near_miss:
                    raise CatalogueError(f"{name!r} is a defect and a near-miss at once.")
                subjects.setdefault(name, set()).add(control.id)
    alone = {c.id for c in controls if c.alone}
    found = [Variant(n, known[n], frozenset(s), harmless[n]) for n, s in subjects.items()]
    found.sort(key=lambda v: (not v.subjects & alone, v.name))
    return [Variant(CLEAN, "nothing planted", frozenset(c.id for c in controls), False), *found]


def bystanders(
    variants: Collection[Variant], controls: Sequence[Control], *, thorough: bool = False
) -> dict[str, frozenset[str]]:
    """Who stands by at each variant: controls that disturb nobody and do not name it.

    Few at each, but each as often as its fellows: of those that stood by least so far some are
    drawn by the variant's name, more of its subjects' areas than of others. What asks a scanner
    stands by nowhere: it takes as long as all the others together. With `thorough` it is all that
    disturb nobody.
    """
    quiet = [c for c in controls if not c.alone and (thorough or not c.scanners)]
    areas = {c.id: c.area for c in controls}
    stood: Counter[str] = Counter()
    found: dict[str, frozenset[str]] = {}
    for variant in sorted(variants, key=lambda v: v.name):
        others = [c for c in quiet if c.id not in variant.subjects]
        if thorough:
            found[variant.name] = frozenset(c.id for c in others)
            continue
        chance = random.Random(variant.name)
        near = {areas[subject] for subject in variant.subjects}
        chosen: list[str] = []
        strangers = 0 if variant.near_miss else STRANGERS
        for inside, most in ((True, NEIGHBOURS), (False, strangers)):
            candidates = [c.id for c in others if (c.area in near) is inside]
            chance.shuffle(candidates)
            chosen += sorted(candidates, key=stood.__getitem__)[:most]
        stood.update(chosen)
        found[variant.name] = frozenset(chosen)
    return found
