"""Tokens that the issuer's own key has signed, each with one thing wrong.

They are clones of a real token: whatever else a verifier asks for is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from l7audit.model import Mint
from l7audit_suites.authn.forgeries import Forgery
from l7audit_suites.authn.jose import PrivateKey, Token, load_private, sign

HOUR = 3600
"""Seconds by which a time is wrong: far beyond any leeway for clocks."""

_GENERIC_TYPES = {"", "jwt", "jws", "jose"}
_USES = ("token_use", "token_type", "typ", "use", "purpose")
_OTHER_USE = {"access": "refresh", "access_token": "id_token", "at": "id", "bearer": "id"}


@dataclass(frozen=True, slots=True)
class Clones:
    """Makes clones of `token` with the key that the target has granted us."""

    token: Token
    key_id: str
    algorithm: str
    key: PrivateKey | bytes = field(repr=False)

    @classmethod
    def of(cls, token: Token, mint: Mint) -> Clones:
        """Errors: `ValueError` where the granted key can't sign with its algorithm."""
        secret = mint.algorithm.startswith("HS")
        key = mint.private_key.encode() if secret else load_private(mint.private_key)
        clones = cls(token, mint.key_id, mint.algorithm, key)
        clones.text()
        return clones

    def text(
        self,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        without: str = "",
    ) -> str:
        """A clone with these header members and claims in place of the real ones.

        `without` names a claim to leave out.
        """
        base = {**self.token.header, "alg": self.algorithm}
        if self.key_id:
            base["kid"] = self.key_id
        spoilt = {**self.token.claims, **(claims or {})}
        spoilt.pop(without, None)
        return sign({**base, **(header or {})}, spoilt, self.key)

    def expired(self, now: float) -> Iterator[Forgery]:
        """Past their end. A falsy `exp` must not read as no end."""
        yield Forgery("exp an hour ago", self.text(claims={"exp": int(now) - HOUR}))
        yield Forgery("exp a year ago", self.text(claims={"exp": int(now) - 8766 * HOUR}))
        yield Forgery("exp 0", self.text(claims={"exp": 0}))

    def early(self, now: float) -> Iterator[Forgery]:
        """Before their beginning."""
        later = int(now) + HOUR
        yield Forgery("nbf in an hour", self.text(claims={"nbf": later, "exp": later + HOUR}))

    def foreign_audience(self) -> Iterator[Forgery]:
        """Made for somebody else, or for nobody in particular."""
        real = _first(self.token.claims.get("aud"))
        yield Forgery("aud of another service", self.text(claims={"aud": "https://other.example"}))
        yield Forgery("aud list of others", self.text(claims={"aud": ["https://other.example"]}))
        if real:
            yield Forgery("aud that ours begins", self.text(claims={"aud": real + ".evil.example"}))
            yield Forgery("aud that begins ours", self.text(claims={"aud": real[: len(real) // 2]}))
        yield Forgery("aud empty", self.text(claims={"aud": ""}))
        yield Forgery("aud empty list", self.text(claims={"aud": []}))
        yield Forgery("no aud", self.text(without="aud"))

    def foreign_issuer(self) -> Iterator[Forgery]:
        """Said to be made by somebody else, or by nobody."""
        real = self.token.claims.get("iss")
        yield Forgery("iss of another issuer", self.text(claims={"iss": "https://other.example"}))
        if isinstance(real, str) and real:
            yield Forgery("iss that ours begins", self.text(claims={"iss": real + ".evil.example"}))
        yield Forgery("iss empty", self.text(claims={"iss": ""}))
        yield Forgery("no iss", self.text(without="iss"))

    def foreign_type(self) -> Iterator[Forgery]:
        """Tokens of another kind. None where the real ones don't say what kind they are."""
        kind = str(self.token.header.get("typ", "")).lower().removeprefix("application/")
        if kind not in _GENERIC_TYPES:
            for other in ("JWT", "id+jwt", "refresh+jwt", "logout+jwt"):
                yield Forgery(f"typ {other}", self.text(header={"typ": other}))
        for name in _USES:
            use = self.token.claims.get(name)
            if isinstance(use, str) and use:
                other = _OTHER_USE.get(use.lower(), "id")
                yield Forgery(f"{name} of another kind", self.text(claims={name: other}))

    def critical(self) -> Iterator[Forgery]:
        """With an extension that must be understood and that nobody can know (RFC 7515 4.1.11)."""
        name = "https://l7audit.example/unknown"
        yield Forgery("crit names an unknown extension", self.text({"crit": [name], name: True}))

    def incomplete(self) -> Iterator[Forgery]:
        """Without an end or an owner, or with something else in their place."""
        yield Forgery("no exp", self.text(without="exp"))
        yield Forgery("exp null", self.text(claims={"exp": None}))
        yield Forgery("exp true", self.text(claims={"exp": True}))
        if "sub" in self.token.claims:
            yield Forgery("no sub", self.text(without="sub"))
            yield Forgery("sub empty", self.text(claims={"sub": ""}))
            yield Forgery("sub a list", self.text(claims={"sub": [self.token.claims["sub"]]}))


def lifetime(token: Token) -> float | None:
    """Seconds from `iat` (or `nbf`) to `exp`; None where the token doesn't say."""
    begin = _number(token.claims.get("iat", token.claims.get("nbf")))
    end = _number(token.claims.get("exp"))
    return None if begin is None or end is None else end - begin


def _number(value: Any) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if fits else None


def _first(audience: Any) -> str:
    found = audience[0] if isinstance(audience, list) and audience else audience
    return found if isinstance(found, str) else ""
