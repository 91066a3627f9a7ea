"""Planted defects of the audit trail: what is recorded, when, and what the record says."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.audit import AuditLog, Event
from l7audit_stack.api.security.buckets import Verdict
from l7audit_stack.api.security.limits import RateLimiter
from l7audit_stack.api.security.sampling import Sampling
from l7audit_stack.defects.authn.swap import Swap
from l7audit_stack.defects.defect import Defect

Change = Callable[[Event], Sequence[Event]]


class Changing(AuditLog):
    """Writes what `change` makes of each batch."""

    change: Change
    delay = 0.0

    async def append(self, events: Sequence[Event]) -> None:
        if self.delay:
            await asyncio.sleep(self.delay)
        changed = [other for event in events for other in self.change(event)]
        if changed:
            await super().append(changed)


def _log(kind: type[AuditLog] = AuditLog, **fields: Any) -> Swap:
    """Another audit log on the same database; `fields` are set on it."""

    def swap(parts: Parts) -> Parts:
        old = parts.audit
        made = kind(parts.database, old.chain, parts.clock, old.anchor)
        for name, value in fields.items():
            setattr(made, name, value)
        return dataclasses.replace(parts, audit=made)

    return swap


class KeepsAll(Sampling):
    """Takes each for the first."""

    def keeps(self, kind: str, caller: str, now: float) -> bool:
        return True


class EveryOffence(RateLimiter):
    """Calls each refusal an offence, so that each is recorded."""

    async def ask_store(self, subject: str, tier: str, name: str) -> Verdict:
        verdict = await super().ask_store(subject, tier, name)
        return verdict if verdict.allowed else msgspec.structs.replace(verdict, offence=True)


def _each_offence(parts: Parts) -> Parts:
    made = EveryOffence(parts.store, parts.rates, parts.limiter.local)
    return dataclasses.replace(parts, limiter=made)


class WritesLater(Changing):
    """Takes every event into a buffer that is written after a while, and waits for nothing."""

    async def record(self, event: Event) -> None:
        self.note(event)


class RefusalsLater(Changing):
    """Waits for the records of what was done, and not for those of what was refused."""

    async def keep(self, event: Event) -> None:
        self.note(event)


def _as_it_is(event: Event) -> Sequence[Event]:
    return [event]


def _without(*actions: str) -> Swap:
    return _log(Changing, change=lambda e: [] if e.action in actions else [e])


def _hidden_refusals(event: Event) -> Sequence[Event]:
    """Middleware that looks at the answer's status: a refusal that answers 404 is none to it."""
    hidden = event.action == "access.denied" and not event.object.endswith((".list", ".verify"))
    return [] if hidden else [event]


def _replaced(event: Event, **fields: Any) -> Sequence[Event]:
    return [msgspec.structs.replace(event, **fields)]


def _one_word(event: Event) -> str:
    return event.action.partition(".")[0] if event.action.startswith("login") else event.action


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="audit.failed-logins-unrecorded",
        summary="Only logins that succeed are recorded.",
        parts=_without("login.failed", "token.failed"),
    ),
    Defect(
        name="audit.logins-look-alike",
        summary="A failed login is recorded as a login.",
        parts=_log(
            Changing,
            change=lambda e: _replaced(
                e, action=_one_word(e), outcome="ok" if _one_word(e) == "login" else e.outcome
            ),
        ),
    ),
    Defect(
        name="audit.logins-by-outcome-only",
        summary="Logins and failed logins are one action with two outcomes.",
        near_miss=True,
        parts=_log(Changing, change=lambda e: _replaced(e, action=_one_word(e))),
    ),
    Defect(
        name="audit.key-rotation-unrecorded",
        summary="The rotation of a key leaves no record.",
        parts=_without("key.rotated"),
    ),
    Defect(
        name="audit.recorded-twice",
        summary="What becomes of a key is recorded by its handler and by a layer above.",
        parts=_log(Changing, change=lambda e: [e, e] if e.action.startswith("key.") else [e]),
    ),
    Defect(
        name="audit.recorded-a-little-late",
        summary="Records are written in batches, some tenths of a second later.",
        near_miss=True,
        parts=_log(Changing, change=lambda e: [e], delay=0.3),
    ),
    Defect(
        name="audit.refusals-unrecorded",
        summary="Refused credentials and refused callers leave no record.",
        parts=_without("access.denied", "credential.refused"),
    ),
    Defect(
        name="audit.hidden-refusals-unrecorded",
        summary="An attempt at somebody else's thing leaves no record.",
        parts=_log(Changing, change=_hidden_refusals),
    ),
    Defect(
        name="audit.role-change-unrecorded",
        summary="The change of a user's role leaves no record.",
        parts=_without("user.change"),
    ),
    Defect(
        name="audit.rule-change-unrecorded",
        summary="The change of a rate policy leaves no record.",
        parts=_without("policy.changed"),
    ),
    Defect(
        name="audit.no-actor",
        summary="Records do not say who it was.",
        parts=_log(Changing, change=lambda e: _replaced(e, actor="", client="")),
    ),
    Defect(
        name="audit.no-object",
        summary="Records do not say to what it was done.",
        parts=_log(Changing, change=lambda e: _replaced(e, object="")),
    ),
    Defect(
        name="audit.other-request-ids",
        summary="Records carry ids of their own that no answer has.",
        parts=_log(Changing, change=lambda e: _replaced(e, request_id=secrets.token_hex(16))),
    ),
    Defect(
        name="audit.lockouts-unrecorded",
        summary="That a limit holds somebody off leaves no record.",
        parts=_without("rate.limited"),
    ),
    Defect(
        name="audit.every-refused-guess",
        summary="Every request that a limit refuses is recorded.",
        parts=_each_offence,
    ),
    Defect(
        name="audit.refused-input-unrecorded",
        summary="Refused input leaves no record.",
        parts=_without("input.refused"),
    ),
    Defect(
        name="audit.every-refused-input",
        summary="Every refused input is recorded.",
        parts=lambda parts: dataclasses.replace(parts, sampling=KeepsAll()),
    ),
    Defect(
        name="audit.refusals-written-later",
        summary="Records of what was refused are written half a second after the answer.",
        parts=_log(RefusalsLater, change=_as_it_is, delay=0.5),
    ),
    Defect(
        name="audit.answers-before-it-writes",
        summary="All records are written half a second after the answer.",
        parts=_log(WritesLater, change=_as_it_is, delay=0.5),
    ),
    Defect(
        name="audit.written-in-bulk",
        summary="Records are written together every tenth of a second, and answers wait for it.",
        near_miss=True,
        parts=_log(Changing, change=_as_it_is, delay=0.1),
    ),
)
