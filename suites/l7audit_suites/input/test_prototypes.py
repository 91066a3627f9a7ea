"""Members that lead out of the object that they were sent for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit_suites.input.ground import Workshop, taking_json, word, workshops
from l7audit_suites.input.prototypes import changes, spare, ways_out

FOLLOWED = "a member with the name of a prototype or class is followed into it"


@pytest.mark.control("INPUT-19")
def test_a_members_name_reaches_no_prototype_or_class(check: Check) -> None:
    makers = taking_json(workshops(check, stocked=False))
    rooms = [(room, name) for room in makers if (name := spare(room))]
    if not rooms:
        check.not_applicable("Nothing that is made has a text that may be left out.")
    for room, name in rooms:
        check.witness("a thing is made and shown", room.takes, once=room is not rooms[0][0])
        tried = [
            (part, fields, *_slipped_in(room, fields)) for part, fields in ways_out(name).items()
        ]
        later = room.make()  # one for all: each way has a marker of its own
        after = room.shown(later) or later.answer
        for part, fields, marker, made, own in tried:
            shows = [a for a in (own, after) if a is not None and _member(a, name) == marker]
            check.expect(
                not shows,
                room.surface.place(f"body {part}"),
                FOLLOWED,
                made,
                *shows,
                expected="a refusal, or no effect",
                seen="the value in a thing that was made without it",
            )
            if shows:
                room.make(fields=fields(""))  # puts back what others would meet


def _slipped_in(
    room: Workshop, fields: Callable[[str], dict[str, Any]]
) -> tuple[str, Answer, Answer | None]:
    """A marker that was sent in that way, the answer to it, and the thing as it is shown."""
    marker = word()
    made = room.make(fields=fields(marker))
    return marker, made.answer, room.shown(made) if made.answer.ok else None


def _member(answer: Answer, name: str) -> Any:
    body = answer.json_or_none()
    return body.get(name) if isinstance(body, dict) else None


@pytest.mark.control("INPUT-19")
def test_a_change_reaches_nothing_of_anybody_else(check: Check) -> None:
    found = list(changes(check))
    if not found:
        check.not_applicable("Nothing is changed by an object of which others' could be read.")
    check.witness("what others have is read", found[0].reader.send(found[0].view))
    for change in found:
        name, marker = word(), word()
        planted = change.plant(name, marker)
        shows = change.seen(name, marker) if planted.ok else []
        check.expect(
            not shows,
            change.door.surface.place(f"body {change.spot}".rstrip()),
            FOLLOWED,
            planted,
            *shows,
            expected="a refusal, or no effect on what is another's",
            seen="a member that was sent for one thing in another",
        )
        if shows:
            change.plant(name, "")  # what was planted can't be taken away, only emptied
