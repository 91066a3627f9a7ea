"""Which numbers of a request say how many, and what shows that nothing bounds them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from l7audit.probe.answer import Answer
from l7audit.target.schemas import Schema, alternative
from l7audit.target.words import says, words

MANY = 1_000_000
"""More than anybody reads in one page."""

STEPS = (10, 100, 1_000, 10_000)
"""How many times something is asked for, the next only where the one before did as it was told."""

SECONDS = 0.4
"""An answer that takes so long has shown what it costs: no more is asked for."""

_FOLLOWS = 3.0
"""How many times as much an answer is, at ten times the number, that follows it."""
_NEARLY_NOTHING = 0.04
_PAGE = (
    "limit", "page size", "per page", "size", "count", "top", "take", "max", "maximum", "row",
    "first", "n", "num", "result", "item", "pagesize", "perpage",
)  # fmt: skip
_TIMES = (
    *_PAGE, "copy", "time", "repeat", "repetition", "round", "iteration", "width", "height",
    "length", "depth", "day", "month", "year", "point", "sample", "step", "number", "batch",
    "digit", "word", "paragraph", "level", "resolution", "precision", "factor",
)  # fmt: skip
_NOT = ("id", "offset", "min", "minimum", "after", "before", "start", "price", "cent", "index")
_TOTALS = {"x-total-count", "x-total", "total-count", "x-pagination-total-count"}
_SAID = ("limit", "size", "page size", "per page", "pagesize", "perpage")


def is_page(name: str) -> bool:
    """Whether a parameter of that name says how many things a page may have."""
    return says(words(name), *_PAGE) and not says(words(name), *_NOT)


def is_count(name: str) -> bool:
    """Whether a number of that name may say how often something is done."""
    return says(words(name), *_TIMES) and not says(words(name), *_NOT)


def allowed(schema: Schema) -> float:
    """The most that the document itself allows; 0 where it says nothing."""
    most = alternative(schema).get("maximum")
    return float(most) if isinstance(most, int | float) and not isinstance(most, bool) else 0.0


def listed(answer: Answer) -> int:
    """How many things an answer lists; -1 where it is no success or no list."""
    body = answer.json_or_none() if answer.ok else None
    lists = [v for v in body.values() if isinstance(v, list)] if isinstance(body, dict) else []
    if isinstance(body, list):
        return len(body)
    return max(map(len, lists), default=-1)


def said(answer: Answer) -> list[float]:
    """Which page sizes an answer says that it was made for."""
    return [v for n, v in _numbers(answer.json_or_none(), 3) if says(words(n), *_SAID)]


def in_all(answer: Answer) -> int:
    """How many things there are, as an answer's header says; 0 where none does."""
    told = [v for n, v in answer.headers.pairs if n.lower() in _TOTALS]
    return max((int(v) for v in told if v.isdecimal()), default=0)


def _numbers(value: Any, depth: int) -> Iterator[tuple[str, float]]:
    """Named numbers beside the things of a list."""
    if not isinstance(value, dict) or depth <= 0:
        return
    for name, inner in value.items():
        if isinstance(inner, int | float) and not isinstance(inner, bool):
            yield str(name), float(inner)
        yield from _numbers(inner, depth - 1)


def follows(sizes: Sequence[float]) -> bool:
    """Whether the last is so much more than the one before that it follows the number."""
    return len(sizes) < 2 or sizes[-1] >= _FOLLOWS * max(sizes[-2], 1.0)


def takes_time(seconds: Sequence[float]) -> bool:
    """Whether the last took long, and each of the last steps several times the one before."""
    if len(seconds) < 3 or seconds[-1] < SECONDS:
        return False
    return seconds[-1] >= _FOLLOWS * max(seconds[-2], _NEARLY_NOTHING)
