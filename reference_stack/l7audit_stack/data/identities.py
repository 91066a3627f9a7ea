"""Reading and writing identities and credentials: the only SQL about them, always parametrised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from l7audit_stack.data.database import Database

_PRINCIPAL = (
    "p.id::text AS principal_id, p.tenant_id::text AS tenant_id, t.name AS tenant_name,"
    " p.name AS principal_name, p.kind, p.role, p.tier, p.disabled_at, p.password_version"
)


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """An API key as stored: its digest, never its text. Times are aware datetimes."""

    id: str
    principal_id: str
    name: str
    lookup: str
    digest: bytes
    scopes: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    rotated_to: str | None


class PrincipalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A user or service account as stored; `password_version` counts its passwords."""

    principal_id: str
    tenant_id: str
    tenant_name: str
    principal_name: str
    kind: str
    role: str
    tier: str
    disabled_at: datetime | None
    password_version: int = 0


_KEY = (
    "k.id::text AS id, k.principal_id::text AS principal_id, k.name, k.lookup, k.digest, k.scopes,"
    " k.created_at, k.expires_at, k.last_used_at, k.revoked_at, k.rotated_to::text AS rotated_to"
)
_KEY_WITH_PRINCIPAL = (
    f"SELECT {_KEY}, p.tenant_id::text AS tenant_id, t.name AS tenant_name,"
    " p.name AS principal_name, p.kind, p.role, p.tier, p.disabled_at, p.password_version"
    " FROM api_keys k JOIN principals p ON p.id = k.principal_id"
    " JOIN tenants t ON t.id = p.tenant_id"
)
_FROM = " FROM principals p JOIN tenants t ON t.id = p.tenant_id"


def _key(row: Mapping[str, Any]) -> KeyRow:
    values = {name: row[name] for name in KeyRow.__struct_fields__}
    values["scopes"] = None if row["scopes"] is None else tuple(row["scopes"])
    return KeyRow(**values)


def _principal(row: Mapping[str, Any]) -> PrincipalRow:
    return PrincipalRow(**{name: row[name] for name in PrincipalRow.__struct_fields__})


