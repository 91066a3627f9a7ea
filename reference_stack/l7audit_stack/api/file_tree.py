"""Files by path below one folder a tenant, without a way out of it.

A path is first read against an allow-list (`read_path`), then walked one folder at a time with
`openat` and `O_NOFOLLOW`: neither `..` nor a symbolic link, nor one that appears between a check
and its use, leads outside. All calls block on the disk: run them in a thread.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

MAX_FILE = 1_048_576
MAX_DEPTH = 8
MAX_PATH = 400
# No leading dot (hidden and temporary names), none at the end, no separator, no control character.
_SEGMENT = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._ -]{0,98}[A-Za-z0-9_-])?")
_NOT_OURS = {errno.ELOOP, errno.ENXIO, errno.EMLINK}


class PathRefusedError(ValueError):
    """The path is not one that files may have. The message is one sentence for the caller."""


class FileMissingError(LookupError):
    """There is no such regular file."""


class PathTakenError(RuntimeError):
    """A folder is where a file should go, or a file where a folder should."""


def read_path(text: str) -> tuple[str, ...]:
    """The segments of `text`, which must already be in its one canonical spelling.

    Refusing other spellings (`a//b`, `./a`, `a/../b`, escapes, backslashes) instead of mending
    them means that one file has one name, here and in every rule written about it.
    """
    segments = tuple(text.split("/"))
    if len(text) > MAX_PATH or len(segments) > MAX_DEPTH:
        raise PathRefusedError(
            f"A path has at most {MAX_PATH} characters and {MAX_DEPTH} segments."
        )
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise PathRefusedError(
            "A path consists of segments of letters, digits, '.', '_', '-' and inner spaces, "
            "divided by single slashes."
        )
    return segments


@dataclass(frozen=True, slots=True)
class FileTree:
    """The files of all tenants: `root/<tenant id>/<path>`."""

    root: Path

    def write(self, tenant: UUID, segments: tuple[str, ...], content: bytes) -> None:
        """Put `content` in place in one step: a reader sees the old file or the new one."""
        with self._folder(tenant, segments[:-1], create=True) as folder:
            temporary = f".{secrets.token_hex(12)}.part"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(temporary, flags, 0o600, dir_fd=folder)
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(content)
                os.replace(temporary, segments[-1], src_dir_fd=folder, dst_dir_fd=folder)
            except OSError as error:
                os.unlink(temporary, dir_fd=folder)
                if error.errno in {errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST}:
                    raise PathTakenError("A folder has that path.") from None
                raise

    def read(self, tenant: UUID, segments: tuple[str, ...]) -> bytes:
        """The file's bytes (at most MAX_FILE). Raises FileMissingError."""
        with self._folder(tenant, segments[:-1], create=False) as folder:
            # O_NONBLOCK: opening a named pipe must not wait for its writer.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            try:
                handle = os.open(segments[-1], flags, dir_fd=folder)
            except OSError as error:
                if isinstance(error, FileNotFoundError) or error.errno in _NOT_OURS:
                    raise FileMissingError("There is no such file.") from None
                raise
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                os.close(handle)
                raise FileMissingError("There is no such file.")
            with os.fdopen(handle, "rb") as source:
                return source.read(MAX_FILE)

    def remove(self, tenant: UUID, segments: tuple[str, ...]) -> None:
        """Remove the file if it is there. Folders stay: another writer may be about to use them."""
        try:
            with self._folder(tenant, segments[:-1], create=False) as folder:
                os.unlink(segments[-1], dir_fd=folder)
        except (FileNotFoundError, FileMissingError):
            return

    @contextmanager
    def _folder(self, tenant: UUID, names: tuple[str, ...], *, create: bool) -> Iterator[int]:
        """An open descriptor of the folder, reached one real folder at a time."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        if create:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            # The root itself is the operator's word: a link is allowed there, and only there.
            folder = os.open(self.root, flags)
        except FileNotFoundError:
            raise FileMissingError("There is no such file.") from None
        try:
            for name in (str(tenant), *names):
                inner = _enter(folder, name, flags | os.O_NOFOLLOW, create=create)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)


def _enter(folder: int, name: str, flags: int, *, create: bool) -> int:
    if create:
        # Whether what is there already is a folder shows when it is opened.
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=folder)
    try:
        return os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if create and error.errno in {errno.ENOTDIR, errno.ELOOP}:
            raise PathTakenError("A file is where the path needs a folder.") from None
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
            raise FileMissingError("There is no such file.") from None
        raise
