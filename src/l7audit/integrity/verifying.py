"""Whether a run's files are as they were written, and if not, which file or record is not.

Three things are held against each other: the container and the manifest (every byte), the chain
and the manifest (every record), and the reports and the journal (they must follow from it). A
signature adds who vouches for the manifest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from l7audit.errors import AuditError, JournalError
from l7audit.folders import JOURNAL, MANIFEST
from l7audit.integrity import chain, holdings
from l7audit.integrity import signature as signatures
from l7audit.integrity.container import pieces
from l7audit.integrity.holdings import PUBLIC_KEY, SIGNATURE, SIGNING, Held, Holdings, shown
from l7audit.integrity.manifest import CHUNK, File, Manifest, is_journal, version
from l7audit.journal import Records, RunStarted

Rewrite = Callable[[Records, Sequence[str], Path], Mapping[str, Path]]
"""Writes the reports of these reporters (those it knows) again, and gives each one's file."""

ALWAYS = {"results.json": "json", "report.html": "html"}
"""Reports that are written again whatever a manifest says of who wrote them."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came out. `troubles` are sentences; without any the files are as they were written.

    `signer` is the fingerprint of the key that signed, empty without a signature; `compared` are
    the reports that follow from the journal, and `not_compared` says why others were not.
    """

    path: Path
    troubles: tuple[str, ...]
    manifest: Manifest | None = None
    started: RunStarted | None = None
    signer: str = ""
    compared: tuple[str, ...] = ()
    not_compared: str = ""


def verify(path: Path, rewrite: Rewrite, key: Ed25519PublicKey | None = None) -> Verified:
    """Reads a bundle or a run's folder a few times, a piece at a time.

    Errors: `UsageError` for what is neither.
    """
    found = holdings.of(path)
    troubles = list(found.troubles)
    signer, wrong = _signer(found, key)
    troubles += wrong
    if found.manifest is None:
        return Verified(path, _sentences(troubles), signer=signer)
    troubles += _files(found, found.manifest)
    started: RunStarted | None = None
    compared: tuple[str, ...] = ()
    reason = ""
    if not troubles:  # what is known to be changed need not agree with the rest
        try:
            records = _records(found, JOURNAL)
            started = records.started
            if started.run != found.manifest.run:
                troubles.append(f"{MANIFEST} is that of another run: {found.manifest.run[:80]!r}")
            for name in filter(is_journal, found.files):
                for _ in _records(found, name):
                    pass
            compared, reason, differing = _reports(found, found.manifest, records, rewrite)
            troubles += differing
        except JournalError as error:
            troubles.append(str(error).rstrip("."))
    return Verified(path, _sentences(troubles), found.manifest, started, signer, compared, reason)


def _sentences(troubles: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{trouble}." for trouble in troubles)


def _records(found: Holdings, name: str) -> Records:
    return Records(found.path / name, found.files[name].opening)


# --- the parts ---------------------------------------------------------------------------------


def _signer(found: Holdings, key: Ed25519PublicKey | None) -> tuple[str, list[str]]:
    """The fingerprint of the key whose signature fits, and what is wrong with it."""
    parts = {name: found.files[name] for name in SIGNING if name in found.files}
    if not parts:
        missing = "It is not signed, so nothing connects it with the key"
        return "", [missing] if key is not None else []
    if len(parts) < len(SIGNING) or any(held.size > 1024 for held in parts.values()):
        return "", [f"{SIGNATURE} and {PUBLIC_KEY} are not the two halves of a signature"]
    signature, pem = (b"".join(pieces(parts[name].opening())) for name in SIGNING)
    try:
        theirs = signatures.public_key_of(pem)
    except ValueError as error:
        return "", [f"{PUBLIC_KEY} {error}"]
    if signatures.public_pem(theirs) != pem:
        return "", [f"{PUBLIC_KEY} was changed"]
    if not signatures.fits(theirs, signature, found.signed):
        return "", [f"The signature is not one of this {MANIFEST} by the key beside it"]
    signer = signatures.fingerprint(theirs)
    if key is not None and signatures.fingerprint(key) != signer:
        return signer, [f"It was signed by another key: {signer}"]
    return signer, []


def _files(found: Holdings, manifest: Manifest) -> Iterator[str]:
    """Files that are missing, were added, or are not as the manifest says."""
    for file in manifest.files:
        held = found.files.get(file.name)
        if held is None:
            yield f"{file.name} is missing"
        elif _as_listed(found, file):
            if not held.framed:
                yield f"The header of {file.name} was changed"
        elif file.journal is None:
            yield f"{file.name} was changed"
        else:
            with held.opening() as opened:
                records = list(chain.troubles(opened, file.journal))
            yield from (f"{file.name}: {record}" for record in records)
            if not records:
                yield f"{file.name} was changed behind its last record"
    for name in found.files.keys() - {f.name for f in manifest.files} - set(SIGNING):
        yield f"{shown(name)} is not in the manifest: it was added or renamed"


def _reports(
    found: Holdings, manifest: Manifest, records: Records, rewrite: Rewrite
) -> tuple[tuple[str, ...], str, list[str]]:
    """The reports that follow from the journal, why others were not compared, and what differs."""
    written = {f.name: f.reporter for f in manifest.files if f.reporter}
    written |= {name: by for name, by in ALWAYS.items() if name in manifest.by_name}
    if manifest.version != version():
        why = f"written by version {manifest.version[:40]}, this is {version()}"
        return (), why if written else "", []
    intact = {f.name for f in manifest.files if _as_listed(found, f)}
    compared: list[str] = []
    differing: list[str] = []
    try:
        with tempfile.TemporaryDirectory(prefix="l7audit-") as place:
            again = rewrite(records, sorted(set(written.values())), Path(place))
            for name in sorted(written.keys() & intact):
                path = again.get(written[name])
                if path is not None and path == Path(place) / name:
                    (compared if _same(path, found.files[name]) else differing).append(name)
    except AuditError as error:
        return (), f"they could not be written again: {error}", []
    except OSError as error:
        return (), f"they could not be written again: {error.strerror}.", []
    left = ", ".join(sorted(intact & written.keys() - {*compared, *differing}))
    return (
        tuple(compared),
        f"{left} can't be written again here" if left else "",
        [f"{name} is not what the journal gives" for name in differing],
    )


def _as_listed(found: Holdings, file: File) -> bool:
    held = found.files.get(file.name)
    return held is not None and (held.sha256, held.size) == (file.sha256, file.size)


def _same(path: Path, held: Held) -> bool:
    with path.open("rb") as mine, held.opening() as theirs:
        while (piece := mine.read(CHUNK)) == theirs.read(CHUNK):
            if not piece:
                return True
        return False
