"""Pairs of inputs that are alike as data and unlike as code: one holds, the other does not.

Each pair compares two random numbers, so that a full-text search, which sees two words in both,
answers both alike. A pair counts only where a second one with other numbers says the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from l7audit.probe.answer import Answer
from l7audit_suites.input.likeness import same

QUOTINGS = ("{v}' OR {c} -- q", "{v}') OR {c} -- q", '{v}" OR {c} -- q')
"""Ways out of an SQL text: after a plain quote (LIKE's wildcard is left with the text), in
brackets, after double quotes."""

EITHER = ("{v}' OR {c} -- q\" OR {c} -- q", "{v}') OR {c} -- q\") OR {c} -- q")
"""The same for either kind of quote: what stands behind the other kind is a comment to the first,
and what stands before it a text to the second."""

NUMERIC = ("{v} OR {c}",)

CASES = "(CASE WHEN {c} THEN {v} END) DESC,{v}"
SORTS = (
    "{v},(CASE WHEN {c} THEN 1 ELSE 1/(CASE WHEN {c} THEN 1 ELSE 0 END) END)",
    "(CASE WHEN {c} THEN 1 ELSE (SELECT 1 UNION SELECT 2) END)",
)
"""Conditions after ORDER BY: the first turns the order round where it holds, the others end in an
error where they do not."""

OPERATORS = (
    ('{{"$ne": "{word}"}}', '{{"$eq": "{word}"}}'),
    ('{{"contains": ""}}', '{{"contains": "{word}"}}'),
    ('{{"$regex": ".*"}}', '{{"$regex": "^{word}$"}}'),
    ('{{"$gt": ""}}', '{{"$in": ["{word}"]}}'),
)
"""Operators of document databases and of mappers as JSON: one that fits everything, one that fits
nothing."""

LOOKUP = "{name}__startswith"
"""How mappers let the name of a member say by what it is compared; every text starts with none."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A condition that holds and the same one that does not."""

    true: str
    false: str


def condition(chance: random.Random, form: str, value: str) -> Pair:
    """A pair of a form, around a value."""
    number = chance.randrange(10_000, 90_000)
    true, false = f"{number}={number}", f"{number}={number + 1}"
    return Pair(form.format(v=value, c=true), form.format(v=value, c=false))


@dataclass(frozen=True, slots=True)
class Told:
    """A pair's two answers."""

    pair: Pair
    true: Answer
    false: Answer


Ask = Callable[[str], Answer]


def differs(told: Told) -> bool:
    """Whether the condition decided what was answered."""
    true, false = told.true, told.false
    if None in (true.status, false.status) or 429 in (true.status, false.status):
        return False
    return not same(true, false, _sent(told.pair))


def decides(first: Told, second: Told) -> bool:
    """Whether the condition, and not chance, decides: both pairs differ in the same way.

    Both true ones must say the same and be answered with success on one side at least.
    """
    sent = [*_sent(first.pair), *_sent(second.pair)]
    return (
        differs(first)
        and differs(second)
        and (first.true.ok or first.false.ok)
        and same(first.true, second.true, sent)
        and same(first.false, second.false, sent)
    )


def is_null(told: Told, null: Told) -> bool:
    """Whether the null pair's answers differ as the pair's do: then characters decide, not code."""
    sent = [*_sent(told.pair), *_sent(null.pair)]
    return differs(null) and same(told.true, null.true, sent) and same(told.false, null.false, sent)


def harmless(form: str) -> str:
    """A form without the characters by which it leaves its place: its words are data."""
    return "".join(c for c in form if c not in "'\"%()")


def tell(ask: Ask, pair: Pair) -> Told:
    """Asks both."""
    return Told(pair, ask(pair.true), ask(pair.false))


def _sent(pair: Pair) -> Sequence[str]:
    return (pair.true, pair.false)
