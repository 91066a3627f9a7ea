"""The secret files of a deployment, loaded once; nothing here ever shows a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from l7audit_stack.api.settings import SettingsError


@dataclass(frozen=True)
class Keyring:
    """`data` maps key ids to keys, oldest first; the last one seals, and `DataKeys` notices
    what comes and goes. Signing keys are read while the replica runs, by `SigningKeys`."""

    pepper: bytes = field(repr=False)
    audit: bytes = field(repr=False)
    data: dict[str, bytes] = field(repr=False)

    def sizes(self) -> dict[str, int]:
        """Bytes of each symmetric secret, by file name."""
        return {"api-key-pepper": len(self.pepper), "audit.key": len(self.audit)}


def load_keyring(folder: Path) -> Keyring:
    """Read SECRETS_DIR. Key ids sort by name: the last in that order seals."""
    try:
        pepper = (folder / "api-key-pepper").read_bytes().strip()
        audit = (folder / "audit.key").read_bytes().strip()
        sealing = {p.stem: read_data_key(p) for p in sorted((folder / "data").glob("*.key"))}
    except OSError as error:
        raise SettingsError(
            f"The secret file {error.filename} can't be read ({error.strerror}): "
            f"run python -m l7audit_stack.api.provision {folder}."
        ) from error
    if not any((folder / "jwt").glob("*.pem")) or not sealing:
        raise SettingsError(
            f"{folder} lacks jwt/*.pem or data/*.key: "
            f"run python -m l7audit_stack.api.provision {folder}."
        )
    return Keyring(
        pepper=pepper,
        audit=audit,
        data=sealing,
    )


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file; raises OSError, or SettingsError where it holds another thing."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise SettingsError(f"{path} is not a PEM private key.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{path} is not an Ed25519 private key.")
    return key


def read_data_key(path: Path) -> bytes:
    """The key in a file; raises OSError, or SettingsError where it holds another thing."""
    try:
        key = bytes.fromhex(path.read_bytes().decode("ascii").strip())
    except ValueError as error:
        raise SettingsError(f"{path} is not hexadecimal.") from error
    if len(key) != 32:
        raise SettingsError(f"{path} has {len(key)} bytes: AES-256 needs 32.")
    return key
