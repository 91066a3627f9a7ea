"""Archives: unpacked into the tenant's files, each as if it had been written alone.

Nothing is written before the whole archive was looked through: its names, its kinds of entries,
how many there are, and how much they really hold.
"""

from __future__ import annotations

import asyncio
import io
import stat
import zipfile
import zlib
from dataclasses import replace

from l7audit_stack.api.file_tree import MAX_FILE, PathRefusedError, read_path
from l7audit_stack.api.operation import Call, Operation, Output, RawBody, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import files
from l7audit_stack.api.routes.tarballs import read_tarball
from l7audit_stack.api.security.bodies import invalid

MAX_ENTRIES = 100
MAX_UNPACKED = 4 * MAX_FILE

ZIPPED = "application/zip"
TARRED = ("application/x-tar", "application/gzip")

_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError)
_DEFLATED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Unpacked(Output, frozen=True):
    """The files that were written."""

    files: list[files.FileInfo]


async def unpack(call: Call) -> Reply:
    """Write each file of the archive at its own path."""
    entries = await asyncio.to_thread(read_archive, call.body, media_type(call))
    written = []
    for path, content in entries:
        headers = {**call.headers, "content-type": "application/octet-stream"}
        one = replace(call, path={"path": path}, body=content, headers=headers)
        written.append((await files.put(one)).content)
    return Reply(Unpacked(files=written), status=201)


def media_type(call: Call) -> str:
    """What the caller says that the archive is."""
    return call.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_archive(packed: bytes, kind: str = ZIPPED) -> list[tuple[str, bytes]]:
    """Paths and contents of an archive; raises a problem for one that is not plain files."""
    if kind in TARRED:
        return read_tarball(packed, entries=MAX_ENTRIES, unpacked=MAX_UNPACKED)
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check(entries)
            return [(entry.filename, _content(archive, entry)) for entry in entries]
    except _BROKEN as error:
        raise Problem(400, "archive-malformed", "The body is not a zip archive.") from error


def _check(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES or sum(e.file_size for e in entries) > MAX_UNPACKED:
        raise Problem(
            413,
            "archive-too-large",
            f"An archive holds at most {MAX_ENTRIES} files and {MAX_UNPACKED} bytes.",
        )
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
            raise invalid("An archive holds plain files only: no links and nothing encrypted")
        if entry.compress_type not in _DEFLATED:
            raise invalid("The files of an archive are stored or deflated")
        try:
            # The name as it was written: the library itself ends a name at its first zero byte.
            read_path(entry.orig_filename)
        except PathRefusedError as error:
            raise invalid(str(error)) from None
    if len({e.filename.lower() for e in entries}) != len(entries):
        raise invalid("An archive names a file twice")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """What the entry really holds, whatever its header says of its size."""
    with archive.open(entry) as source:
        content = source.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise Problem(413, "archive-too-large", f"A file has at most {MAX_FILE} bytes.")
    return content


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="archives.unpack",
        method="POST",
        path="/v1/archives",
        handler=unpack,
        summary="Unpack a zip or tar archive into files.",
        tag="files",
        permission="files:write",
        body=RawBody((ZIPPED, *TARRED), MAX_FILE),
        answer=Unpacked,
        status=201,
        limit="upload",
    ),
)
