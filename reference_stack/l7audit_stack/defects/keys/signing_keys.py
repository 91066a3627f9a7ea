"""Planted defects of the keys that sign tokens: how they are published, replaced and retired."""

from __future__ import annotations

import base64
import dataclasses
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.signing_keys import SigningKeys, signer
from l7audit_stack.api.security.tokens import (
    TokenIssuer,
    TokenRefusedError,
    TokenVerifier,
    public_jwk,
)
from l7audit_stack.defects.authn.around import Whole, changing_answers, operation_path
from l7audit_stack.defects.authn.swap import issuer, verifier
from l7audit_stack.defects.authz.functions import guarded_by
from l7audit_stack.defects.defect import ASGIApp, Defect


class SignsAtOnce(TokenIssuer):
    """Signs with the newest key, whenever its time is."""

    def issue(self, *, now: float, **given: Any) -> tuple[str, dict[str, Any]]:
        newest = dict(list(self.keys.items())[-1:])
        text, claims = dataclasses.replace(self, keys=newest).issued(now=now, **given)
        return text, claims

    def issued(self, *, now: float, **given: Any) -> tuple[str, dict[str, Any]]:
        return super().issue(now=now, **given)


@dataclass(frozen=True)
class PublishesLate(SignsAtOnce):
    """Signs with the newest key, and publishes it a second after somebody asked."""

    asked: dict[str, float] = field(default_factory=dict)

    def jwks(self) -> dict[str, Any]:
        now = time.monotonic()
        first = now if self.asked else float("-inf")
        shown = [
            k for k in super().jwks()["keys"] if self.asked.setdefault(k["kid"], first) < now - 1
        ]
        return {"keys": shown}


@dataclass(frozen=True)
class PublishesOn(TokenIssuer):
    """Adds new keys to the published ones and takes none away."""

    shown: dict[str, Any] = field(default_factory=dict)

    def jwks(self) -> dict[str, Any]:
        self.shown.update({key["kid"]: key for key in super().jwks()["keys"]})
        return {"keys": list(self.shown.values())}


class OnlyTheSigner(TokenVerifier):
    """Verifies with the key that signs now."""

    def stands(self, kid: str) -> bool:
        return kid == signer(self.keys, time.time())

    def key_for(self, header: Mapping[str, Any]) -> Any:
        if header.get("kid") != signer(self.keys, time.time()):
            raise TokenRefusedError("not the current key")
        return super().key_for(header)


@dataclass(frozen=True)
class Remembers(TokenVerifier):
    """Keeps the keys that it has seen, for `seconds` after they went."""

    seen: dict[str, tuple[Ed25519PublicKey, float]] = field(default_factory=dict)
    seconds: float = 1e9

    def stands(self, kid: str) -> bool:
        try:
            return self.key_for({"kid": kid}) is not None
        except TokenRefusedError:
            return False

    def key_for(self, header: Mapping[str, Any]) -> Any:
        now = time.monotonic()
        self.seen.update({kid: (key, now) for kid, key in self.keys.items()})
        key, at = self.seen.get(str(header.get("kid")), (None, 0.0))
        if key is None or now - at > self.seconds:
            raise TokenRefusedError("unknown key id")
        return key


def _apart(parts: Parts) -> Parts:
    """Looks at the folder, and tells neither who signs nor who verifies."""
    own = SigningKeys(parts.signing.folder, lifetime=parts.settings.token_lifetime)
    return dataclasses.replace(parts, signing=own)


def _kept(cache_control: bytes) -> Callable[[ASGIApp, Parts], ASGIApp]:
    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        path = operation_path(parts, "auth.jwks")

        def rewrite(whole: Whole) -> None:
            whole.header(b"cache-control", cache_control)

        return changing_answers(lambda s, n: n == 200 and s["path"] == path, rewrite)(app, parts)

    return wrap


Publish = Callable[[Parts, list[dict[str, Any]]], list[dict[str, Any]]]


def _publishing(change: Publish) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """Publishes other keys than those that are used."""

    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        path = operation_path(parts, "auth.jwks")

        def rewrite(whole: Whole) -> None:
            held = json.loads(whole.body)
            whole.content(json.dumps({"keys": change(parts, held["keys"])}).encode())

        return changing_answers(lambda s, n: n == 200 and s["path"] == path, rewrite)(app, parts)

    return wrap


def _with_private_half(parts: Parts, held: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The export of the whole key, not of its public half."""
    for jwk in held:
        key = parts.issuer.keys[jwk["kid"]]
        raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        jwk["d"] = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return held


def _nameless_pair(_: Parts, held: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two keys of one id: that of the tokens, and the one it was copied from."""
    other = public_jwk(str(held[-1]["kid"]), Ed25519PrivateKey.generate().public_key())
    return [*held, other]


def _old_one_too(_: Parts, held: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [public_jwk("2020-01", Ed25519PrivateKey.generate().public_key()), *held]


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="keys.signs-before-it-is-published",
        summary="A new signing key signs at once and is published seconds later.",
        parts=issuer(PublishesLate),
    ),
    Defect(
        name="keys.restart-for-new-keys",
        summary="A new signing key is published and signs after a restart.",
        parts=_apart,
    ),
    Defect(
        name="keys.old-tokens-end-with-rotation",
        summary="Only tokens of the key that signs now are accepted.",
        parts=verifier(OnlyTheSigner),
    ),
    Defect(
        name="keys.signs-at-once",
        summary="A new signing key is published and signs in the same moment.",
        near_miss=True,
        parts=issuer(SignsAtOnce),
    ),
    Defect(
        name="keys.retired-key-remembered",
        summary="Tokens of every signing key that there ever was are accepted.",
        parts=verifier(Remembers),
    ),
    Defect(
        name="keys.retired-key-still-published",
        summary="Retired signing keys are still published.",
        parts=issuer(PublishesOn),
    ),
    Defect(
        name="keys.retired-within-a-second",
        summary="Tokens of a retired signing key are accepted for one more second.",
        near_miss=True,
        parts=verifier(Remembers, seconds=1.0),
    ),
    Defect(
        name="keys.everybody-makes-signing-keys",
        summary="Making a signing key asks for an account, and not for its role.",
        parts=guarded_by(("signing-keys.create",), "me:read"),
    ),
    Defect(
        name="keys.everybody-retires-signing-keys",
        summary="Retiring a signing key asks for an account, and not for its role.",
        parts=guarded_by(("signing-keys.retire",), "me:read"),
    ),
    Defect(
        name="keys.kept-for-a-year",
        summary="The published keys may be kept for a year.",
        wrap=_kept(b"public, max-age=31536000, immutable"),
    ),
    Defect(
        name="keys.never-kept",
        summary="The published keys must not be kept at all.",
        near_miss=True,
        wrap=_kept(b"no-store"),
    ),
    Defect(
        name="keys.private-half-published",
        summary="The published keys hold their private halves.",
        wrap=_publishing(_with_private_half),
    ),
    Defect(
        name="keys.one-id-for-two",
        summary="Two published keys share an id.",
        wrap=_publishing(_nameless_pair),
    ),
    Defect(
        name="keys.old-key-still-published",
        summary="A key that signs nothing any more is still published.",
        near_miss=True,
        wrap=_publishing(_old_one_too),
    ),
)
