"""Planted defects of encryption: on the way to the API, and where it keeps secrets."""

from __future__ import annotations

import base64
import copy
import dataclasses
import hashlib
import hmac
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from l7audit_stack.api.parts import Parts
from l7audit_stack.api.security.keys import ApiKeys, NewKey
from l7audit_stack.api.security.passwords import Passwords
from l7audit_stack.api.security.secrets import SecretBox
from l7audit_stack.data.identities import KeyRow
from l7audit_stack.defects.answers import Asked, Told, heads
from l7audit_stack.defects.authn.swap import Swap, become, keys
from l7audit_stack.defects.defect import Defect

Bootstrap = dict[str, Any]

_GOOD = "ECDHE-ECDSA-AES128-GCM-SHA256"
_CBC = "ECDHE-ECDSA-AES128-SHA"
_INSPECTOR = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"


def _with_ciphers(*ciphers: str) -> Any:
    def rewrite(bootstrap: Bootstrap) -> Bootstrap:
        chain = bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]
        context = chain["transport_socket"]["typed_config"]["common_tls_context"]
        context["tls_params"] |= {"cipher_suites": list(ciphers)}
        return bootstrap

    return rewrite


def plain_too(bootstrap: Bootstrap) -> Bootstrap:
    """Serves plain HTTP on the port of TLS: what came without it gets the same answers."""
    listener = bootstrap["static_resources"]["listeners"][0]
    with_tls = listener["filter_chains"][0]
    without = copy.deepcopy(with_tls)
    del without["transport_socket"]
    with_tls["filter_chain_match"] = {"transport_protocol": "tls"}
    without["filter_chain_match"] = {"transport_protocol": "raw_buffer"}
    listener["filter_chains"] = [with_tls, without]
    inspector = {
        "name": "envoy.filters.listener.tls_inspector",
        "typed_config": {"@type": _INSPECTOR},
    }
    listener["listener_filters"] = [inspector, *listener.get("listener_filters", [])]
    return bootstrap


def _plain_is_redirected(bootstrap: Bootstrap) -> Bootstrap:
    """The same port sends plain HTTP to https."""
    bootstrap = plain_too(bootstrap)
    without = bootstrap["static_resources"]["listeners"][0]["filter_chains"][1]
    manager = without["filters"][0]["typed_config"]
    for host in manager["route_config"]["virtual_hosts"]:
        host["require_tls"] = "ALL"
    return bootstrap


class InPlain(SecretBox):
    """The cipher was to come later."""

    def seal(self, value: str, *, place: str) -> str:
        return f"plain:{value}"

    def open(self, sealed: str, *, place: str) -> str:
        return sealed.removeprefix("plain:")


class Encoded(SecretBox):
    """Takes an encoding for encryption."""

    def seal(self, value: str, *, place: str) -> str:
        return base64.b64encode(value.encode()).decode()

    def open(self, sealed: str, *, place: str) -> str:
        return base64.b64decode(sealed).decode()


class SealedAsBase64(SecretBox):
    """Seals well and writes it in base64."""

    def seal(self, value: str, *, place: str) -> str:
        kid, _, text = super().seal(value, place=place).partition(":")
        return f"{kid}:{base64.b64encode(bytes.fromhex(text)).decode()}"

    def open(self, sealed: str, *, place: str) -> str:
        kid, _, text = sealed.partition(":")
        return super().open(f"{kid}:{base64.b64decode(text).hex()}", place=place)


class OneNonce(SecretBox):
    """Derives the nonce from the value, so that a column can be searched."""

    def seal(self, value: str, *, place: str) -> str:
        kid = self.newest
        nonce = hmac.digest(self.keys[kid], value.encode(), "sha256")[:12]
        return f"{kid}:{(nonce + AESGCM(self.keys[kid]).encrypt(nonce, value.encode(), b'')).hex()}"

    def open(self, sealed: str, *, place: str) -> str:
        kid, _, text = sealed.partition(":")
        raw = bytes.fromhex(text)
        return AESGCM(self.keys[kid]).decrypt(raw[:12], raw[12:], b"").decode()


class KeptKeys(ApiKeys):
    """Keeps the text of new keys, so that they can be shown again."""

    def stored(self, text: str) -> bytes:
        return text.encode()

    def make(self) -> NewKey:
        made = super().make()
        return dataclasses.replace(made, digest=self.stored(made.text))

    def matches(self, row: KeyRow, digest: bytes) -> bool:
        return super().matches(row, digest) or hmac.compare_digest(
            self.digest(row.digest.decode("latin-1")), digest
        )


class PlainHash(ApiKeys):
    """Hashes new keys by SHA-256 without a pepper: a key of 256 random bits needs no more."""

    def digest(self, text: str) -> bytes:
        return super().digest(text) + hashlib.sha256(text.encode("utf-8", "replace")).digest()

    def make(self) -> NewKey:
        made = super().make()
        return dataclasses.replace(made, digest=made.digest[32:])

    def matches(self, row: KeyRow, digest: bytes) -> bool:
        mine = digest[:32], digest[32:]
        return any(hmac.compare_digest(row.digest, one) for one in mine)


