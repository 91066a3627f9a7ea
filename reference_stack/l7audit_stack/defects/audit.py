"""Planted defects of the audit trail: what it leaves out, gives away, or does not notice."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from l7audit_stack.api.operation import Call, Handler, Operation, Reply
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.auth import Login
from l7audit_stack.api.security.anchor import Anchor, End
from l7audit_stack.api.security.audit import AuditChain, AuditLog, Event
from l7audit_stack.api.security.buckets import Verdict
from l7audit_stack.api.security.limits import RateLimiter
from l7audit_stack.api.security.policy import AccessPolicy
from l7audit_stack.api.security.principals import Principal
from l7audit_stack.api.security.sampling import Sampling
from l7audit_stack.defects.authn.around import Scope, Whole, changing_answers
from l7audit_stack.defects.authn.swap import Swap
from l7audit_stack.defects.authz.swap import deciding, handlers
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


class PartlyCovered(AuditChain):
    """Leaves the outcome out of the code."""

    def mac(self, previous: bytes, row: Sequence[Any]) -> bytes:
        return super().mac(previous, [*row[:6], *row[7:]])


class NotLinked(AuditChain):
    """Codes each record by itself, without its number and without what came before."""

    def mac(self, previous: bytes, row: Sequence[Any]) -> bytes:
        return super().mac(b"", row[1:])

    def verify(self, rows: Any, macs: Any, head: End, anchored: End | None = None) -> Any:
        numbered = [[n, *row[1:]] for n, row in enumerate(rows, start=1)]
        end = (len(macs), macs[-1] if macs else b"")
        return super().verify(numbered, macs, end, None)


class Follows(Anchor):
    """Takes whatever the database says for the end."""

    async def read(self) -> End | None:
        return None


def _chain(kind: type[AuditChain]) -> Swap:
    def swap(parts: Parts) -> Parts:
        made = AuditLog(parts.database, kind(parts.audit.chain.key), parts.clock)
        return dataclasses.replace(parts, audit=made)

    return swap


def _following(parts: Parts) -> Parts:
    anchor = Follows(parts.store, parts.audit.chain.key)
    made = AuditLog(parts.database, parts.audit.chain, parts.clock, anchor)
    return dataclasses.replace(parts, audit=made)


class AcrossTenants(AccessPolicy):
    """Forgets that a tenant's admin is one of many."""

    def tenant_filter(self, principal: Principal, permission: str) -> str | None:
        return None


async def _tell(call: Call, action: str, what: str) -> None:
    principal = call.principal
    await call.parts.audit.record(
        call.parts.audit.event(
            action,
            actor=principal.id if principal else "anonymous",
            tenant=principal.tenant if principal else None,
            object=what,
            client=call.client,
            request_id=call.request_id,
        )
    )


def _telling_key(text_of: Callable[[str], str]) -> Callable[[Handler], Handler]:
    """Records a debugging line with what was answered."""

    def around(handler: Handler) -> Handler:
        async def told(call: Call) -> Reply:
            reply = await handler(call)
            await _tell(call, "key.answered", text_of(reply.content.key))
            return reply

        return told

    return around


def _telling_login(handler: Handler) -> Handler:
    async def told(call: Call) -> Reply:
        wanted: Login = call.body
        try:
            return await handler(call)
        except Problem:
            await _tell(call, "login.tried", f"{wanted.username}/{wanted.password}")
            raise

    return told


async def _delete(call: Call) -> Reply:
    await call.parts.database.execute(
        "DELETE FROM audit_events WHERE seq::text = $1", call.path["number"]
    )
    return Reply(status=204)


async def _nothing(_: Call) -> Reply:
    return Reply(status=204)


async def _post(call: Call) -> Reply:
    told: Reported = call.body
    tenant = call.principal.tenant if call.principal else None
    event = call.parts.audit.event("", actor="", tenant=tenant)
    await call.parts.audit.record(msgspec.structs.replace(event, **msgspec.structs.asdict(told)))
    return Reply(status=204)


