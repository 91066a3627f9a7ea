"""From a request's credential to its principal, remembered for at most a second.

What is remembered is confirmed by the revocation epoch that the limiter's script returns, so a
revocation holds on every replica from the next request on; if the store can't be reached, or the
epoch could not be raised, `STALENESS` bounds how long a revoked credential still works.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from l7audit_stack.api.security.principals import Principal
from l7audit_stack.api.security.tokens import TokenRefusedError
from l7audit_stack.data.identities import KeyRow, PrincipalRow

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

STALENESS = 1.0
_MOST_REMEMBERED = 10_000


class UnauthenticatedError(Exception):
    """No good credential. The reason is for the log; `presented` says whether there was any."""

    def __init__(self, reason: str, *, presented: bool = True) -> None:
        super().__init__(reason)
        self.presented = presented


class Grant:
    """What is remembered of a credential, under `name`.

    `digest` is that of a key, empty for a token; `kid` names the key that signed a token;
    `checked` is monotonic seconds of the last look.
    """

    __slots__ = (
        "checked",
        "claims",
        "digest",
        "epoch",
        "key",
        "kid",
        "loading",
        "name",
        "principal",
        "row",
    )

    def __init__(
        self,
        name: bytes,
        *,
        key: str = "",
        digest: bytes = b"",
        claims: Mapping[str, Any] | None = None,
        kid: str = "",
    ) -> None:
        self.name = name
        self.kid = kid
        self.digest = digest
        self.key = key
        self.claims = claims
        self.principal: Principal | None = None
        self.checked = float("-inf")
        self.row: KeyRow | None = None
        self.epoch: int | None = None
        self.loading: asyncio.Task[None] | None = None

    def loaded(self, task: asyncio.Task[None]) -> None:
        """The look at the database ended; its error belongs to who waits, if anybody still does."""
        self.loading = None
        if not task.cancelled():
            task.exception()


class Authenticator:
    """Judges credentials with `parts.keys`, `parts.tokens` and what the database knows."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.staleness = STALENESS
        self.used: dict[str, float] = {}
        self._known: dict[bytes, Grant] = {}
        self._secret = secrets.token_bytes(32)

    async def identify(self, headers: Mapping[str, str]) -> Grant:
        """The grant of the one credential in the headers; raises UnauthenticatedError."""
        key, authorization = headers.get("x-api-key"), headers.get("authorization")
        if key is not None and authorization is not None:
            raise UnauthenticatedError("two credentials")
        if key is not None:
            grant = self.grant_of_key(key)
        elif authorization is not None:
            grant = self.grant_of_token(self.bearer(authorization))
        else:
            raise UnauthenticatedError("no credential", presented=False)
        if time.monotonic() - grant.checked > self.staleness:
            await self._reload_once(grant)
        self.check_time(grant)
        return grant

    def bearer(self, authorization: str) -> str:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or " " in token:
            raise UnauthenticatedError("not a bearer token")
        return token

    def grant_of_key(self, text: str) -> Grant:
        name = self._name(text)
        grant = self._known.get(name)
        if grant is None:
            lookup = self.parts.keys.lookup(text)
            if lookup is None:
                raise UnauthenticatedError("malformed key")
            grant = Grant(name, key=lookup, digest=self.parts.keys.digest(text))
        return grant

    def grant_of_token(self, text: str) -> Grant:
        name = self._name(text)
        grant = self._known.get(name)
        if grant is None:
            try:
                claims = self.parts.tokens.verify(text, self.parts.clock())
            except TokenRefusedError as error:
                raise UnauthenticatedError(f"token: {error}") from error
            grant = Grant(name, claims=claims, kid=self.signed_by(text))
        return grant

    def signed_by(self, text: str) -> str:
        """The key that a good token names; empty where that is none of ours."""
        try:
            kid = self.parts.tokens.header(text).get("kid")
        except TokenRefusedError:
            return ""
        return kid if isinstance(kid, str) and self.parts.tokens.stands(kid) else ""

    def _name(self, text: str) -> bytes:
        """What a credential is remembered under: nothing that is of use outside this process."""
        return hashlib.blake2b(text.encode("latin-1"), key=self._secret, digest_size=32).digest()

    def check_time(self, grant: Grant) -> None:
        """What can change without the database is judged at every request."""
        now = self.parts.clock()
        if grant.kid and not self.parts.tokens.stands(grant.kid):
            raise UnauthenticatedError("token: key retired")
        if grant.claims is not None:
            try:
                self.parts.tokens.check_not_before(grant.claims, now)
                self.parts.tokens.check_expiry(grant.claims, now)
            except TokenRefusedError as error:
                raise UnauthenticatedError(f"token: {error}") from error
        elif grant.row is not None:
            if self.parts.keys.expired(grant.row, now):
                raise UnauthenticatedError("key expired")
            if self.parts.settings.api_key_rotation_enabled and self.parts.rotation.overdue(
                grant.row, now
            ):
                raise UnauthenticatedError("key not rotated in time")
            self.used[grant.row.id] = now

    async def confirm(self, grant: Grant, epoch: int | None) -> None:
        """Look again if the epoch says that something of this principal has changed."""
        if epoch is None or epoch == grant.epoch:
            return
        await self._load(grant)
        grant.epoch = epoch

    async def _reload_once(self, grant: Grant) -> None:
        """Requests that arrive together wait for one look at the database."""
        if grant.loading is None:
            grant.loading = asyncio.create_task(self._load(grant))
            grant.loading.add_done_callback(grant.loaded)
        await asyncio.shield(grant.loading)

    async def _load(self, grant: Grant) -> None:
        started = time.monotonic()
        try:
            if grant.claims is None:
                await self._load_key(grant)
            else:
                await self._load_token(grant, grant.claims)
        except UnauthenticatedError:
            self._forget(grant)
            raise
        grant.checked = started
        if grant.name not in self._known:
            if len(self._known) >= _MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[grant.name] = grant

    def _forget(self, grant: Grant) -> None:
        self._known.pop(grant.name, None)

    async def _load_key(self, grant: Grant) -> None:
        found = await self.parts.identities.key_by_lookup(grant.key)
        if found is None:
            raise UnauthenticatedError("unknown key")
        row, owner = found
        if not self.parts.keys.accepts(row, grant.digest, self.parts.clock()):
            raise UnauthenticatedError("key")
        expires = None if row.expires_at is None else row.expires_at.timestamp()
        scopes = None if row.scopes is None else frozenset(row.scopes)
        grant.row = row
        grant.principal = principal_of(owner, "key", row.id, scopes, expires)

    async def _load_token(self, grant: Grant, claims: Mapping[str, Any]) -> None:
        try:
            subject = str(UUID(str(claims.get("sub"))))
        except ValueError as error:
            raise UnauthenticatedError("token: subject") from error
        jti = str(claims.get("jti", ""))
        standing = await self.parts.identities.token_standing(subject, jti)
        if standing is None or self.parts.tokens.revoked(standing[1]):
            raise UnauthenticatedError("token: revoked, or of nobody")
        owner = standing[0]
        if self.parts.tokens.of_earlier_password(claims, owner.password_version):
            raise UnauthenticatedError("token: of an earlier password")
        if claims.get("tenant") != owner.tenant_id:
            raise UnauthenticatedError("token: tenant")
        scope = claims.get("scope")
        scopes = frozenset(scope.split()) if isinstance(scope, str) else None
        expiry = claims.get("exp")
        expires = float(expiry) if isinstance(expiry, (int, float)) else None
        grant.principal = principal_of(owner, "token", jti, scopes, expires)


def principal_of(
    row: PrincipalRow,
    method: str,
    credential: str,
    scopes: frozenset[str] | None,
    expires_at: float | None,
) -> Principal:
    """The caller that a row describes; raises UnauthenticatedError for one that was shut."""
    if row.disabled_at is not None and row.disabled_at <= datetime.now(UTC):
        raise UnauthenticatedError("principal disabled")
    return Principal(
        id=row.principal_id,
        tenant=row.tenant_id,
        tenant_name=row.tenant_name,
        name=row.principal_name,
        kind=row.kind,
        role=row.role,
        tier=row.tier,
        method=method,
        credential=credential,
        scopes=scopes,
        expires_at=expires_at,
    )
