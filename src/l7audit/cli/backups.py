"""What `l7audit stack backup` tells of backups."""

from __future__ import annotations

from collections.abc import Sequence

from l7audit.cli.streams import one_line
from l7audit.cli.terminal import Terminal, columns
from l7audit.exits import Exit
from l7audit.model import Backup

NONE = "None was taken yet. Take one with: l7audit stack backup"


def show(terminal: Terminal, backup: Backup) -> Exit:
    """One that was just taken."""
    rows = [
        ["Backup", backup.id],
        ["Folder", backup.folder],
        ["Holds", f"{backup.server}, all that was written up to {backup.end_lsn}"],
        ["Size", f"{_megabytes(backup.sealed_size)}, taken in {backup.seconds:.1f} s"],
        ["SHA-256", backup.sha256],
        ["Key", backup.key],
    ]
    if backup.wal:
        rows.append(["WAL", f"archived from now on, as it is written, in {backup.wal}"])
    for row in columns(rows):
        terminal.result("  ".join(row))
    terminal.result(f"Verify it with: l7audit stack backup --verify {backup.id}")
    return Exit.PASSED


def show_all(terminal: Terminal, found: Sequence[Backup]) -> Exit:
    """A line a backup; what is wrong with one is said there, and by the exit code."""
    if not found:
        terminal.result(NONE)
    for row in columns([b.id, _line(b)] for b in found):
        terminal.result("  ".join(row))
    if newest := [b for b in found[:1] if b.archived_to]:
        terminal.result(
            f"WAL is archived up to {newest[0].archived_to}, at {newest[0].archived_at}."
        )
    return Exit.UNTRUSTED if any(b.trouble for b in found) else Exit.PASSED


def show_verified(terminal: Terminal, backup: Backup) -> Exit:
    """Whether one can be relied on."""
    if backup.trouble:
        terminal.result(f"DAMAGED   {backup.id}: {one_line(backup.trouble)}")
        return Exit.UNTRUSTED
    terminal.result(
        f"VERIFIED  {backup.id}: it opens with its key, and PostgreSQL finds in it what it gave."
    )
    if backup.archived_to:
        terminal.result(f"WAL goes on from it without a gap up to {backup.archived_to}.")
    return Exit.PASSED


def _line(backup: Backup) -> str:
    if backup.trouble:
        return f"DAMAGED: {backup.trouble}"
    size = _megabytes(backup.sealed_size)
    return f"{size}, {backup.server} up to {backup.end_lsn}, key {backup.key}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
