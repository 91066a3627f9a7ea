"""Ed25519 signatures of a manifest, with keys in PEM files that openssl reads too.

The signature is the 64 raw bytes over `manifest.json`. A key's fingerprint is the SHA-256 of its
public half in DER: what people compare when they hand a key over.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from l7audit.errors import UsageError

LARGEST = 16 * 1024
"""Bytes of a key file; more is none."""

_PEM = serialization.Encoding.PEM
_INFO = serialization.PublicFormat.SubjectPublicKeyInfo


def new_key(path: Path) -> Ed25519PublicKey:
    """Writes a new key, readable by its owner alone, and its public half beside it (`.pub`).

    Errors: `UsageError` where one of them exists or can't be written.
    """
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _create(path, private, 0o600)
    _create(public_path(path), public_pem(key.public_key()), 0o644)
    return key.public_key()


def public_path(path: Path) -> Path:
    """Where the public half of a new key lies."""
    return path.with_name(f"{path.name}.pub")


def _create(path: Path, data: bytes, mode: int) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
    except FileExistsError as error:
        raise UsageError(f"{path} exists already.", mend="Choose another name.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key in a PEM file. Errors: `UsageError`, also where others than its owner can read it."""
    data = _read(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(f"{path} can be read by others than its owner.", mend=f"chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(data, None)
    except TypeError as error:
        raise UsageError(
            f"{path} is protected by a passphrase, which nobody is there to type.",
            mend="Keep it in a place that is protected as a whole, and give the plain key.",
        ) from error
    except Exception as error:
        raise UsageError(
            f"{path} holds no private key in PEM form.", mend="l7audit bundle --new-key FILE"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            f"{path} is no Ed25519 key.", mend="Make one: l7audit bundle --new-key FILE"
        )
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file. Errors: `UsageError`."""
    data = _read(path)
    try:
        return public_key_of(data)
    except ValueError as error:
        private = b"PRIVATE KEY" in data
        raise UsageError(
            f"{path} is a private key." if private else f"{path} {error}.",
            mend=f"Give its public half: {public_path(path)}" if private else "",
        ) from error


def public_key_of(pem: bytes) -> Ed25519PublicKey:
    """A public key from PEM. Errors: `ValueError` with the end of a sentence."""
    try:
        key = serialization.load_pem_public_key(pem)
    except Exception as error:
        raise ValueError("holds no public key in PEM form") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("is no Ed25519 key")  # noqa: TRY004 - of what a file holds
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The one PEM form of a public key."""
    return key.public_bytes(_PEM, _INFO)


def fingerprint(key: Ed25519PublicKey) -> str:
    """`sha256:` and 64 hex digits."""
    der = key.public_bytes(serialization.Encoding.DER, _INFO)
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def fits(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    """Whether the owner of the key signed these bytes."""
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
