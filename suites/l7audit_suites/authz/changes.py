"""Changes that show: a marker in a text, or else another choice, number or flag than is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from l7audit.probe.answer import Answer
from l7audit.target.operation import is_json
from l7audit.target.schemas import Schema, alternative, properties, type_of
from l7audit.target.surface import Surface
from l7audit_suites.authz.contents import subject
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.things import Thing

_MOST = 3


@dataclass(frozen=True, slots=True)
class Change:
    """What `Surface.request` is given; `member` then holds `value`, or any text does."""

    given: dict[str, Any]
    value: Any
    member: str = ""

    def shows(self, thing: Thing, answer: Answer) -> bool:
        """Whether somebody who looks at the thing finds it so."""
        if not self.member:
            return answer.ok and self.value in answer.text
        return answer.ok and _held(thing, answer).get(self.member) == self.value


def changes(thing: Thing, surface: Surface, shown: Answer) -> Iterator[Change]:
    """Ways to change a thing so that it differs from what was just shown of it, texts first."""
    marker = new_marker()
    given = marked(surface, marker)
    if given is not None:
        yield Change(given, marker)
    elif is_json(surface.operation.media_type):
        held, count = _held(thing, shown), 0
        for name, schema in properties(surface.operation.json_schema).items():
            if name not in held or schema.get("readOnly") or count == _MOST:
                continue
            for value in _others(alternative(schema), held[name]):
                count += 1
                yield Change({"fields": {name: value}}, value, name)


def again(thing: Thing, surface: Surface, shown: Answer, change: Change) -> Change | None:
    """One more change of the same member, to something else than is shown now."""
    found = changes(thing, surface, shown)
    return next((c for c in found if c.member == change.member), None)


def _held(thing: Thing, answer: Answer) -> dict[str, Any]:
    found = subject(answer.json_or_none(), thing.id, thing.family.key)
    return found if isinstance(found, dict) else {}


def _others(schema: Schema, held: Any) -> Iterator[Any]:
    """A value that the schema takes, other than the one that is held; none for texts."""
    choices = schema.get("enum")
    if isinstance(choices, list):
        yield from [c for c in choices if c is not None and c != held][:1]
    elif isinstance(held, bool):
        yield not held
    elif type_of(schema) in {"integer", "number"} and isinstance(held, int | float):
        most = schema.get("maximum")
        yield held - 1 if isinstance(most, int | float) and held + 1 > most else held + 1
