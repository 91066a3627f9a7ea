"""Markers: numbers that appear in an answer only if somebody computed them.

Two random factors are sent, their product of ten digits is looked for. That 49 appears where 7*7
was sent says nothing; that such a number does can't be chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Polyglot:
    """A text that is computed wherever one of its `pieces` would be; those are tried one by one
    where the `whole` is refused."""

    whole: str
    pieces: tuple[str, ...] = ()


_ECHO = ";echo $(({a}*{b}));"

SHELL = (
    Polyglot(
        f"{{v}}$(({{a}}*{{b}})){_ECHO}'{_ECHO}'\"{_ECHO}\"",
        (
            "{v}$(({a}*{b}))",
            f"{{v}}'{_ECHO}'",
            f'{{v}}"{_ECHO}"',
            "{v};expr {a} \\* {b};",
        ),
    ),
)
"""A number within an argument, and a command of its own where the argument stands without quotes,
within single ones and within double ones: what is a command to one of these is a text to the
others."""

TEMPLATES = (
    Polyglot(
        "{{{{{a}*{b}}}}} ${{{a}*{b}}} #{{{a}*{b}}} *{{{a}*{b}}} @({a}*{b})",
        ("{{{{{a}*{b}}}}}", "${{{a}*{b}}} #{{{a}*{b}}}", "*{{{a}*{b}}} @({a}*{b})"),
    ),
    Polyglot("<%= {a}*{b} %> {{{a}*{b}}}", ("<%= {a}*{b} %>", "{{{a}*{b}}}")),
    Polyglot("{a}*{b}"),
)
"""As the families of engines write it: those together that are text to one another; last what is
evaluated as it stands."""

SQL = (
    Polyglot(
        "{v}'||({a}*{b})||'\"||({a}*{b})||\"",
        ("{v}'||({a}*{b})||'", '{v}"||({a}*{b})||"', "{v}' || CAST({a}*{b} AS TEXT)) -- q"),
    ),
    Polyglot("{v}'+CAST({a}*{b} AS VARCHAR)+'"),
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
