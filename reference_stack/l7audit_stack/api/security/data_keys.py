"""The keys that seal secret fields, read again from their folder while a replica runs.

A key's id begins with the moment it was made (epoch nanoseconds, 19 digits): the last by name
seals, older ones open. A retired key lies in a folder of its own, where no replica looks; who
restores an older backup of the database puts the key back that goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from l7audit_stack.api.keyring import read_data_key
from l7audit_stack.api.provision import add_data_key

_RETIRED = "retired"


@dataclass(frozen=True)
class DataKeys:
    """`keys` maps ids to keys, oldest first. Whoever holds it sees what `refresh` changes."""

    folder: Path
    keys: dict[str, bytes] = field(repr=False)

    def refresh(self) -> bool:
        """Looks at the folder again; whether keys came or went. Raises SettingsError for a file
        that is no key, with the keys as they were. An empty folder takes no key away."""
        found: dict[str, bytes] = {}
        for path in sorted(self.folder.glob("*.key")):
            try:
                found[path.stem] = self.keys.get(path.stem) or read_data_key(path)
            except FileNotFoundError:
                continue  # retired a moment ago
        if not found or list(found) == list(self.keys):
            return False
        self.keys.clear()
        self.keys.update(found)
        return True

    def add(self) -> str:
        """Makes the key that seals from the next `refresh` on; its id. Raises OSError."""
        return Path(add_data_key(self.folder.parent)).stem

    def retire(self, kid: str) -> None:
        """Puts a key away, if it is there, until the next `refresh`. Raises OSError."""
        away = self.folder / _RETIRED
        away.mkdir(mode=0o700, exist_ok=True)
        file = self.folder / f"{kid}.key"
        if file.exists():
            file.rename(away / file.name)
