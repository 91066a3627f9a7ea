"""Who is calling: one immutable value, the same for keys and tokens."""

from __future__ import annotations

import msgspec


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticated caller.

    `id` and `tenant` are UUID texts. `scopes` narrows what the role grants (None: no narrowing).
    `method` is "key" or "token"; `credential` is the id of that key, or the token's `jti`.
    """

    id: str
    tenant: str
    tenant_name: str
    name: str
    kind: str
    role: str
    tier: str
    method: str
    credential: str
    scopes: frozenset[str] | None = None
    expires_at: float | None = None
