"""`manifest.json`: the size and digest of every file of a run, and where its journals end.

It is a pure function of those files and of the version that wrote the reports. Its own digest
shows that it was damaged; only a signature shows that nobody wrote another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec

from l7audit.errors import UsageError
from l7audit.folders import CHECKS_LOG, JOURNAL, MANIFEST, PROOF, VARIANTS
from l7audit.journal import Records, digest

FORMAT = "l7audit-manifest/1"
LARGEST = 16 * 1024 * 1024
"""Bytes of a manifest; more is none."""
MOST_FILES = 10_000
LONGEST_NAME = 200
"""Bytes of a file's name with its folders."""
CHUNK = 1024 * 1024

Hex = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any part of a manifest: fields that nobody knows are no manifest's."""


class JournalEnd(Part, frozen=True):
    """How many records a journal holds, and the digest of the last one's line."""

    records: Count
    head: str


class File(Part, frozen=True):
    """One file. `reporter` names what wrote it, where that can be asked to write it again."""

    name: str
    size: Count
    sha256: Hex
    reporter: str = ""
    journal: JournalEnd | None = None


class Manifest(Part, frozen=True):
    """The whole; `files` are in the order of their names, `digest` is that of all the rest."""

    format: str
    run: str
    version: str
    files: list[File]
    digest: str = ""

    @property
    def by_name(self) -> dict[str, File]:
        return {file.name: file for file in self.files}


def version() -> str:
    """The version that writes manifests and reports here."""
    return metadata.version("l7audit")


def write(folder: Path, reported: Mapping[str, str]) -> Path:
    """Writes the manifest of a run's own folder, in one step.

    `reported` maps the names of the files that were just written to their reporters'; what the
    manifest listed before and is still there stays in it. The folder's other files are not ours.
    Errors: `OSError`; `JournalError`; `UsageError` for a name that no bundle can hold.
    """
    before = _before(folder)
    reporters = {**{f.name: f.reporter for f in before}, **reported}
    names = {JOURNAL, PROOF, CHECKS_LOG, *reporters}
    names |= {f"{VARIANTS}/{p.name}" for p in (folder / VARIANTS).glob("*.jsonl")}
    present = sorted(n for n in names if (folder / n).is_file() and not (folder / n).is_symlink())
    for name in present:
        if not portable(name):
            raise UsageError(f"{folder / name} has a name that no bundle can hold.")
    made = Manifest(
        format=FORMAT,
        run=Records(folder / JOURNAL).started.run,
        version=version(),
        files=[describe(folder / name, name, reporters.get(name, "")) for name in present],
    )
    part = folder / f".{MANIFEST}.part"
    part.write_bytes(encode(made))
    return part.replace(folder / MANIFEST)


def _before(folder: Path) -> list[File]:
    """What an earlier manifest lists; one that can't be read lists nothing."""
    try:
        return decode((folder / MANIFEST).read_bytes()).files
    except (OSError, ValueError):
        return []


def describe(path: Path, name: str, reporter: str = "") -> File:
    """A file's entry. Errors: `OSError`."""
    whole = hashlib.sha256()
    size = 0
    end = None
    with path.open("rb") as file:
        if is_journal(name):
            records, head = 0, ""
            for piece in file:
                whole.update(piece)
                size += len(piece)
                if piece.endswith(b"\n"):
                    records, head = records + 1, digest(piece[:-1])
            end = JournalEnd(records=records, head=head)
        else:
            for piece in chunks(file):
                whole.update(piece)
                size += len(piece)
    return File(name=name, size=size, sha256=whole.hexdigest(), reporter=reporter, journal=end)


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """A file's bytes, a piece at a time."""
    while piece := file.read(CHUNK):
        yield piece


def is_journal(name: str) -> bool:
    """Whether a file of that name is the run's journal or that of a proof's variant."""
    return name == JOURNAL or (name.startswith(f"{VARIANTS}/") and name.endswith(".jsonl"))


def encode(manifest: Manifest) -> bytes:
    """The bytes of `manifest.json`: indented, in the struct's order, its digest worked out."""
    bare = _encode(msgspec.structs.replace(manifest, digest=""))
    return _encode(msgspec.structs.replace(manifest, digest=hashlib.sha256(bare).hexdigest()))


def _encode(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode(data: bytes) -> Manifest:
    """A manifest from its bytes. Errors: `ValueError` with the end of a sentence that says why."""
    try:
        found = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"is no manifest: {error}") from error
    if found.format != FORMAT:
        raise ValueError(f"has the format {found.format!r}; this version reads {FORMAT!r}")
    if encode(found) != data:
        raise ValueError("was changed: its own digest does not fit it")
    if problem := _problem(found.files):
        raise ValueError(problem)
    return found


def _problem(files: Iterable[File]) -> str:
    """What is wrong with the list of files although the digest fits it: somebody made it so."""
    names = [file.name for file in files]
    if len(names) > MOST_FILES:
        return f"lists {len(names):,} files, more than the {MOST_FILES:,} that a run can have"
    if names != sorted(set(names)):
        return "lists files twice or out of order"
    if JOURNAL not in names:
        return f"lists no {JOURNAL}"
    wrong = next((f for f in files if not portable(f.name) or f.name == MANIFEST), None)
    if wrong is not None:
        return f"lists {wrong.name[:LONGEST_NAME]!r}, which is no name of a run's file"
    bare = next((f for f in files if is_journal(f.name) != (f.journal is not None)), None)
    return f"does not say where {bare.name} ends" if bare is not None else ""


def portable(name: str) -> bool:
    """Whether a name leads to one place below a folder, on any system."""
    return (
        name.isprintable()
        and len(name.encode()) <= LONGEST_NAME
        and not any(c in name for c in '\\:*?"<>|')
        and all(part and part == part.strip().rstrip(".") for part in name.split("/"))
    )