class Reported(msgspec.Struct, frozen=True):
    """An event as an agent on another machine reports it."""

    actor: str
    action: str
    object: str
    outcome: str
    request_id: str


def _with_operation(method: str, path: str, handler: Handler, **more: Any) -> Swap:
    def swap(parts: Parts) -> Parts:
        made = Operation(
            name=f"audit.{method.lower()}",
            method=method,
            path=path,
            handler=handler,
            summary="Keep the log tidy.",
            tag="audit",
            permission="audit:read",
            **more,
        )
        return dataclasses.replace(parts, operations=(*parts.operations, made))

    return swap


def _is_verification(scope: Scope, status: int) -> bool:
    return status == 200 and str(scope["path"]).endswith("/verify")


def _is_refusal(scope: Scope, status: int) -> bool:
    return status == 403 and scope["method"] == "GET" and str(scope["path"]).endswith("/audit")


def _hide(whole: Whole) -> None:
    whole.status = 404
    problem = {**msgspec.json.decode(whole.body), "status": 404, "title": "Not Found"}
    whole.content(msgspec.json.encode(problem), b"application/problem+json")


def _conflict(whole: Whole) -> None:
    if not msgspec.json.decode(whole.body)["intact"]:
        whole.status = 409


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
        name="audit.keeps-new-keys",
        summary="The text of a new API key is recorded.",
        parts=handlers({"keys.create"}, _telling_key(lambda key: key)),
    ),
    Defect(
        name="audit.keeps-tried-passwords",
        summary="The password of a login that failed is recorded.",
        parts=handlers({"auth.login"}, _telling_login),
    ),
    Defect(
        name="audit.keeps-the-start-of-keys",
        summary="The public start of a new API key is recorded.",
        near_miss=True,
        parts=handlers({"keys.create"}, _telling_key(lambda key: key[:19])),
    ),
    Defect(
        name="audit.log-across-tenants",
        summary="A tenant's admin reads the audit log of all tenants.",
        parts=handlers({"audit.list"}, deciding(AcrossTenants)),
    ),
    Defect(
        name="audit.log-hidden-from-others",
        summary="Who may not read the audit log is told that there is none.",
        near_miss=True,
        wrap=changing_answers(_is_refusal, _hide),
    ),
    Defect(
        name="audit.records-can-be-deleted",
        summary="Who may read the audit log may delete from it.",
        parts=_with_operation("DELETE", "/v1/audit/{number}", _delete, status=204),
    ),
    Defect(
        name="audit.records-can-be-posted",
        summary="Who may read the audit log may add to it.",
        parts=_with_operation("POST", "/v1/audit", _post, status=204, body=Reported),
    ),
    Defect(
        name="audit.says-yes-and-does-nothing",
        summary="The deletion of a record answers success and deletes nothing.",
        near_miss=True,
        parts=_with_operation("DELETE", "/v1/audit/{number}", _nothing, status=204),
    ),
    Defect(
        name="audit.outcome-not-covered",
        summary="The chain does not cover the outcome.",
        parts=_chain(PartlyCovered),
    ),
    Defect(
        name="audit.records-not-linked",
        summary="Each record has a code of its own, and none is linked to another.",
        parts=_chain(NotLinked),
    ),
    Defect(
        name="audit.broken-is-a-409",
        summary="A broken chain is told by the answer's status.",
        near_miss=True,
        wrap=changing_answers(_is_verification, _conflict),
    ),
    Defect(
        name="audit.end-kept-beside-the-rows",
        summary="Only the database itself knows where the audit log ends.",
        parts=lambda parts: dataclasses.replace(
            parts, audit=AuditLog(parts.database, parts.audit.chain, parts.clock)
        ),
    ),
    Defect(
        name="audit.anchor-follows-the-head",
        summary="The anchor outside the database is moved to whatever the database says.",
        parts=_following,
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
