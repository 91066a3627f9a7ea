"""Backups, to whoever finds one: what its bytes say, and whether a changed one is taken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from l7audit.errors import ProviderError
from l7audit.harness.backups import Backups
from l7audit.harness.check import Check
from l7audit.model import Backup, Confidence, Place
from l7audit_suites.authz.things import made_things, without_people
from l7audit_suites.crypt.forms import readable
from l7audit_suites.crypt.raw_backups import MOST_BYTES, holding, key_forms, structure

_MARKED = 2
_MOST_BESIDE = 1024 * 1024
_CUT = 64 * 1024
_NOTHING = "bytes that say nothing to whoever has no key"


@pytest.mark.control("CRYPT-12")
def test_a_backup_says_nothing_without_its_key(check: Check) -> None:
    things = islice((t for t in made_things(check, without_people) if t.marker), _MARKED)
    markers = [thing.marker for thing in things]
    with check.backups() as backups:
        backup = backups.take()
        files = [p for p in sorted(Path(backup.folder).rglob("*")) if p.is_file()]
        check.witness("a backup lies where the provider says", any(map(_size, files)), once=True)
        _says_nothing(check, files, markers)
        _key_is_elsewhere(check, backups.keys(), Path(backup.folder), files)
        taken = _taken_when_changed(backups, backup, max(files, key=_size))
        content = _opened(backups, backup)
        check.witness(
            "as it was, and with its key, it opens, and holds what was written before it",
            bool(holding(content, markers)),
            once=True,
        )
        _changed_is_refused(check, taken, _digest(content))


def _opened(backups: Backups, backup: Backup) -> bytes:
    with backups.opened(backup) as file:
        return _content(file)


def _content(file: Path, most: int = MOST_BYTES) -> bytes:
    with file.open("rb") as opened:
        return opened.read(most)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _says_nothing(check: Check, files: Sequence[Path], markers: Sequence[str]) -> None:
    forms = [form for marker in markers for form in readable(marker)]
    rows: list[str] = []
    kinds: list[str] = []
    for file in files:
        raw = _content(file)
        if how := holding(raw, forms):
            rows.append(f"{file.name} ({how})")
        if what := structure(file.name, raw):
            kinds.append(f"{file.name} is {what}")
    place = Place(operation="backup", part="content")
    read = check.expect(
        not rows,
        place,
        f"A row is read in a backup without its key, in {', '.join(rows)}.",
        expected=_NOTHING,
        seen="words of a row that was just made",
    )
    if read:
        check.expect(
            not kinds,
            place,
            f"A backup shows without its key what is in it: {'; '.join(kinds)}.",
            expected=_NOTHING,
            seen="the structure of what was backed up",
            confidence=Confidence.STRONG,
        )


def _key_is_elsewhere(
    check: Check, keys: dict[str, bytes], folder: Path, files: Sequence[Path]
) -> None:
    forms = {form for content in keys.values() for form in key_forms(content)}
    if not forms:
        check.observe("Nothing says which key opens backups: it was not looked for beside one.")
        return
    around = [p for p in sorted(folder.parent.iterdir()) if p.is_file()]
    beside = [
        file.name
        for file in (*files, *around)
        if any(form in raw for raw in [_content(file, _MOST_BESIDE)] for form in forms)
    ]
    check.expect(
        not beside,
        Place(operation="backup", part="key"),
        f"The key that opens a backup lies beside it, in {', '.join(beside)}.",
        expected="a key that is kept elsewhere",
        seen="the key itself, or an encoding of it",
    )


def _taken_when_changed(backups: Backups, backup: Backup, archive: Path) -> dict[str, bytes | None]:
    """The digest of what it opens to for each way to change it, None where it is refused."""
    size, middle = _size(archive), _size(archive) // 2
    with archive.open("rb") as file:
        file.seek(middle)
        flipped = bytes([file.read(1)[0] ^ 1])
    changes = {
        "one bit of it was changed": (middle, flipped),
        "its end was cut off": (max(size - _CUT, middle), b""),
    }
    taken: dict[str, bytes | None] = {}
    for change, (start, instead) in changes.items():
        with _changed(archive, start, instead):
            try:
                taken[change] = _digest(_opened(backups, backup))
            except ProviderError:
                taken[change] = None
    return taken


def _changed_is_refused(check: Check, taken: dict[str, bytes | None], whole: bytes) -> None:
    for change, digest in taken.items():
        same = digest == whole
        check.expect(
            digest is None,
            Place(operation="backup", part=change),
            f"A backup opens although {change}.",
            expected="a refusal",
            seen="the same content" if same else "other content than was backed up",
            confidence=Confidence.WEAK if same else Confidence.CONFIRMED,
        )


def _size(file: Path) -> int:
    return file.stat().st_size


@contextmanager
def _changed(file: Path, start: int, instead: bytes) -> Iterator[None]:
    """A file with other bytes at a place; without any it ends there. Put back after the block."""
    with file.open("r+b") as opened:
        opened.seek(start)
        before = opened.read(len(instead) or -1)
        opened.seek(start)
        opened.write(instead)
        if not instead:
            opened.truncate()
    try:
        yield
    finally:
        with file.open("r+b") as opened:
            opened.seek(start)
            opened.write(before)
