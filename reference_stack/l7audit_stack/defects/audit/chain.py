"""Planted defects of the audit trail: what the chain covers, and what its end is held against."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.anchor import Anchor, End
from l7audit_stack.api.security.audit import AuditChain, AuditLog
from l7audit_stack.defects.authn.around import Scope, Whole, changing_answers
from l7audit_stack.defects.authn.swap import Swap
from l7audit_stack.defects.defect import Defect


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


def _is_verification(scope: Scope, status: int) -> bool:
    return status == 200 and str(scope["path"]).endswith("/verify")


def _conflict(whole: Whole) -> None:
    if not msgspec.json.decode(whole.body)["intact"]:
        whole.status = 409


DEFECTS: tuple[Defect, ...] = (
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
)
