"""The demo tenants and their identities, with random credentials each time: `python -m ...`.

Running it again gives the same identities new credentials; older ones end.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from l7audit_stack.api.keyring import Keyring, load_keyring
from l7audit_stack.api.security.keys import ApiKeys
from l7audit_stack.api.security.passwords import ClientSecrets, Passwords
from l7audit_stack.api.settings import SettingsError


@dataclass(frozen=True)
class _Demo:
    name: str
    tenant: str
    role: str
    kind: str = "user"
    tier: str = "enterprise"


CREDITS = 10_000
"""What each demo identity holds at first."""

TENANTS = ("acme", "globex", "platform")

_DEMO = (
    _Demo("alice", "acme", "admin"),
    _Demo("bob", "acme", "member"),
    _Demo("carol", "acme", "viewer"),
    _Demo("dave", "globex", "member"),
    _Demo("erin", "globex", "admin"),
    _Demo("acme-ci", "acme", "member", "service"),
    # One for each rate-limit audit, so that none waits for a bucket that another has emptied.
    *(_Demo(f"limited-{n}", "acme", "member", "service", "free") for n in range(1, 15)),
    _Demo("root-operator", "platform", "operator"),
)


class Identity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A demo identity with what it can prove itself with."""

    name: str
    tenant: str
    role: str
    kind: str
    tier: str
    api_key: str
    username: str | None = None
    password: str | None = None
    client_id: str | None = None
    client_secret: str | None = None


class Seeded(msgspec.Struct, frozen=True, kw_only=True):
    """What `python -m l7audit_stack.data.seed` prints."""

    tenants: list[str]
    identities: list[Identity]


def invent(keys: ApiKeys) -> list[tuple[Identity, str, bytes]]:
    """Each demo identity with new credentials, its key's lookup and digest."""
    invented = []
    for demo in _DEMO:
        key = keys.make()
        user = demo.kind == "user"
        identity = Identity(
            name=demo.name,
            tenant=demo.tenant,
            role=demo.role,
            kind=demo.kind,
            tier=demo.tier,
            api_key=key.text,
            username=f"{demo.name}@{demo.tenant}" if user else None,
            password=secrets.token_urlsafe(18) if user else None,
            client_id=None if user else demo.name,
            client_secret=None if user else secrets.token_urlsafe(32),
        )
        invented.append((identity, key.lookup, key.digest))
    return invented


async def seed(connection: Any, keyring: Keyring) -> Seeded:
    """Write tenants and identities in one transaction."""
    client_secrets = ClientSecrets(pepper=keyring.pepper)
    invented = invent(ApiKeys(pepper=keyring.pepper))
    hashes = await asyncio.to_thread(_hash_all, [identity for identity, _, _ in invented])
    async with connection.transaction():
        await connection.executemany(
            "INSERT INTO tenants (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
            [(name,) for name in TENANTS],
        )
        await connection.executemany(
            "INSERT INTO principals (tenant_id, name, kind, role, tier, username, password_hash,"
            " client_id, client_secret_hash) SELECT id, $2, $3, $4, $5, $6, $7, $8, $9"
            " FROM tenants WHERE name = $1"
            " ON CONFLICT (tenant_id, name) DO UPDATE SET role = $4, tier = $5, username = $6,"
            " password_hash = $7, client_id = $8, client_secret_hash = $9, disabled_at = NULL",
            [
                (
                    identity.tenant,
                    identity.name,
                    identity.kind,
                    identity.role,
                    identity.tier,
                    identity.username,
                    hashes.get(identity.name),
                    identity.client_id,
                    client_secrets.digest(identity.client_secret)
                    if identity.client_secret
                    else None,
                )
                for identity, _, _ in invented
            ],
        )
        await connection.execute(
            "UPDATE api_keys SET revoked_at = now() WHERE name = 'demo' AND revoked_at IS NULL"
        )
        await connection.executemany(
            "INSERT INTO api_keys (principal_id, name, lookup, digest) SELECT p.id, 'demo', $3, $4"
            " FROM principals p JOIN tenants t ON t.id = p.tenant_id"
            " WHERE t.name = $1 AND p.name = $2",
            [(one.tenant, one.name, lookup, digest) for one, lookup, digest in invented],
        )
        await connection.execute(
            "INSERT INTO credit_balances (principal_id, credits) SELECT id, $1 FROM principals"
            " ON CONFLICT (principal_id) DO UPDATE SET credits = $1",
            CREDITS,
        )
    return Seeded(tenants=list(TENANTS), identities=[identity for identity, _, _ in invented])


def _hash_all(identities: list[Identity]) -> dict[str, str]:
    """Password hashes by name, with production's parameters, on all cores."""
    passwords = Passwords()
    users = [(one.name, one.password) for one in identities if one.password is not None]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as threads:
        hashes = threads.map(lambda user: passwords.hash(user[1]), users)
        return dict(zip((name for name, _ in users), hashes, strict=True))


async def _run(url: str, keyring: Keyring) -> Seeded:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return await seed(connection, keyring)
    finally:
        await connection.close()


def main() -> int:
    url, folder = os.environ.get("DATABASE_URL"), os.environ.get("SECRETS_DIR")
    if not url or not folder:
        sys.stderr.write("Set DATABASE_URL and SECRETS_DIR.\n")
        return 4
    try:
        seeded = asyncio.run(_run(url, load_keyring(Path(folder))))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 4
    except asyncpg.UndefinedTableError:
        sys.stderr.write("The database has no tables: run python -m l7audit_stack.data.migrate.\n")
        return 3
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        sys.stderr.write(f"The database of DATABASE_URL can't be used: {error}\n")
        return 3
    sys.stdout.write(json.dumps(msgspec.to_builtins(seeded)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
