"""Whether a refusal gives away that there is something to refuse."""

from __future__ import annotations

import random
import string
import uuid
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.target.surface import Surface
from l7audit.target.words import words
from l7audit_suites.authn.resemblance import differences
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.things import Thing, ask

_PASSING = {
    "time", "at", "used", "seen", "etag", "access", "request", "trace", "nonce", "cursor", "on",
    "count", "timestamp", "age",
}  # fmt: skip


def like(identifier: str, chance: random.Random) -> str:
    """An id of the same form that nothing has: digits stay digits, and so on."""
    try:
        uuid.UUID(identifier)
    except ValueError:
        return "".join(_other(c, chance) for c in identifier)
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _other(character: str, chance: random.Random) -> str:
    for alphabet in (string.digits, "abcdef", string.ascii_lowercase, string.ascii_uppercase):
        if character in alphabet:
            return chance.choice(alphabet)
    return character


def unlike(one: Answer, other: Answer) -> bool:
    """Whether two looks at one thing differ in more than what passes by itself, as times do."""
    return bool(_lasting(one.json_or_none()) != _lasting(other.json_or_none()))


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _lasting(item)
            for key, item in value.items()
            if not _PASSING & set(words(str(key))[-1:])
        }
    return [_lasting(item) for item in value] if isinstance(value, list) else value


def told_apart(
    check: Check, thing: Thing, surface: Surface, stranger: Identity
) -> tuple[Answer, Answer, list[str]] | None:
    """A stranger's answers for another's thing and for none, and how they differ.

    None where either was no refusal, so that there is nothing to compare. A third answer, for
    none once more, is the null pair: what differs between equals says nothing.
    """
    # A marker in the body makes the request valid; what is refused is never written.
    given = (marked(surface, new_marker()) or {}) if surface.operation.bodies else {}
    absent = [like(thing.id, check.random) for _ in range(2)]
    theirs = ask(check, thing.at(surface), stranger, **given)
    nobodys = ask(check, thing.at(surface), stranger, path={thing.family.key: absent[0]}, **given)
    if not (_refusal(theirs) and _refusal(nobodys)):
        return None
    names = [thing.id, *absent]
    found = differences(theirs, nobodys, names)
    if found:
        null = ask(check, thing.at(surface), stranger, path={thing.family.key: absent[1]}, **given)
        noise = differences(nobodys, null, names)
        found = [d for d in found if d not in noise]
    return theirs, nobodys, found


def _refusal(answer: Answer) -> bool:
    return 400 <= (answer.status or 0) < 500 and not answer.throttled