class Identities:
    """Identities in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def key_by_lookup(self, lookup: str) -> tuple[KeyRow, PrincipalRow] | None:
        row = await self._database.fetchrow(
            f"{_KEY_WITH_PRINCIPAL} WHERE k.lookup = $1",
            lookup,
        )
        return None if row is None else (_key(row), _principal(row))

    async def principal(self, principal_id: str) -> PrincipalRow | None:
        row = await self._database.fetchrow(
            f"SELECT {_PRINCIPAL}{_FROM} WHERE p.id = $1::uuid", principal_id
        )
        return None if row is None else _principal(row)

    async def token_standing(self, principal_id: str, jti: str) -> tuple[PrincipalRow, bool] | None:
        """The principal of a token and whether that token was revoked, in one query."""
        row = await self._database.fetchrow(
            f"SELECT {_PRINCIPAL}, EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.jti = $2)"
            f" AS revoked{_FROM} WHERE p.id = $1::uuid",
            principal_id,
            jti,
        )
        return None if row is None else (_principal(row), bool(row["revoked"]))

    async def user_by_username(self, username: str) -> tuple[PrincipalRow, str] | None:
        row = await self._database.fetchrow(
            f"SELECT {_PRINCIPAL}, p.password_hash{_FROM}"
            " WHERE p.username = $1 AND p.password_hash IS NOT NULL",
            username,
        )
        return None if row is None else (_principal(row), row["password_hash"])

    async def password_of(self, principal_id: str) -> str | None:
        """The hash of a user's password; None for who has none."""
        row = await self._database.fetchrow(
            "SELECT password_hash FROM principals WHERE id = $1::uuid", principal_id
        )
        return None if row is None else row["password_hash"]

    async def set_password(self, principal_id: str, digest: str) -> None:
        """Changes a password; what was got with the one before is of an earlier version."""
        await self._database.execute(
            "UPDATE principals SET password_hash = $2, password_version = password_version + 1"
            " WHERE id = $1::uuid",
            principal_id,
            digest,
        )

    async def client_by_id(self, client_id: str) -> tuple[PrincipalRow, bytes] | None:
        row = await self._database.fetchrow(
            f"SELECT {_PRINCIPAL}, p.client_secret_hash{_FROM}"
            " WHERE p.client_id = $1 AND p.client_secret_hash IS NOT NULL",
            client_id,
        )
        return None if row is None else (_principal(row), row["client_secret_hash"])

    async def revoke_token(self, jti: str, principal_id: str, expires_at: datetime) -> None:
        await self._database.execute(
            "INSERT INTO revoked_tokens (jti, principal_id, expires_at) VALUES ($1, $2::uuid, $3)"
            " ON CONFLICT (jti) DO NOTHING",
            jti,
            principal_id,
            expires_at,
        )

    async def forget_expired_tokens(self, before: datetime) -> None:
        """Drop revocations of tokens that have expired anyway."""
        await self._database.execute("DELETE FROM revoked_tokens WHERE expires_at < $1", before)

    async def keys(
        self, *, tenant: str, owner: str | None, limit: int = 500
    ) -> Sequence[tuple[KeyRow, PrincipalRow]]:
        """Keys of a tenant, or of one owner in it, newest first."""
        rows = await self._database.fetch(
            f"{_KEY_WITH_PRINCIPAL}"
            " WHERE p.tenant_id = $1::uuid AND ($2::uuid IS NULL OR p.id = $2::uuid)"
            " ORDER BY k.created_at DESC, k.id LIMIT $3",
            tenant,
            owner,
            limit,
        )
        return [(_key(row), _principal(row)) for row in rows]

    async def key(self, key_id: str) -> tuple[KeyRow, PrincipalRow] | None:
        row = await self._database.fetchrow(
            f"{_KEY_WITH_PRINCIPAL} WHERE k.id = $1::uuid",
            key_id,
        )
        return None if row is None else (_key(row), _principal(row))

    async def add_key(
        self,
        *,
        principal_id: str,
        name: str,
        lookup: str,
        digest: bytes,
        scopes: Sequence[str] | None,
        expires_at: datetime | None,
    ) -> KeyRow:
        row = await self._database.fetchrow(
            "INSERT INTO api_keys AS k (principal_id, name, lookup, digest, scopes, expires_at)"
            f" VALUES ($1::uuid, $2, $3, $4, $5, $6) RETURNING {_KEY}",
            principal_id,
            name,
            lookup,
            digest,
            None if scopes is None else list(scopes),
            expires_at,
        )
        return _key(row)

    async def replace_key(
        self,
        old: KeyRow,
        *,
        lookup: str,
        digest: bytes,
        expires_at: datetime | None,
        now: datetime,
        until: datetime,
    ) -> KeyRow | None:
        """Add a successor and let the old key end at `until`, in one transaction.

        None when the old key has ended or was already replaced.
        """
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                "INSERT INTO api_keys AS k (principal_id, name, lookup, digest, scopes, expires_at)"
                " SELECT principal_id, name, $2, $3, scopes, $4 FROM api_keys"
                " WHERE id = $1::uuid AND revoked_at IS NULL AND rotated_to IS NULL"
                " AND (expires_at IS NULL OR expires_at > $5) FOR UPDATE"
                f" RETURNING {_KEY}",
                old.id,
                lookup,
                digest,
                expires_at,
                now,
            )
            if row is None:
                return None
            await connection.execute(
                "UPDATE api_keys SET rotated_to = $2::uuid,"
                " expires_at = LEAST(COALESCE(expires_at, 'infinity'), $3) WHERE id = $1::uuid",
                old.id,
                row["id"],
                until,
            )
            return _key(row)

    async def revoke_key(self, key_id: str, at: datetime) -> None:
        await self._database.execute(
            "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1::uuid",
            key_id,
            at,
        )

    async def retire_keys(
        self, *, tenant: str | None, made_before: datetime, at: datetime
    ) -> Sequence[tuple[str, str, str]]:
        """End live keys made before a moment: (key id, principal id, tenant id) of each."""
        rows = await self._database.fetch(
            "UPDATE api_keys k SET expires_at = $2 FROM principals p"
            " WHERE p.id = k.principal_id AND k.created_at < $1 AND k.revoked_at IS NULL"
            " AND (k.expires_at IS NULL OR k.expires_at > $2)"
            " AND ($3::uuid IS NULL OR p.tenant_id = $3::uuid)"
            " RETURNING k.id::text AS id, p.id::text AS principal_id, p.tenant_id::text AS tenant",
            made_before,
            at,
            tenant,
        )
        return [(row["id"], row["principal_id"], row["tenant"]) for row in rows]

    async def record_use(self, used: Mapping[str, datetime]) -> None:
        """Write the last use of many keys in one statement."""
        await self._database.execute(
            "UPDATE api_keys k SET last_used_at = GREATEST(k.last_used_at, u.at)"
            " FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, at) WHERE k.id = u.id",
            list(used),
            list(used.values()),
        )
