"""Values that a schema forbids, each with the reason in a few words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from l7audit.target.schemas import Schema, alternative, properties, required, type_of

MOST_CHARACTERS = 20_000
"""Longer texts are not sent: whether sizes are bounded is another question."""

MALFORMED = (b"{", b"", b'{"lq": }', b"lq", b'{"lq": 1,}', b'{"lq": "a\nb"}')
"""Bodies that are no JSON at all (RFC 8259)."""

_LONGEST_PATTERN = 200
_ODD = ("\u0001", "!", " ", "\u00e9", "a b!", "-")
_WRONG: dict[str, tuple[Any, ...]] = {
    # Numbers are left out: many frameworks read them as the texts that they are written as.
    "string": ({"lq": 1}, ["lq"], {}, []),
    "integer": ("lq", {"lq": 1}, [1], 1.5, "", True),
    "number": ("lq", {"lq": 1}, [1], "", True),
    "boolean": ("lq", 7, {"lq": 1}, []),
    "array": ("lq", 7, {"lq": 1}),
    "object": ("lq", 7, ["lq"]),
}


@dataclass(frozen=True, slots=True)
class Broken:
    """A member (empty: the whole) with a value that the schema forbids. `absent`: left out."""

    member: str
    value: Any
    why: str
    absent: bool = False

    def applied(self, body: Any) -> Any:
        """The body with this in it."""
        if not self.member:
            return self.value
        rest = {k: v for k, v in body.items() if k != self.member}
        return rest if self.absent else {**rest, self.member: self.value}


def bodies(schema: Schema) -> list[Broken]:
    """What an object's schema forbids, member by member and as a whole."""
    members = properties(schema)
    found = [
        Broken(name, value, why)
        for name, part in members.items()
        if not part.get("readOnly")
        for value, why in forbidden(part)
    ]
    found += [Broken(name, None, "missing", absent=True) for name in required(schema)]
    if alternative(schema).get("additionalProperties") is False:
        found.append(Broken("lq_unknown", "lq", "unknown member"))
    if members:
        found += [Broken("", whole, "no object") for whole in _WRONG["object"]]
    return found


def forbidden(schema: Schema) -> Iterator[tuple[Any, str]]:
    """Values that a member's schema forbids."""
    choices = schema.get("anyOf") or schema.get("oneOf") or []
    unclear = len([c for c in choices if c.get("type") != "null"]) > 1
    schema = alternative(schema)
    kind = type_of(schema)
    if unclear or "not" in schema:
        return
    for value in _WRONG.get(kind, ()):
        yield value, f"no {kind}"
    if isinstance(schema.get("enum"), list) or "const" in schema:
        yield from [("lq-none-of-them", "not in the list")] if kind in {"", "string"} else []
    elif kind == "string":
        yield from texts(schema)
    elif kind in {"integer", "number"}:
        yield from ((value, why) for value, why in numbers(schema))
    elif kind == "array":
        yield from _lists(schema)


def texts(schema: Schema) -> Iterator[tuple[str, str]]:
    """Texts that are too short, too long or of another form."""
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(least, int) and least > 0:
        yield "l" * (least - 1), "too short"
    if isinstance(most, int) and 0 <= most < MOST_CHARACTERS:
        yield "l" * (most + 1), "too long"
        yield "l" * (2 * most + 100), "far too long"
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and (odd := _against(pattern)) is not None:
        yield odd * max(1, least if isinstance(least, int) else 1), "of another pattern"
    if schema.get("format") in {"uuid", "date-time", "date"}:
        yield "lq-of-no-form", f"no {schema['format']}"


def numbers(schema: Schema) -> Iterator[tuple[int, str]]:
    """Whole numbers beyond the bounds."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(low, int | float) and not isinstance(low, bool):
        yield int(low) - 1, "too small"
        yield int(low) - 10**9, "far too small"
    if isinstance(high, int | float) and not isinstance(high, bool):
        yield int(high) + 1, "too large"
        yield int(high) + 10**9, "far too large"
    for key, why in (("exclusiveMinimum", "too small"), ("exclusiveMaximum", "too large")):
        bound = schema.get(key)
        if isinstance(bound, int) and not isinstance(bound, bool):
            yield bound, why


def _lists(schema: Schema) -> Iterator[tuple[list[Any], str]]:
    items, least = schema.get("items"), schema.get("minItems")
    inner = type_of(items) if isinstance(items, dict) else ""
    if isinstance(least, int) and least > 0:
        yield [], "too few"
    for value in _WRONG.get(inner, ())[:2]:
        yield [value], "items of another type"


def _against(pattern: str) -> str | None:
    """A short text that a pattern does not match; None where none is known."""
    compiled = _compiled(pattern)
    return next(
        (odd for odd in _ODD if compiled is not None and compiled.search(odd) is None), None
    )


def matches(pattern: str, text: str) -> bool:
    """Whether a short text is of a pattern; of one that can't be read it is not."""
    compiled = _compiled(pattern)
    return compiled is not None and compiled.search(text) is not None


def _compiled(pattern: str) -> re.Pattern[str] | None:
    if len(pattern) > _LONGEST_PATTERN:
        return None
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
