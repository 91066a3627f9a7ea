"""Who belongs to the harbour, and the tokens that they show."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
import uuid
from dataclasses import dataclass, field

ACCESS_SECONDS = 900
REFRESH_SECONDS = 86_400
_COST = 2**13


@dataclass
class Member:
    """One account. Money is in cents; `owing_cents` is what the next invoice asks for."""

    email: str
    display_name: str
    phone: str
    salt: bytes
    password_hash: bytes
    role: str = "skipper"
    owing_cents: int = 0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Pair:
    """An access token and the refresh token that was given with it."""

    access: str
    refresh: str


@dataclass(frozen=True)
class _Grant:
    member: str
    family: str
    ends: float


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=8, p=1)


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Members:
    """Accounts by e-mail and id."""

    def __init__(self) -> None:
        self.by_id: dict[str, Member] = {}
        self._by_email: dict[str, Member] = {}
        self._nobody = Member("", "", "", salt := secrets.token_bytes(16), _digest("-", salt))

    def enrol(
        self, email: str, password: str, display_name: str, phone: str, role: str = "skipper"
    ) -> Member:
        salt = secrets.token_bytes(16)
        found = Member(email, display_name, phone, salt, _digest(password, salt), role)
        self.by_id[found.id] = self._by_email[email] = found
        return found

    def known(self, email: str, password: str) -> Member | None:
        """The member with this e-mail and password; unknown e-mails cost the same time."""
        found = self._by_email.get(email.lower())
        judged = found or self._nobody
        right = hmac.compare_digest(_digest(password, judged.salt), judged.password_hash)
        return found if right else None

    def has(self, email: str) -> bool:
        return email.lower() in self._by_email


class Tokens:
    """Opaque tokens, kept as hashes. A refresh token is good once: a second use ends its family."""

    def __init__(self) -> None:
        self._access: dict[str, _Grant] = {}
        self._refresh: dict[str, _Grant] = {}
        self._used: dict[str, str] = {}

    def issue(self, member: str, family: str | None = None) -> Pair:
        now, family = time.monotonic(), family or secrets.token_hex(8)
        pair = Pair(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        self._access[_key(pair.access)] = _Grant(member, family, now + ACCESS_SECONDS)
        self._refresh[_key(pair.refresh)] = _Grant(member, family, now + REFRESH_SECONDS)
        return pair

    def holder(self, access: str) -> str | None:
        """The id of the member who holds an access token."""
        grant = self._access.get(_key(access))
        return grant.member if grant and grant.ends > time.monotonic() else None

    def renew(self, refresh: str) -> Pair | None:
        key = _key(refresh)
        if key in self._used:
            self._end(self._used[key])
            return None
        grant = self._refresh.pop(key, None)
        if grant is None or grant.ends <= time.monotonic():
            return None
        self._used[key] = grant.family
        return self.issue(grant.member, grant.family)

    def revoke(self, token: str) -> None:
        """Ends the family of an access or refresh token; unknown ones are ignored (RFC 7009)."""
        key = _key(token)
        grant = self._access.get(key) or self._refresh.get(key)
        if grant:
            self._end(grant.family)

    def _end(self, family: str) -> None:
        for kept in (self._access, self._refresh):
            for key in [k for k, g in kept.items() if g.family == family]:
                del kept[key]
