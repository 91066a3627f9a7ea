"""Create the secret files of a deployment where they are absent: `python -m ... SECRETS_DIR`.

Key ids begin with the time from which they are used, so that the newest sorts last. Running
replicas notice keys that come and go.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

LEAD = 300.0
"""Seconds for which verifiers may keep the published keys, so that a new one is known by all."""


def provision(folder: Path) -> list[str]:
    """Make what is missing (files 0600, folders 0700) and return the names of what was made."""
    made: list[str] = []
    for sub in (folder, folder / "jwt", folder / "data", folder / "backup"):
        sub.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("api-key-pepper", "audit.key"):
        if not (folder / name).exists():
            _write(folder / name, secrets.token_hex(32).encode())
            made.append(name)
    if not any((folder / "jwt").glob("*.pem")):
        made.append(add_signing_key(folder))
    if not any((folder / "data").glob("*.key")):
        made.append(add_data_key(folder))
    if not any((folder / "backup").glob("*.key")):
        made.append(add_backup_key(folder))
    return made


def add_signing_key(folder: Path, *, lead: float = 0.0) -> str:
    """A further Ed25519 key. It is published at once and signs from `lead` seconds on; older ones
    go on verifying."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    name = f"jwt/{_key_id(lead)}.pem"
    _write(folder / name, pem)
    return name


def add_data_key(folder: Path) -> str:
    """A further AES-256 key; new fields are sealed with it, older ones still open."""
    name = f"data/{_key_id()}.key"
    _write(folder / name, secrets.token_hex(32).encode())
    return name


def add_backup_key(folder: Path) -> str:
    """A further AES-256 key; later backups are sealed with it, earlier ones still open."""
    name = f"backup/{_key_id()}.key"
    _write(folder / name, secrets.token_hex(32).encode())
    return name


def _key_id(lead: float = 0.0) -> str:
    return f"{time.time_ns() + int(lead * 1e9):019d}-{secrets.token_hex(3)}"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: replicas may be looking."""
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.rename(path)


def main(arguments: list[str]) -> int:
    if not arguments or len(arguments) > 2 or arguments[1:] not in ([], ["--rotate"]):
        sys.stderr.write("Usage: python -m l7audit_stack.api.provision SECRETS_DIR [--rotate]\n")
        return 4
    folder = Path(arguments[0])
    try:
        made = provision(folder)
        if arguments[1:]:
            made += [
                add_signing_key(folder, lead=LEAD),
                add_data_key(folder),
                add_backup_key(folder),
            ]
    except OSError as error:
        sys.stderr.write(f"{error.filename} can't be written: {error.strerror}.\n")
        return 3
    sys.stdout.write(json.dumps({"secrets_dir": str(folder), "created": made}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
