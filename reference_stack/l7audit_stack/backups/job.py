"""What the stack runs for a backup: `python -m l7audit_stack.backups.job DEED [ARGUMENT...]`.

    take | list | verify ID | open ID FILE | remove ID | plan AIM | prepare AIM FOLDER

AIM is a `recovery.Aim` as JSON.

It prints one JSON object, `{"value": ...}` or `{"error": "a sentence"}`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from l7audit_stack.backups.backups import Backups
from l7audit_stack.backups.base_backup import BaseBackup
from l7audit_stack.backups.folder import FolderObjects, FolderRepository
from l7audit_stack.backups.interface import BackupError
from l7audit_stack.backups.keys import BackupKeys
from l7audit_stack.backups.recovery import Aim
from l7audit_stack.backups.sealing import ChunkedGcm
from l7audit_stack.backups.wal_archive import WalArchive

KEYS = "backup"
"""The folder of the secrets that holds the keys."""

WAL = "wal"
"""The folder of the repository that holds the archive of WAL."""

Assemble = Callable[[Mapping[str, str]], Backups]


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a deed."""

    value: Any = None
    error: str = ""


def production_backups(environ: Mapping[str, str]) -> Backups:
    """The backups that the environment describes."""
    root, keys = Path(environ["BACKUP_DIR"]), BackupKeys(Path(environ["SECRETS_DIR"]) / KEYS)
    return Backups(
        source=BaseBackup(
            programs=Path(environ["POSTGRES_PROGRAMS"]),
            sockets=Path(environ["POSTGRES_SOCKETS"]),
            port=int(environ["POSTGRES_PORT"]),
            role=environ["BACKUP_ROLE"],
            scratch=Path(environ["SCRATCH_DIR"]),
        ),
        cipher=ChunkedGcm(),
        repository=FolderRepository(root),
        keys=keys,
        wal=WalArchive(ChunkedGcm(), FolderObjects(root / WAL), keys),
    )


def carry_out(backups: Backups, deed: str, arguments: Sequence[str]) -> Outcome:
    """Does it, and says what came of it."""
    deeds: Mapping[str, Callable[..., Any]] = {
        "take": backups.take,
        "list": backups.all,
        "verify": backups.verify,
        "open": lambda backup, file: backups.open(backup, Path(file)),
        "remove": backups.remove,
        "plan": lambda aim: backups.plan(_aim(aim)),
        "prepare": lambda aim, folder: backups.prepare(_aim(aim), Path(folder)),
    }
    try:
        return Outcome(value=deeds[deed](*arguments))
    except BackupError as error:
        return Outcome(error=str(error))
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return Outcome(error=f"The system refused: {error.strerror or error}{where}.")


def _aim(text: str) -> Aim:
    return msgspec.json.decode(text, type=Aim)


def main(arguments: Sequence[str], assemble: Assemble = production_backups) -> int:
    """Exit code 0 whenever the outcome is printed."""
    deed, *more = arguments
    outcome = carry_out(assemble(os.environ), deed, more)
    sys.stdout.write(msgspec.json.encode(outcome).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
