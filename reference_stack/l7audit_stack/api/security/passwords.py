"""Passwords: Argon2id with OWASP's parameters, in threads, the same work for every answer."""

from __future__ import annotations

import asyncio
import hmac
import os
import re
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MAX_PASSWORD_BYTES = 1024

COMMON = (
    "administrator", "password", "passwort", "welcome", "letmein", "qwertyuiop", "qwerty", "qwertz",
    "iloveyou", "changeme", "trustno", "football", "baseball", "dragon", "monkey", "sunshine",
    "princess", "superman", "master", "shadow", "secret", "login", "admin", "hello", "abc",
)  # fmt: skip
"""Words of which most guessed passwords are made, with digits and marks around them."""

_OWN_PART = 6
_DISTINCT = 5
_AS_LETTERS = str.maketrans("013457@$!", "oieastasi")


@dataclass(frozen=True)
class Passwords:
    """Hashes and checks. `memory_kib`, `passes` and `lanes` are Argon2id's cost."""

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1
    most_at_once: int = 2

    def hash(self, password: str) -> str:
        """The hash in PHC form; blocks for tens of milliseconds."""
        kdf = Argon2id(
            salt=os.urandom(16),
            length=32,
            iterations=self.passes,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )
        return kdf.derive_phc_encoded(password.encode())

    def matches(self, password: str, stored: str) -> bool:
        """Blocks like `hash`."""
        try:
            Argon2id.verify_phc_encoded(password.encode(), stored)
        except InvalidKey:
            return False
        return True

    def guessable(self, password: str) -> bool:
        """Whether hardly more of it is left than digits and marks once common words are gone."""
        folded = password.casefold()
        if len(set(folded)) < _DISTINCT:
            return True
        for rest in (folded, folded.translate(_AS_LETTERS)):
            for word in COMMON:
                rest = rest.replace(word, "")
            if len(re.sub(r"^[^a-z]+|[^a-z]+$", "", rest)) < _OWN_PART:
                return True
        return False

    async def check(self, password: str, stored: str | None) -> bool:
        """Whether the password is right; an unknown user costs the same and is always wrong."""
        if len(password.encode()) > MAX_PASSWORD_BYTES:
            return False
        async with self._turns:
            right = await asyncio.to_thread(self.matches, password, stored or self._decoy)
        return right and stored is not None

    @cached_property
    def _turns(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(self.most_at_once)

    @cached_property
    def _decoy(self) -> str:
        """A well-formed hash of no password: it costs as much to compare, and nothing to make."""
        salt, digest = (b64encode(os.urandom(n)).decode().rstrip("=") for n in (16, 32))
        cost = f"m={self.memory_kib},t={self.passes},p={self.lanes}"
        return f"$argon2id$v=19${cost}${salt}${digest}"


@dataclass(frozen=True)
class ClientSecrets:
    """Secrets of service accounts: 256 random bits, so a keyed hash is enough."""

    pepper: bytes = field(repr=False)

    def digest(self, secret: str) -> bytes:
        return hmac.digest(self.pepper, b"client-secret:" + secret.encode(), "sha256")

    def matches(self, secret: str, stored: bytes | None) -> bool:
        """Compares in constant time, with a decoy where there is no such client."""
        same = hmac.compare_digest(self.digest(secret), stored or bytes(32))
        return same and stored is not None
