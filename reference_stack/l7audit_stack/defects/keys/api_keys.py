"""Planted defects of API keys: how they are made, shown, rotated and ended."""

from __future__ import annotations

import dataclasses
import json
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.keys import ApiKeys, NewKey, RotationPolicy
from l7audit_stack.data.identities import Identities, KeyRow
from l7audit_stack.defects.authn.around import Scope, Whole, changing_answers, operation_path
from l7audit_stack.defects.authn.swap import Swap, keys
from l7audit_stack.defects.defect import ASGIApp, Defect

_SECRET_CHARS = 43


class FewRandomBits(ApiKeys):
    """Takes 32 random bits and fills them up."""

    def secret(self) -> str:
        return f"{secrets.token_hex(4):0>{_SECRET_CHARS}}"


class ClockSecret(ApiKeys):
    """Takes the time for chance."""

    def secret(self) -> str:
        return f"{time.time_ns():x}".rjust(_SECRET_CHARS, "x")


class HexSecret(ApiKeys):
    """128 random bits in hexadecimal, filled up to the length of the column."""

    def secret(self) -> str:
        return f"{secrets.token_hex(16):0>{_SECRET_CHARS}}"


class NoPrefix(ApiKeys):
    """Keys that look like any other random text."""

    def beginning(self) -> str:
        return secrets.token_hex(2)

    def make(self) -> NewKey:
        lookup = secrets.token_hex(8)
        text = f"{self.beginning()}{lookup}{self.secret()}"
        return NewKey(text=text, lookup=lookup, digest=self.digest(text))

    def lookup(self, text: str) -> str | None:
        place = len(text) - _SECRET_CHARS
        return text[place - 16 : place] if "_" not in text[:place] else super().lookup(text)


class TimeForPrefix(NoPrefix):
    """Keys that begin with the time, as many sortable ids do."""

    def beginning(self) -> str:
        return f"{time.time_ns() // 1_000_000:012x}"


class LettersForPrefix(NoPrefix):
    """Keys that begin with four letters and no separator."""

    def beginning(self) -> str:
        return "LAKI"


class NoChecksum(ApiKeys):
    """Keys that end with more chance instead of a checksum."""

    def make(self) -> NewKey:
        lookup = secrets.token_hex(8)
        text = f"l7_{lookup}_{self.secret()}{secrets.token_hex(3)}"
        return NewKey(text=text, lookup=lookup, digest=self.digest(text))


class NotesNoUse(Identities):
    """The statement that writes last uses was lost in a migration."""

    async def record_use(self, used: Mapping[str, datetime]) -> None:
        return


class NotesUseByTheHour(Identities):
    """Writes last uses to the hour, to spare the database."""

    async def record_use(self, used: Mapping[str, datetime]) -> None:
        full = {k: at.replace(minute=0, second=0, microsecond=0) for k, at in used.items()}
        await super().record_use(full)


class NoOverlap(Identities):
    """Ends the old key with the rotation, whatever overlap was asked for."""

    async def replace_key(self, old: KeyRow, **fields: Any) -> KeyRow | None:
        return await super().replace_key(old, **{**fields, "until": fields["now"]})


def _identities(kind: type[Identities]) -> Swap:
    return lambda parts: dataclasses.replace(parts, identities=kind(parts.database))


def _rotation(**days: int) -> Swap:
    return lambda parts: dataclasses.replace(parts, rotation=RotationPolicy(**days))


def _end_untold(*operations: str) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """Leaves out when keys are due and when they end."""

    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        paths = {operation_path(parts, name) for name in operations}
        methods = {o.method for o in parts.operations if o.name in operations}

        def strip(whole: Whole) -> None:
            told = json.loads(whole.body)
            for item in told.get("items", [told]):
                for name in ("rotation_due_at", "retires_at"):
                    item.pop(name, None)
            whole.content(json.dumps(told).encode())

        def wanted(scope: Scope, status: int) -> bool:
            return status in (200, 201) and scope["path"] in paths and scope["method"] in methods

        return changing_answers(wanted, strip)(app, parts)

    return wrap


def _without_dates(app: ASGIApp, parts: Parts) -> ASGIApp:
    path = operation_path(parts, "keys.list")

    def strip(whole: Whole) -> None:
        listed = json.loads(whole.body)
        for item in listed["items"]:
            for name in ("created_at", "expires_at", "rotation_due_at", "retires_at"):
                item.pop(name, None)
        whole.content(json.dumps(listed).encode())

    def wanted(scope: Scope, status: int) -> bool:
        return bool(status == 200 and scope["method"] == "GET" and scope["path"] == path)

    return changing_answers(wanted, strip)(app, parts)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="keys.few-random-bits",
        summary="API keys hold 32 random bits and much padding.",
        parts=keys(FewRandomBits),
    ),
    Defect(
        name="keys.clock-for-chance",
        summary="The secret of an API key is the time at which it was made.",
        parts=keys(ClockSecret),
    ),
    Defect(
        name="keys.padded-hex",
        summary="API keys hold 128 random bits in hexadecimal and much padding.",
        near_miss=True,
        parts=keys(HexSecret),
    ),
    Defect(
        name="keys.no-prefix",
        summary="API keys look like any other random text.",
        parts=keys(NoPrefix),
    ),
    Defect(
        name="keys.time-for-prefix",
        summary="API keys begin with the time at which they were made.",
        parts=keys(TimeForPrefix),
    ),
    Defect(
        name="keys.letters-for-prefix",
        summary="API keys begin with four letters and no separator.",
        near_miss=True,
        parts=keys(LettersForPrefix),
    ),
    Defect(
        name="keys.no-checksum",
        summary="API keys end with no checksum.",
        near_miss=True,
        parts=keys(NoChecksum),
    ),
    Defect(
        name="keys.last-use-unknown",
        summary="The last use of API keys is never written.",
        parts=_identities(NotesNoUse),
    ),
    Defect(
        name="keys.no-dates",
        summary="The listing of API keys has no dates.",
        wrap=_without_dates,
    ),
    Defect(
        name="keys.last-use-to-the-hour",
        summary="The last use of API keys is written to the hour.",
        near_miss=True,
        parts=_identities(NotesUseByTheHour),
    ),
    Defect(
        name="keys.no-overlap",
        summary="A rotated key ends at once, whatever overlap is asked for.",
        parts=_identities(NoOverlap),
    ),
    Defect(
        name="keys.never-too-old",
        summary="API keys that nobody rotates live for ten years.",
        parts=_rotation(max_age_days=3650, grace_days=0),
    ),
    Defect(
        name="keys.too-old-after-a-year",
        summary="API keys that nobody rotates live for a year.",
        near_miss=True,
        parts=_rotation(max_age_days=365, grace_days=14),
    ),
    Defect(
        name="keys.end-untold",
        summary="Nobody is told when a key ends by its age.",
        wrap=_end_untold("keys.create", "keys.list"),
    ),
    Defect(
        name="keys.end-told-by-the-listing",
        summary="The end of a key is told by the listing alone.",
        near_miss=True,
        wrap=_end_untold("keys.create"),
    ),
)
