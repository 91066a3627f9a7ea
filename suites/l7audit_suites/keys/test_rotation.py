"""The end of API keys: by rotation, and by age."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from l7audit.errors import ProviderError
from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.storage import Storage
from l7audit.target.surface import Surface
from l7audit_suites.authn.judgement import Seen
from l7audit_suites.authn.made_keys import (
    MadeKey,
    discard,
    end_fields,
    made_key,
    path_to,
    read_key,
    refused_everywhere,
)
from l7audit_suites.keys.dates import aged, told_end

_OVERLAP = 2
_GRACE = 0.1
"""Seconds for which a rotated key shall work on, and when it is asked for after its end."""

_TRIES = 4
_LONG = timedelta(days=400)
_SHORT = timedelta(days=1)
"""A year and a month: what nobody renewed for so long must have ended. A day must not matter."""


@pytest.mark.control("KEYS-04")
def test_a_rotated_key_works_until_the_overlap_ends_and_never_after(check: Check) -> None:
    surface = check.surface(Kind.KEY_ROTATE)
    wish = end_fields(surface.operation.json_schema, _OVERLAP)
    if wish is None:
        check.not_applicable("The target's rotation takes no wish for an overlap.")
    with made_key(check) as made:
        check.witness("a new key works", lambda: made.ground.ask(made.text), once=True)
        began = time.monotonic()
        answer = check.send(
            surface.request(auth=made.auth, path=path_to(surface, made.answer), fields=wish),
            identity=made.owner.name,
        )
        if not answer.ok:
            check.inconclusive(f"Its owner could not rotate a key: {answer.status}.")
        end = time.monotonic() + _OVERLAP
        successor = read_key(check, answer, surface, made.owner, made.auth)
        try:
            old, new = _lets_in(made, made.text), _lets_in(made, successor.text)
            if time.monotonic() > began + _OVERLAP:
                check.inconclusive("The overlap was over before both keys could be tried.")
            place = made.ground.place("key within its overlap")
            check.expect(new, place, "The new key does not work everywhere at once.", answer)
            check.expect(
                old,
                made.ground.place("old key within its overlap"),
                "The old key is refused within the overlap that was asked for.",
                answer,
                expected="the same answer as before the rotation",
            )
            time.sleep(max(0.0, end + _GRACE - time.monotonic()))
            late = refused_everywhere(made.ground, made.text, end)
            check.expect(
                not late,
                made.ground.place("old key after its overlap"),
                "The old key is still accepted after the overlap that was asked for.",
                answer,
                *late,
                expected="a refusal, as without a credential",
                seen="the same answer as before the rotation",
            )
            check.expect(_lets_in(made, successor.text), place, "The new key ended, too.", answer)
        finally:
            discard(check, successor)


def _lets_in(made: MadeKey, text: str) -> bool:
    """Whether a key is accepted at every address."""
    answers = [made.ground.ask(text, address) for address in made.ground.everywhere()]
    return all(made.ground.seen(answer) is Seen.ACCEPTED for answer in answers)


@pytest.mark.control("KEYS-05")
def test_a_key_that_nobody_rotated_ends_by_itself(check: Check) -> None:
    with made_key(check) as young, made_key(check) as made, check.storage() as storage:
        check.witness("a new key works", lambda: made.ground.ask(made.text), once=True)
        # Both at once: what is remembered of one is as old as what is remembered of the other.
        _age(check, storage, young, _SHORT)
        _age(check, storage, made, _LONG)
        late = refused_everywhere(made.ground, made.text, time.monotonic())
        check.witness("a key of yesterday works", lambda: young.ground.ask(young.text), once=True)
        check.expect(
            not late,
            made.ground.place("API key that is too old"),
            f"A key that was made {_LONG.days} days ago and never rotated is still accepted.",
            *late,
            expected="a refusal: keys end by themselves within a year or so",
            seen="the same answer as to a new key",
        )


@pytest.mark.control("KEYS-10")
def test_who_holds_a_key_is_told_when_it_ends_by_itself(check: Check) -> None:
    with made_key(check) as made, check.storage() as storage:
        check.witness("a new key works", lambda: made.ground.ask(made.text), once=True)
        now = datetime.now(UTC)
        listings = check.model.surfaces(Kind.KEY_LIST, limit=1)
        shown = [made.answer, *(_asked(check, made, surface) for surface in listings)]
        told = [name for answer in shown for thing in _keys(answer, made.id)
                if (name := told_end(thing, now))]  # fmt: skip
        _age(check, storage, made, _LONG)
        if refused_everywhere(made.ground, made.text, time.monotonic()):
            check.inconclusive("Keys do not end by themselves, so that there is nothing to tell.")
        check.expect(
            bool(told),
            made.surface.place("end of a key"),
            "A key ends by its age, and neither its making nor the listing says when.",
            *shown,
            expected="the day on which it ends",
            seen=f"nothing of it, and a refusal after {_LONG.days} days",
        )


def _asked(check: Check, made: MadeKey, surface: Surface) -> Answer:
    return check.send(surface.request(auth=made.auth), identity=made.owner.name)


def _keys(answer: Answer, wanted: str) -> list[dict[str, Any]]:
    """What an answer shows of that key: itself, or an item of it."""
    body = answer.json_or_none()
    lists = [v for v in body.values() if isinstance(v, list)] if isinstance(body, dict) else [body]
    found = [body, *(t for listed in lists if isinstance(listed, list) for t in listed)]
    objects = [thing for thing in found if isinstance(thing, dict)]
    return [thing for thing in objects if wanted and wanted in map(str, thing.values())]


def _age(check: Check, storage: Storage, made: MadeKey, by: timedelta) -> None:
    """Makes the stored key older. Ends the check where it is not found or has no time."""
    now, wanted = datetime.now(UTC), made.id
    tables = {k.table for k in storage.holding(wanted) if wanted in k.row.values()}
    changed = False
    for table in tables if wanted else ():
        for _ in range(_TRIES):
            rows = storage.contents(table)
            older = [aged(r, by, now) if wanted in r.values() else r for r in rows]
            changed = changed or older != rows
            with suppress(ProviderError):  # the target has written meanwhile
                storage.replace(table, older)
                break
    if not changed:
        check.inconclusive("The new key was not found in the database that the provider grants.")
