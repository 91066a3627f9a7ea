"""Valid values for schemas, the same ones for the same seed."""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Mapping
from typing import Any

from l7audit.target.patterns import fitting
from l7audit.target.schemas import Schema, alternative, properties, required, type_of

Path = tuple[str | int, ...]
"""The way to a part of a value: names of members, and places in lists."""

DEPTH = 8
MOST_ITEMS = 16
MOST_CHARACTERS = 4096
MOST_MEMBERS = 64
MARK = "l7audit-"
"""How texts of our own begin where their schemas let us choose."""

_NEAR = 3
"""How deep a list of parts still has one where it need not."""

COMFORTABLE = 8
"""Characters of a made-up name where its schema lets us choose: long enough to be unlike others."""


def compose(schema: Schema, choice: random.Random, depth: int = DEPTH) -> Any:
    """A value that the schema admits; in it is what the schema requires, and nothing more except
    that an object which requires nothing gets one member, so that a change changes something.

    The author's own word comes first: constants, examples, defaults, enumerations. A string of
    nothing but a type is a marked word of ours, so that what was left behind can be recognised.
    """
    schema = alternative(schema)
    for said in _said(schema, choice):
        return said
    kind = type_of(schema)
    if kind == "object" and depth > 0:
        return _object(schema, choice, depth)
    if kind == "array":
        return _array(schema, choice, depth)
    if kind in {"integer", "number"}:
        return _number(schema, kind)
    if kind == "boolean":
        return False
    if kind == "null":
        return None
    return {} if kind == "object" else text(schema, choice)


def put(value: Any, path: Path, part: Any) -> Any:
    """A copy of a value with a part of it in its place; what is not there on the way is made."""
    if not path:
        return part
    head, *rest = path
    if isinstance(head, int):
        items = list(value) if isinstance(value, list) else []
        items[head : head + 1] = [put(items[head] if head < len(items) else {}, tuple(rest), part)]
        return items
    members = dict(value) if isinstance(value, Mapping) else {}
    members[head] = put(members.get(head), tuple(rest), part)
    return members


def _said(schema: Schema, choice: random.Random) -> list[Any]:
    """What the author gives as a value, if anything."""
    if "const" in schema:
        return [schema["const"]]
    if "example" in schema:
        return [schema["example"]]
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        return [examples[0]]
    if schema.get("default") is not None:
        return [schema["default"]]
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return [choice.choice(choices)]
    return []


def _object(schema: Schema, choice: random.Random, depth: int) -> dict[str, Any]:
    members = properties(schema)
    wanted = list(dict.fromkeys(required(schema)))[:MOST_MEMBERS]
    value = {name: compose(members.get(name, {}), choice, depth - 1) for name in wanted}
    spare = [name for name in members if name not in value and not members[name].get("readOnly")]
    spare.sort(key=lambda name: type_of(members[name]) != "string")
    for name in spare[: max(0, _whole(schema, "minProperties", depth == DEPTH) - len(value))]:
        value[name] = compose(members[name], choice, depth - 1)
    return value


def _array(schema: Schema, choice: random.Random, depth: int) -> list[Any]:
    items = schema.get("items") if isinstance(schema.get("items"), dict) else {}
    count = min(MOST_ITEMS, _whole(schema, "minItems", int(_of_parts(items or {}, depth))))
    count = min(count, max(0, _whole(schema, "maxItems", count)))
    return [compose(items or {}, choice, depth - 1) for _ in range(count)] if depth > 0 else []


def _of_parts(items: Schema, depth: int) -> bool:
    """Whether a list is of parts of the whole, near its top: an order without a line is seldom
    taken, whatever its schema says. A list of names or of ids may well be empty."""
    return depth > DEPTH - _NEAR and bool(properties(items))


def _whole(schema: Schema, key: str, otherwise: int) -> int:
    value = schema.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _bound(schema: Schema, inclusive: str, exclusive: str, step: float) -> float | None:
    """A bound in any of the writings of 3.0 (a flag) and 3.1 (a number)."""
    value, strict = schema.get(inclusive), schema.get(exclusive)
    if isinstance(strict, int | float) and not isinstance(strict, bool):
        return strict + step
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value + step if strict is True else value
    return None


def _number(schema: Schema, kind: str) -> int | float:
    step = 1.0 if kind == "integer" else 1e-3
    low = _bound(schema, "minimum", "exclusiveMinimum", step)
    high = _bound(schema, "maximum", "exclusiveMaximum", -step)
    value: float = 1
    if low is not None and value < low:
        value = low
    if high is not None and value > high:
        value = high
    multiple = schema.get("multipleOf")
    if isinstance(multiple, int | float) and multiple > 0:
        value = -(-value // multiple) * multiple
    return int(value) if kind == "integer" or float(value).is_integer() else value


def text(schema: Schema, choice: random.Random) -> str:
    """A string for a schema: by its pattern, else by its format, within its lengths."""
    least = max(0, min(MOST_CHARACTERS, _whole(schema, "minLength", 0)))
    most = _whole(schema, "maxLength", MOST_CHARACTERS)
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        fit = fitting(pattern, choice, max(least, min(COMFORTABLE, most)))
        if fit is not None and len(fit) <= most:
            return fit
    shaped = _formatted(str(schema.get("format", "")), schema, choice)
    if shaped is not None:
        return shaped
    word = MARK + "".join(choice.choices(string.ascii_lowercase + string.digits, k=6))
    if len(word) > most:
        word = word[-most:] if most > 0 else ""
    return word + "x" * (least - len(word))


def _formatted(form: str, schema: Schema, choice: random.Random) -> str | None:
    if form == "uuid":
        return str(uuid.UUID(int=choice.getrandbits(128), version=4))
    if form == "email":
        return f"{MARK}{choice.getrandbits(24):06x}@example.org"
    if form in {"byte", "base64"} or schema.get("contentEncoding") == "base64":
        return base64.b64encode(b"l7audit").decode()
    return {
        "date-time": "2030-01-01T00:00:00Z",
        "date": "2030-01-01",
        "time": "00:00:00Z",
        "duration": "PT1H",
        "uri": "https://example.org/l7audit",
        "url": "https://example.org/l7audit",
        "hostname": "example.org",
        "ipv4": "192.0.2.1",
        "ipv6": "2001:db8::1",
    }.get(form)
