"""API keys and tokens that live longer than they should, and keys that are known too widely."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.authentication import Authenticator, Grant
from l7audit_stack.api.security.keys import ApiKeys
from l7audit_stack.api.security.tokens import TokenVerifier
from l7audit_stack.data.identities import Identities, KeyRow, PrincipalRow
from l7audit_stack.defects.authn.around import Receive, Scope, Send, Whole, changing_answers
from l7audit_stack.defects.authn.swap import Swap, authenticator, keys, verifier
from l7audit_stack.defects.defect import ASGIApp, Defect

KEY_CHARS = 69
"""Characters of a key: `l7_`, 16, `_`, 43 and 6."""


class PrefixOnly(ApiKeys):
    """Finds the row by its lookup part and takes that for proof."""

    def matches(self, row: KeyRow, digest: bytes) -> bool:
        return True


class CutsKeys(ApiKeys):
    """Reads as many characters as the column once had."""

    def lookup(self, text: str) -> str | None:
        return super().lookup(text[:KEY_CHARS])

    def digest(self, text: str) -> bytes:
        return super().digest(text[:KEY_CHARS])


class NoticesRevocationLate(ApiKeys):
    """Knows of revocations from a list that is fetched every half minute."""

    delay = timedelta(seconds=30)

    def revoked(self, row: KeyRow) -> bool:
        now = datetime.now(row.created_at.tzinfo)
        return row.revoked_at is not None and row.revoked_at + self.delay <= now


class NoticesRevocationSoon(NoticesRevocationLate):
    delay = timedelta(seconds=0.8)


class NoEnd(ApiKeys):
    """Stores and shows the end of a key and never looks at it."""

    def expired(self, row: KeyRow, now: float) -> bool:
        return False


class EndsALittleLate(ApiKeys):
    """A leeway for clocks that differ."""

    def expired(self, row: KeyRow, now: float) -> bool:
        return super().expired(row, now - 0.5)


class ForgetsRevocation(TokenVerifier):
    def revoked(self, standing: bool) -> bool:
        return False


class OutlivesItsPassword(TokenVerifier):
    def of_earlier_password(self, claims: Mapping[str, Any], version: int) -> bool:
        return False


class LooksOnceASecond(Authenticator):
    """Never hears of a revocation, but looks again each second."""

    async def confirm(self, grant: Grant, epoch: int | None) -> None:
        if grant.claims is None:
            await super().confirm(grant, epoch)


class OwnMemory(Identities):
    """Keeps revoked tokens in the process that revoked them."""

    ended: set[str]

    async def revoke_token(self, jti: str, principal_id: str, expires_at: datetime) -> None:
        self.ended.add(jti)

    async def token_standing(self, principal_id: str, jti: str) -> tuple[PrincipalRow, bool] | None:
        found = await super().token_standing(principal_id, jti)
        return None if found is None else (found[0], jti in self.ended)


class KeepsOldKey(Identities):
    """Marks the old key as replaced and forgets to end it."""

    async def replace_key(self, old: KeyRow, **fields: Any) -> KeyRow | None:
        later = fields["now"] + timedelta(days=90)
        return await super().replace_key(old, **{**fields, "until": later})


class EndsOldKeySoonAfter(Identities):
    """Gives half a second more than was asked for, for clocks that differ."""

    async def replace_key(self, old: KeyRow, **fields: Any) -> KeyRow | None:
        later = fields["until"] + timedelta(seconds=0.5)
        return await super().replace_key(old, **{**fields, "until": later})


def _identities(kind: type[Identities]) -> Swap:
    def swap(parts: Parts) -> Parts:
        made = kind(parts.database)
        if isinstance(made, OwnMemory):
            made.ended = set()
        return dataclasses.replace(parts, identities=made)

    return swap


def _lists(hint: bool) -> Any:
    """Remembers what was shown when a key was made, and adds it (or a hint of it) to listings."""

    def show(key: str) -> dict[str, str]:
        return {"hint": f"{key[:6]}...{key[-4:]}"} if hint else {"secret": key}

    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        kept: dict[bytes, bytes] = {}

        def remember(whole: Whole) -> None:
            made = json.loads(whole.body)
            kept[made["id"].encode()] = made["key"].encode()

        def reveal(whole: Whole) -> None:
            listed = json.loads(whole.body)
            for item in listed["items"]:
                key = known.get(item["id"])
                item.update(show(key) if key else {})
            whole.content(json.dumps(listed).encode())

        known: dict[str, str] = {}

        def is_keys(scope: Scope, method: str) -> bool:
            path = next(o.path for o in parts.operations if o.name == "keys.list")
            return bool(scope["method"] == method and scope["path"] == path)

        inner = changing_answers(lambda s, n: n == 201 and is_keys(s, "POST"), remember)(app, parts)
        inner = changing_answers(lambda s, n: n == 200 and is_keys(s, "GET"), reveal)(inner, parts)

        async def around(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and is_keys(scope, "GET"):
                stored = await parts.store.command("HGETALL", "l7:shown-keys")
                known.update(_texts(stored))
            await inner(scope, receive, send)
            while kept:
                name, key = kept.popitem()
                await parts.store.command("HSET", "l7:shown-keys", name, key)

        return around

    return wrap


def _texts(stored: list[bytes]) -> Mapping[str, str]:
    words = [word.decode() for word in stored]
    return dict(zip(words[::2], words[1::2], strict=True))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authn.key-by-prefix",
        summary="A key is accepted by its lookup part alone.",
        parts=keys(PrefixOnly),
    ),
    Defect(
        name="authn.key-tail-ignored",
        summary="What follows a whole key is not looked at.",
        parts=keys(CutsKeys),
    ),
    Defect(
        name="authn.key-revocation-noticed-late",
        summary="Revoked keys are accepted for half a minute.",
        parts=keys(NoticesRevocationLate),
    ),
    Defect(
        name="authn.key-revocation-within-a-second",
        summary="Revoked keys are accepted for less than a second.",
        near_miss=True,
        parts=keys(NoticesRevocationSoon),
    ),
    Defect(
        name="authn.key-expiry-ignored",
        summary="Keys are accepted after their end.",
        parts=keys(NoEnd),
    ),
    Defect(
        name="authn.key-expiry-a-little-late",
        summary="Keys are accepted for half a second after their end.",
        near_miss=True,
        parts=keys(EndsALittleLate),
    ),
    Defect(
        name="authn.key-listed",
        summary="Listings show whole API keys.",
        wrap=_lists(hint=False),
    ),
    Defect(
        name="authn.key-hint-listed",
        summary="Listings show the first and last characters of API keys.",
        near_miss=True,
        wrap=_lists(hint=True),
    ),
    Defect(
        name="authn.rotation-keeps-the-old-key",
        summary="A rotated key goes on working beside its successor.",
        parts=_identities(KeepsOldKey),
    ),
    Defect(
        name="authn.rotation-ends-a-little-late",
        summary="A rotated key works for half a second longer than was asked for.",
        near_miss=True,
        parts=_identities(EndsOldKeySoonAfter),
    ),
    Defect(
        name="authn.logout-does-nothing",
        summary="Revoked tokens are accepted.",
        parts=verifier(ForgetsRevocation),
    ),
    Defect(
        name="authn.sessions-outlive-their-password",
        summary="Sessions go on after the password that opened them was changed.",
        parts=verifier(OutlivesItsPassword),
    ),
    Defect(
        name="authn.logout-on-one-replica",
        summary="Only the replica that revoked a token knows of it.",
        parts=_identities(OwnMemory),
        replicas=2,
    ),
    Defect(
        name="authn.logout-within-a-second",
        summary="A revoked token is accepted for up to a second.",
        near_miss=True,
        parts=authenticator(LooksOnceASecond),
    ),
)