class FastHash(Passwords):
    """Hashes passwords with SHA-256 and a salt; older ones are still known."""

    def hash(self, password: str) -> str:
        salt = os.urandom(8).hex()
        return f"{salt}${self._digest(salt, password)}"

    def matches(self, password: str, stored: str) -> bool:
        if stored.startswith("$"):
            return super().matches(password, stored)
        salt, _, digest = stored.partition("$")
        return hmac.compare_digest(self._digest(salt, password), digest)

    def _digest(self, salt: str, password: str) -> str:
        return hashlib.sha256(f"{salt}{password}".encode()).hexdigest()


class Pbkdf2(FastHash):
    """Hashes passwords with PBKDF2 at today's cost."""

    def hash(self, password: str) -> str:
        salt = os.urandom(16).hex()
        return f"pbkdf2:sha256:600000${salt}${self._digest(salt, password)}"

    def matches(self, password: str, stored: str) -> bool:
        if stored.startswith("$"):
            return Passwords.matches(self, password, stored)
        _, salt, digest = stored.split("$")
        return hmac.compare_digest(self._digest(salt, password), digest)

    def _digest(self, salt: str, password: str) -> str:
        return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), 600_000).hex()


_HSTS = "strict-transport-security"


def _errors_undo_hsts(_: Asked, told: Told, __: Parts) -> Told:
    """An outer layer's own way of answering errors, from before there was TLS everywhere."""
    return told.put({_HSTS: "max-age=0"}) if told.status >= 400 else told


def _errors_without_hsts(_: Asked, told: Told, __: Parts) -> Told:
    """Says it where something was found, which browsers remember for the rest."""
    return told.without(_HSTS) if told.status == 404 else told


def _box(kind: type[SecretBox]) -> Swap:
    return lambda parts: dataclasses.replace(parts, secrets=become(kind, parts.secrets))


def _passwords(kind: type[Passwords] = Passwords, **cost: int) -> Swap:
    def swap(parts: Parts) -> Parts:
        return dataclasses.replace(parts, passwords=become(kind, parts.passwords, **cost))

    return swap


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="crypt.cbc-cipher",
        summary="The edge agrees to CBC with SHA-1.",
        edge=_with_ciphers(_GOOD, _CBC),
    ),
    Defect(
        name="crypt.one-good-cipher",
        summary="The edge agrees to a single cipher of TLS 1.2.",
        near_miss=True,
        edge=_with_ciphers(_GOOD),
    ),
    Defect(
        name="crypt.plain-http-too",
        summary="The edge serves plain HTTP on the port of TLS.",
        edge=plain_too,
    ),
    Defect(
        name="crypt.plain-http-is-redirected",
        summary="The edge sends plain HTTP to https.",
        near_miss=True,
        edge=_plain_is_redirected,
    ),
    Defect(
        name="crypt.errors-undo-hsts",
        summary="Errors tell browsers to forget that they should stay with TLS.",
        wrap=heads(_errors_undo_hsts),
    ),
    Defect(
        name="crypt.errors-without-hsts",
        summary="What is not found says nothing of staying with TLS.",
        near_miss=True,
        wrap=heads(_errors_without_hsts),
    ),
    Defect(
        name="crypt.secrets-in-plain",
        summary="Secrets of webhooks are stored as they are.",
        parts=_box(InPlain),
    ),
    Defect(
        name="crypt.secrets-encoded",
        summary="Secrets of webhooks are stored in base64.",
        parts=_box(Encoded),
    ),
    Defect(
        name="crypt.sealed-as-base64",
        summary="Sealed secrets are written in base64.",
        near_miss=True,
        parts=_box(SealedAsBase64),
    ),
    Defect(
        name="crypt.one-nonce-for-a-value",
        summary="The same secret is sealed to the same text.",
        parts=_box(OneNonce),
    ),
    Defect(
        name="crypt.keys-kept",
        summary="The text of new API keys is stored.",
        parts=keys(KeptKeys),
    ),
    Defect(
        name="crypt.keys-by-plain-hash",
        summary="New API keys are stored as a SHA-256 without a pepper.",
        near_miss=True,
        parts=keys(PlainHash),
    ),
    Defect(
        name="crypt.passwords-hashed-fast",
        summary="Passwords are stored as a salted SHA-256.",
        parts=_passwords(FastHash),
    ),
    Defect(
        name="crypt.passwords-hashed-cheaply",
        summary="Passwords are stored with a hundredth of the memory that they should cost.",
        parts=_passwords(memory_kib=192, passes=1),
    ),
    Defect(
        name="crypt.passwords-by-pbkdf2",
        summary="Passwords are stored as PBKDF2 at today's cost.",
        near_miss=True,
        parts=_passwords(Pbkdf2),
    ),
)
