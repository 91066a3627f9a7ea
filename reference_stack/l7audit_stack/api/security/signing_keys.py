"""The keys that sign access tokens, read again from their folder while a replica runs.

A key's id begins with the moment from which it signs (epoch nanoseconds, 19 digits). So all
replicas change over together without a word between them: before that moment a key is published
and verifies; after its successor's moment it verifies until the last token that it signed has
ended. A file that is taken away ends its key at the next look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from l7audit_stack.api.keyring import read_signing_key
from l7audit_stack.api.settings import SettingsError

EVERY = 0.25
"""Seconds between two looks at the folder."""

LEAST_LEAD = 1
"""Seconds that a new key must be there before it signs, so that every replica knows it."""

_DIGITS = 19
_CLOCKS = 60.0
"""Seconds by which the clocks of replicas may differ at most."""


def signs_from(kid: str) -> float:
    """The moment in epoch seconds; 0 for a name that tells none."""
    digits = kid[:_DIGITS]
    return int(digits) / 1e9 if len(digits) == _DIGITS and digits.isdecimal() else 0.0


def signer(kids: Iterable[str], now: float) -> str:
    """The newest key whose moment has come, else the oldest. `kids` are sorted."""
    known = list(kids)
    return next((kid for kid in reversed(known) if signs_from(kid) <= now), known[0])


def standing(kids: Sequence[str], now: float, lifetime: float) -> list[str]:
    """The keys of which a token may still be good; `lifetime` of tokens in seconds."""
    return [
        kid
        for kid, successor in zip(kids, [*kids[1:], ""], strict=True)
        if not successor or now < signs_from(successor) + lifetime + _CLOCKS
    ]


class SigningKeys:
    """`private` and `public` are the standing keys by id, oldest first. Whoever holds one of the
    two sees what `refresh` changes."""

    def __init__(
        self, folder: Path, *, lifetime: float, clock: Callable[[], float] = time.time
    ) -> None:
        self.folder = folder
        self.private: dict[str, Ed25519PrivateKey] = {}
        self.public: dict[str, Ed25519PublicKey] = {}
        self._lifetime = lifetime
        self._clock = clock
        self.refresh()

    def refresh(self) -> bool:
        """Looks at the folder again; whether keys came or went. Raises SettingsError for a file
        that is no key, with the keys as they were."""
        kids = standing(
            sorted(path.stem for path in self.folder.glob("*.pem")), self._clock(), self._lifetime
        )
        if kids == list(self.private):
            return False
        try:
            keys = {kid: self.private.get(kid) or self._read(kid) for kid in kids}
        except OSError as error:
            raise SettingsError(f"{error.filename} can't be read: {error.strerror}.") from error
        self.private.clear()
        self.private.update(keys)
        self.public.clear()
        self.public.update({kid: key.public_key() for kid, key in keys.items()})
        return True

    def _read(self, kid: str) -> Ed25519PrivateKey:
        return read_signing_key(self.folder / f"{kid}.pem")
