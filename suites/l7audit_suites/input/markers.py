"""Markers: numbers that appear in an answer only if somebody computed them.

Two random factors are sent, their product of ten digits is looked for. That 49 appears where 7*7
was sent says nothing; that such a number does can't be chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

SHELL = (
    "{v}$(echo l$(({a}*{b}))q)",
    "{v}';echo l$(({a}*{b}))q;'",
    "{v};expr {a} \\* {b};",
)
"""Within double quotes or none, within single quotes, and for shells that know no `$(`."""

TEMPLATES = (
    "{{{{{a}*{b}}}}}",
    "${{{a}*{b}}} #{{{a}*{b}}} *{{{a}*{b}}} @({a}*{b})",
    "<%= {a}*{b} %>",
    "{{{a}*{b}}}",
    "{a}*{b}",
)
"""As the families of engines write it; last what is evaluated as it stands."""

TEMPLATE = " ".join(TEMPLATES[:-1])
"""All of them in one text: what an engine does not know is text to it, or breaks it."""

SQL = (
    "{v}'||({a}*{b})||'",
    "{v}'+CAST({a}*{b} AS VARCHAR)+'",
    "{v}' || CAST({a}*{b} AS TEXT)) -- q",
    '{v}"||({a}*{b})||"',
)
"""Texts of SQL into which a computed number is put, as databases join texts."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Two factors. `product` has ten digits."""

    a: int
    b: int

    @classmethod
    def random(cls, chance: random.Random) -> Marker:
        """Factors whose product has ten digits and still fits a database's 32-bit integer."""
        return cls(chance.randrange(31_700, 46_300), chance.randrange(31_700, 46_300))

    @property
    def product(self) -> str:
        return str(self.a * self.b)

    def payload(self, form: str, value: str = "lq") -> str:
        """The factors in one of the forms above."""
        return form.format(a=self.a, b=self.b, v=value)

    def computed(self, said: str) -> bool:
        """Whether an answer holds the product, written plainly or with thousands' marks."""
        return self.product in said or f"{self.a * self.b:,}" in said
