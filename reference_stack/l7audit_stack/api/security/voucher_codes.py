"""Codes of vouchers: whoever has one may redeem it, so nobody may guess one."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

_RANDOM_BYTES = 20


@dataclass(frozen=True)
class VoucherCodes:
    """Makes codes, and the digests that alone are kept of them."""

    pepper: bytes = field(repr=False)

    def make(self) -> str:
        """A code with 160 random bits: `l7v_` and 27 characters that a URL takes."""
        return f"l7v_{secrets.token_urlsafe(_RANDOM_BYTES)}"

    def digest(self, code: str) -> bytes:
        return hmac.digest(self.pepper, b"voucher:" + code.encode(), "sha256")
