"""Reads below another's thing: those that a document tells of, and those that it forgot."""

from __future__ import annotations

from dataclasses import replace

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.probe.answer import Answer
from l7audit.target.likeness import says_nothing
from l7audit.target.surface import Surface
from l7audit.target.words import says
from l7audit_suites.authz.contents import tells_most
from l7audit_suites.authz.made_up import like
from l7audit_suites.authz.personal import PERSONAL
from l7audit_suites.authz.sharing import private_to_read
from l7audit_suites.authz.test_objects import missing_owner, relation, undecided, who
from l7audit_suites.authz.things import Thing, ask, find
from l7audit_suites.expose.nothing_there import there

_UNTOLD = ("details", "history", "export", "download")
_OF_PURCHASES = ("receipt", "invoice")
"""Routes below one thing that are forgotten in documents, and then by guards."""


def viewed(check: Check, made: Thing, surface: Surface) -> int:
    """A read below another's thing: what its owner is told there. Of a new thing there is often
    nothing to tell; then one that he had before is looked at."""
    looked = 0
    for thing in (
        made,
        *([] if made.found else filter(None, [find(check, made.family, made.cast)])),
    ):
        own = ask(check, thing.at(surface), thing.owner)
        if not own.ok or says_nothing(own):
            continue
        for stranger in thing.cast.strangers:
            if not private_to_read(check, thing, stranger):
                continue
            answer = ask(check, thing.at(surface), stranger)
            if undecided(check, answer):
                continue
            absent = {thing.family.key: like(thing.id, check.random)}
            shown = _tells_the_same(answer, own)
            if shown and _tells_the_same(ask(check, thing.at(surface), stranger, path=absent), own):
                continue  # it is said of things that are not there, too
            looked += 1
            check.expect(
                not shown,
                surface.place(relation(thing, stranger)),
                f"{who(thing, stranger)} reads what lies below a thing that is another's.",
                answer,
                own,
                expected="404 or 403",
                seen=f"{answer.status}, with what its owner is told",
                confidence=Confidence.CONFIRMED if thing.named_in(answer) else Confidence.STRONG,
                cause=missing_owner(surface),
            )
        break
    return looked


def _tells_the_same(answer: Answer, own: Answer) -> bool:
    """Whether somebody is told what the owner is."""
    if not answer.ok or answer.media_type != own.media_type or says_nothing(answer):
        return False
    value, known = answer.json_or_none(), own.json_or_none()
    return tells_most(value, known) if known is not None else answer.body == own.body


def untold(check: Check, thing: Thing) -> int:
    """Reads below another's thing that no document tells of."""
    read, looked = thing.family.read, 0
    strangers = [s for s in thing.cast.strangers if private_to_read(check, thing, s)]
    if read is None or not strangers or Kind.PATH_TAKING in read.kinds:
        return 0
    known = {o.template for o in check.model.operations}
    purchase = says(thing.family.called, *PERSONAL)
    names = [
        name
        for name in (*(_OF_PURCHASES if purchase else ()), *_UNTOLD)
        if f"{read.operation.template}/{name}" not in known
    ]
    folder = thing.at(read).request().path.rstrip("/")
    for asked in there(check, [folder], names, check.sessions.auth(thing.owner, read)):
        surface = check.model.surface(
            replace(
                read.operation,
                name=asked.name,
                template=f"{read.operation.template.rstrip('/')}/{asked.name}",
            )
        )
        looked += viewed(check, thing, surface)
    return looked
