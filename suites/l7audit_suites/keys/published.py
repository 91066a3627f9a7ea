"""A published set of keys (RFC 7517), read for what it should not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from l7audit_suites.authn.jose import decode

MOST = 50
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_RSA_BITS = 2048
_AGE = re.compile(r"(?:s-maxage|max-age)=\"?(\d{1,12})")
_CURVES = {"P-256", "P-384", "P-521", "Ed25519", "Ed448", "secp256k1"}

Jwk = Mapping[str, Any]


def listed(document: Any) -> list[Jwk]:
    """The keys of a set; what is no object is left out."""
    held = document.get("keys") if isinstance(document, dict) else None
    return [key for key in held[:MOST] if isinstance(key, dict)] if isinstance(held, list) else []


def private_members(key: Jwk) -> list[str]:
    """The members that only the signer may have (RFC 7518, 6)."""
    return [name for name in _PRIVATE if key.get(name)]


def weak(key: Jwk) -> str:
    """Why a key is too weak; empty where it is not, or is of a kind that nobody knows."""
    if key.get("kty") == "RSA":
        try:
            bits = int.from_bytes(decode(str(key["n"])), "big").bit_length()
        except (ValueError, KeyError):
            return ""
        return f"RSA of {bits} bits" if bits < _RSA_BITS else ""
    if key.get("kty") in {"EC", "OKP"} and key.get("crv") not in _CURVES:
        return f"the curve {str(key.get('crv'))[:20]}"
    return ""


def keeping(cache_control: str) -> int | None:
    """For how many seconds such an answer may be kept by anybody; None where that is not said."""
    told = cache_control.lower()
    if "no-store" in told or "no-cache" in told:
        return 0
    return max((int(number) for number in _AGE.findall(told)), default=None)
