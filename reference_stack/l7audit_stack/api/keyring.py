"""The secret files of a deployment, loaded once; nothing here ever shows a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from l7audit_stack.api.settings import SettingsError


@dataclass(frozen=True)
class Keyring:
    """`signing` and `data` map key ids to keys, oldest first; the last one is used for new work."""

    pepper: bytes = field(repr=False)
    audit: bytes = field(repr=False)
    signing: dict[str, Ed25519PrivateKey] = field(repr=False)
    data: dict[str, bytes] = field(repr=False)

    def sizes(self) -> dict[str, int]:
        """Bytes of each symmetric secret, by file name."""
        return {"api-key-pepper": len(self.pepper), "audit.key": len(self.audit)}


def load_keyring(folder: Path) -> Keyring:
    """Read SECRETS_DIR. Key ids sort by name: the last in that order signs and seals."""
    try:
        pepper = (folder / "api-key-pepper").read_bytes().strip()
        audit = (folder / "audit.key").read_bytes().strip()
        pems = {path.stem: path.read_bytes() for path in sorted((folder / "jwt").glob("*.pem"))}
        sealing = {path.stem: path.read_bytes() for path in sorted((folder / "data").glob("*.key"))}
    except OSError as error:
        raise SettingsError(
            f"The secret file {error.filename} can't be read ({error.strerror}): "
            f"run python -m l7audit_stack.api.provision {folder}."
        ) from error
    if not pems or not sealing:
        raise SettingsError(
            f"{folder} lacks jwt/*.pem or data/*.key: "
            f"run python -m l7audit_stack.api.provision {folder}."
        )
    return Keyring(
        pepper=pepper,
        audit=audit,
        signing={kid: _private_key(folder, kid, pem) for kid, pem in pems.items()},
        data={kid: _data_key(folder, kid, text) for kid, text in sealing.items()},
    )


def _private_key(folder: Path, kid: str, pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except ValueError as error:
        raise SettingsError(f"{folder}/jwt/{kid}.pem is not a PEM private key.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{folder}/jwt/{kid}.pem is not an Ed25519 private key.")
    return key


def _data_key(folder: Path, kid: str, text: bytes) -> bytes:
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError as error:
        raise SettingsError(f"{folder}/data/{kid}.key is not hexadecimal.") from error
    if len(key) != 32:
        raise SettingsError(f"{folder}/data/{kid}.key has {len(key)} bytes: AES-256 needs 32.")
    return key
