"""Secret fields at rest: AES-256-GCM under a key id, bound to where the field belongs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from l7audit_stack.api.settings import SettingsError


class SealBrokenError(Exception):
    """The sealed value was changed, moved to another place, or its key is gone."""


@dataclass(frozen=True)
class SecretBox:
    """Seals with the newest key and opens with any. A sealed text is `kid:hex`.

    `look` has `keys` brought up to date: another replica may have made one just now.
    """

    keys: Mapping[str, bytes] = field(repr=False)
    look: Callable[[], bool] | None = field(default=None, repr=False)

    @property
    def newest(self) -> str:
        return next(reversed(list(self.keys)))

    def seal(self, value: str, *, place: str) -> str:
        """`place` is authenticated with the value: for example `webhooks:<id>:secret`."""
        kid = self.newest
        nonce = os.urandom(12)
        sealed = AESGCM(self.keys[kid]).encrypt(nonce, value.encode(), self._bound(kid, place))
        return f"{kid}:{(nonce + sealed).hex()}"

    def open(self, sealed: str, *, place: str) -> str:
        """The value; raises SealBrokenError."""
        kid, _, text = sealed.partition(":")
        key = self._key(kid)
        if key is None:
            raise SealBrokenError("the key of this field is not in the keyring")
        try:
            raw = bytes.fromhex(text)
            return AESGCM(key).decrypt(raw[:12], raw[12:], self._bound(kid, place)).decode()
        except (ValueError, InvalidTag) as error:
            raise SealBrokenError("the sealed field does not open") from error

    def _key(self, kid: str) -> bytes | None:
        if kid not in self.keys and self.look is not None:
            try:
                self.look()
            except SettingsError:
                return None
        return self.keys.get(kid)

    def stale(self, sealed: str) -> bool:
        """Whether the field should be sealed again, with the newest key."""
        return not sealed.startswith(f"{self.newest}:")

    def reseal(self, sealed: str, *, place: str) -> str:
        return self.seal(self.open(sealed, place=place), place=place)

    def _bound(self, kid: str, place: str) -> bytes:
        return f"{kid}\0{place}".encode()
