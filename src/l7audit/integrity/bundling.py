"""One file that holds a run: `l7audit bundle`. The same files always give the same bytes."""

from __future__ import annotations

import filecmp
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from l7audit.errors import UsageError
from l7audit.folders import MANIFEST
from l7audit.integrity import container, signature
from l7audit.integrity.holdings import PUBLIC_KEY, SIGNATURE, SIGNING
from l7audit.integrity.manifest import chunks
from l7audit.integrity.verifying import Rewrite, verify

SUFFIX = ".l7audit.zip"


@dataclass(frozen=True, slots=True)
class Bundled:
    """A bundle that was made: how many files it holds, its size in bytes and who signed it."""

    path: Path
    files: int
    size: int
    signer: str


def bundle(
    folder: Path, out: Path | None, rewrite: Rewrite, key: Ed25519PrivateKey | None = None
) -> Bundled:
    """Packs a run's folder, once it was verified, into `out` or a file beside the folder.

    Errors: `UsageError` for a folder without a manifest, one that does not verify, and a file that
    is there already or can't be written.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no run's folder.", mend="Name one: l7audit bundle RUN")
    found = verify(folder, rewrite)
    if found.manifest is None or found.troubles:
        raise UsageError(
            f"{folder} is not as its manifest says: {found.troubles[0]}",
            mend=f"l7audit verify {folder} says it all; a new manifest: l7audit report {folder}",
        )
    folder = folder.resolve()
    path = out or folder.with_name(folder.name + SUFFIX)
    names = [f.name for f in found.manifest.files]
    signing = _signing(folder, key, found.signer)
    files: list[tuple[str, Iterable[bytes]]] = [
        (MANIFEST, _pieces(folder / MANIFEST)),
        *((name, [data]) for name, data in signing.items()),
        *((name, _pieces(folder / name)) for name in names),
    ]
    try:
        size = _write(path, files)
    except ValueError as error:
        raise UsageError(
            f"{folder} is larger than the 4 GiB that a bundle holds.",
            mend=f"Hand over the folder itself, with a signature of its {MANIFEST}.",
        ) from error
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.", mend="Choose another with --out."
        ) from error
    signer = found.signer if key is None else signature.fingerprint(key.public_key())
    return Bundled(path, len(files), size, signer)


def _signing(folder: Path, key: Ed25519PrivateKey | None, signer: str) -> dict[str, bytes]:
    """The two files of a signature: a new one, or the one that came with an unpacked bundle."""
    if key is None:
        return {name: (folder / name).read_bytes() for name in SIGNING if signer}
    signed = key.sign((folder / MANIFEST).read_bytes())
    return {SIGNATURE: signed, PUBLIC_KEY: signature.public_pem(key.public_key())}


def _pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes; it is opened when they are wanted."""
    with path.open("rb") as file:
        yield from chunks(file)


def _write(path: Path, files: Iterable[tuple[str, Iterable[bytes]]]) -> int:
    """Writes in one step. What is there already stays, and may only be the very same."""
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            container.pack(file, files)
            size = file.tell()
            os.fchmod(file.fileno(), 0o644)
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            Path(part).rename(path)
        elif not path.is_file() or not filecmp.cmp(part, path, shallow=False):
            raise UsageError(
                f"{path} exists already and is another file.",
                mend="Remove it, or choose another with --out.",
            )
    finally:
        Path(part).unlink(missing_ok=True)
    return size
