"""Texts that look alike, and bytes that are no text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.target.schemas import properties
from l7audit.target.words import all_words, says, words
from l7audit_suites.input.ground import Workshop, taking_json, word, workshop, workshops
from l7audit_suites.input.look_alikes import OVERLONG, alike, folded

_ACCOUNT = ("user", "account", "member", "person", "profile", "login", "customer", "reader")
_NAMED = ("username", "user name", "name", "login", "handle", "email", "mail", "nick", "nickname")


@pytest.mark.control("INPUT-20")
def test_no_two_accounts_have_names_that_look_alike(check: Check) -> None:
    rooms = [(room, name) for room, name in _accounts(check) if _unique(room, name)]
    if not rooms:
        check.not_applicable("No account that could be made has a name of its own.")
    for room, name in rooms:
        base = f"{word()}ace"
        check.witness("an account is made", room.make(fields={name: base}).answer)
        both = []
        for kind, other in alike(base).items():
            made = room.make(fields={name: other})
            said = made.answer.json_or_none() if made.answer.ok else None
            kept = str(said.get(name, other)) if isinstance(said, dict) else ""
            if kept and folded(kept) == folded(base):
                both.append((kind, made.answer))
        check.expect(
            not both,
            room.surface.place(f"body {name}"),
            f"two accounts may have names that look alike: {', '.join(k for k, _ in both)}",
            *[a for _, a in both][:4],
            expected="a refusal, as of the very same name",
            seen="a second account",
        )


def _accounts(check: Check) -> list[tuple[Workshop, str]]:
    found = []
    for surface in check.surfaces(Kind.RESOURCE_CREATE, limit=32):
        operation = surface.operation
        told = all_words([operation.name, operation.template, *operation.tags])
        members = properties(operation.json_schema)
        named = next((n for phrase in _NAMED for n in members if says(words(n), phrase)), "")
        if named and says(told, *_ACCOUNT) and Kind.KEY_CREATE not in surface.kinds:
            room = workshop(check, surface, fields={named: word()})
            found += [(room, named)] if room is not None else []
    return found


def _unique(room: Workshop, name: str) -> bool:
    """Whether the same name is not given twice."""
    fields = {name: word()}
    first, second = room.make(fields=fields).answer, room.make(fields=fields).answer
    return first.ok and second.status in {400, 409, 412, 422}


@pytest.mark.control("INPUT-21")
def test_bytes_that_are_no_text_are_not_read_as_one(check: Check) -> None:
    rooms = taking_json(workshops(check, stocked=False))
    if not rooms:
        check.not_applicable("Nothing is made from a JSON body.")
    for room in rooms:
        check.witness("a text is taken", room.takes, once=room is not rooms[0])
        body = room.surface.body()
        name = next((n for n, v in body.items() if isinstance(v, str) and "://" not in v), "")
        for kind, (wrong, meant) in OVERLONG.items() if name else ():
            mark = word()
            plain = room.request(json={**body, name: f"{mark}~{mark}"})
            made = room.sent(replace(plain, content=plain.content.replace(b"~", wrong)))
            shown = room.shown(made) or made.answer
            check.expect(
                not (made.answer.ok and f"{mark}{meant}{mark}" in shown.text),
                room.surface.place(f"body {name}, {kind}"),
                "bytes that are no UTF-8 are read as a character that filters look for",
                made.answer,
                shown,
                expected="a refusal, or a mark of replacement",
                seen=f"the character {meant!r}",
            )
