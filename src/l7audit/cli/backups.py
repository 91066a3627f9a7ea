"""What `l7audit stack backup` and `restore` tell of backups."""

from __future__ import annotations

from collections.abc import Sequence

from l7audit.cli.streams import one_line
from l7audit.cli.terminal import Terminal, columns
from l7audit.exits import Exit
from l7audit.model import Backup, Moment, Restored

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


def show_plan(terminal: Terminal, begin: Backup, to: Moment) -> None:
    """What a restore is about to do."""
    there = f"the time {to.time}" if to.time else f"the point {to.point}" if to.point else ""
    terminal.result(
        f"Restoring {begin.id} and the WAL archived after it, up to "
        f"{there or 'the latest that is archived'}, into a scratch database. "
        "The stack's own is not touched; a scratch database from before is replaced."
    )


def show_restored(terminal: Terminal, restored: Restored) -> Exit:
    """The scratch database. Its address holds a demo password, made for this stack."""
    rows = [
        ["Database", restored.url],
        ["Folder", restored.folder],
        ["Holds", f"{restored.backup} and {restored.segments} segments of WAL"],
        ["Took", f"{restored.seconds:.1f} s"],
    ]
    for row in columns(rows):
        terminal.result("  ".join(row))
    terminal.result("Remove it with: l7audit stack restore --drop")
    return Exit.PASSED


def _line(backup: Backup) -> str:
    if backup.trouble:
        return f"DAMAGED: {backup.trouble}"
    size = _megabytes(backup.sealed_size)
    return f"{size}, {backup.server} up to {backup.end_lsn}, key {backup.key}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
