"""The keys that seal backups: files of the deployment's secrets, never of the repository.

As with those of data at rest, the last by name seals and older ones open.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from l7audit_stack.api.keyring import read_data_key
from l7audit_stack.api.settings import SettingsError
from l7audit_stack.backups.interface import BackupError, DamagedBackupError


@dataclass(frozen=True)
class BackupKeys:
    """A folder with a file `ID.key` a key."""

    folder: Path

    def newest(self) -> tuple[str, bytes]:
        """The id and the bytes of the key that seals. Errors: `BackupError`."""
        found = sorted(path.stem for path in self.folder.glob("*.key"))
        if not found:
            raise BackupError(f"There is no key for backups: {self.folder} holds no *.key file.")
        return found[-1], self._read(found[-1])

    def of(self, kid: str) -> bytes:
        """The key of that id. Errors: `BackupError`."""
        if kid not in {path.stem for path in self.folder.glob("*.key")}:
            raise DamagedBackupError(f"The key {kid} is gone, and nothing else opens the backup.")
        return self._read(kid)

    def _read(self, kid: str) -> bytes:
        path = self.folder / f"{kid}.key"
        try:
            return read_data_key(path)
        except OSError as error:
            raise BackupError(f"The key {path} can't be read: {error.strerror}.") from error
        except SettingsError as error:
            raise BackupError(str(error)) from error
