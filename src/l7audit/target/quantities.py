"""Which numbers say how much or how many, told by their names and by their schemas."""

from __future__ import annotations

from l7audit.target.schemas import Schema, alternative, properties, required, type_of
from l7audit.target.words import plural, says, words

AMOUNT = (
    "amount", "quantity", "qty", "credit", "point", "coin", "minute", "hour", "night", "seat",
    "ticket", "unit", "piece", "price", "cent", "total", "sum", "cost", "fee", "fare", "tip",
    "deposit", "donation", "bid", "stake", "budget", "money", "payment", "guest", "person",
    "share", "limit", "euro", "dollar", "volume", "weight", "mass", "dose", "dosage", "litre",
    "liter", "gram", "kilogram", "distance", "pence", "penny", "cash", "payout", "stamp",
)  # fmt: skip
NOT_AN_AMOUNT = (
    "id", "adjustment", "delta", "offset", "change", "difference", "correction", "temperature",
    "latitude", "longitude", "x", "y", "position", "percent", "expire", "expires", "expiry", "ttl",
    "timeout", "interval", "before", "after", "reminder", "start", "end", "opening", "closing",
    "page", "rate", "overlap",
)  # fmt: skip
_MEASURES = (
    "degree", "level", "floor", "metre", "meter", "mile", "inch", "pixel", "second", "millisecond",
    "volt", "decibel", "coordinate", "axis", "goal", "delta", "setting",
)  # fmt: skip
"""Plurals that say how far or where, and may well be less than nothing."""


def is_amount(name: str, schema: Schema) -> bool:
    """Whether a field says how much or how many, so that less than nothing makes no sense.

    Not where the schema itself lets it be negative.
    """
    told, least = words(name), schema.get("minimum")
    decimal = schema.get("format") == "decimal" or "\\d" in str(schema.get("pattern", ""))
    kind = type_of(schema)
    return (
        says(told, *AMOUNT)
        and not says(told, *NOT_AN_AMOUNT)
        and (kind in {"", "integer", "number"} or (kind == "string" and decimal))
        and not (isinstance(least, int | float) and least < 0)
        and not schema.get("enum")
    )


def counts_things(name: str, schema: Schema) -> bool:
    """Whether a number that has to be there says how many of something are made or ordered: it is
    called by what is counted, as `shelves` is, or by a count."""
    told, least = words(name), alternative(schema).get("minimum")
    return (
        type_of(schema) in {"integer", "number"}
        and (plural(name) or says(told[-1:], "count"))
        and not says(told, *NOT_AN_AMOUNT, *_MEASURES)
        and not (isinstance(least, int | float) and least < 0)
        and not schema.get("enum")
    )


def orders(schema: Schema, depth: int) -> bool:
    """Whether a body has to say how many of something are wanted."""
    if depth <= 0:
        return False
    members = properties(schema)
    inner = (p.get("items") or {} if type_of(p) == "array" else p for p in members.values())
    needed = (n for n in required(schema) if n in members)
    return any(counts_things(n, members[n]) for n in needed) or any(
        orders(part, depth - 1) for part in inner if isinstance(part, dict)
    )
