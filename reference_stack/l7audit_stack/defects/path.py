"""Planted defects of files by path: how a name becomes a place on the disk."""

from __future__ import annotations

import asyncio
import io
import mimetypes
import posixpath
import re
import stat
import zipfile
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_to_bytes

from l7audit_stack.api.file_tree import read_path
from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.routes import archives, files
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.paths import PathRule
from l7audit_stack.defects.defect import Defect

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_MOST = 1_048_576
_OVERLONG = {b"\xc0\xae": b".", b"\xc0\xaf": b"/"}
Reading = Callable[[str], str]
"""What is made of a path, decoded once; ValueError where it is refused."""


@dataclass(frozen=True)
class AnyPath(PathRule):
    """Leaves it to the files' own code which paths are good."""

    def check(self, raw: bytes) -> None:
        if len(raw) > self.max_bytes:
            super().check(raw)

    def decode(self, segment: str) -> str:
        raw = unquote_to_bytes(segment)
        for sloppy, meant in _OVERLONG.items():
            raw = raw.replace(sloppy, b"\0" + meant)  # marked, for readers who care
        return raw.decode("utf-8", "replace")


def _folder(call: Call) -> Path:
    """The tenant's folder, which is there: a way up begins at something."""
    folder = call.parts.files.root / caller(call).tenant
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST)


def _reads(reading: Reading) -> Handler:
    """Serves what lies at the path, straight from the disk."""

    async def get(call: Call) -> Reply:
        try:
            place = _folder(call) / reading(call.path["path"])
            content = await asyncio.to_thread(_bytes, place)
        except (OSError, ValueError):
            raise not_found("file") from None
        return Reply(content, media_type="application/octet-stream")

    return get


def _relative(text: str) -> str:
    return text.replace("\\", "/").lstrip("/")


def _without_steps(text: str) -> str:
    return _relative(text).replace("../", "")


def _decoded_again(text: str) -> str:
    if ".." in text:
        raise ValueError(text)
    return unquote(text.replace("\0", "")).lstrip("/")


def _no_steps(text: str) -> str:
    if ".." in text:
        raise ValueError(text)
    return text


def _ending_in_text(text: str) -> str:
    if not re.search(r"\.(txt|md|csv|pdf)\Z", text):
        raise ValueError(text)
    return text.split("\0")[0].lstrip("/")


def _within(text: str) -> str:
    return posixpath.normpath("/" + _relative(text)).lstrip("/")


def _swapped(name: str, handler: Handler) -> Callable[[Parts], Parts]:
    """The handler's place taken, behind a rule that lets every path through."""

    def swap(parts: Parts) -> Parts:
        operations = tuple(
            replace(o, handler=handler) if o.name == name else o for o in parts.operations
        )
        return replace(parts, operations=operations, paths=AnyPath(parts.paths.max_bytes))

    return swap


def _reading(reading: Reading) -> Callable[[Parts], Parts]:
    return _swapped("files.get", _reads(reading))


def _writes(parts: Parts) -> Parts:
    (own,) = (o.handler for o in parts.operations if o.name == "files.put")

    async def put(call: Call) -> Reply:
        place = _folder(call) / _relative(call.path["path"])
        if not await asyncio.to_thread(place.is_file):
            return await own(call)
        await asyncio.to_thread(place.write_bytes, call.body)
        return Reply(status=204)

    return _swapped("files.put", put)(parts)


def _says_written(parts: Parts) -> Parts:
    (own,) = (o.handler for o in parts.operations if o.name == "files.put")

    async def put(call: Call) -> Reply:
        try:
            return await own(call)
        except Problem:
            return Reply(status=204)

    return _swapped("files.put", put)(parts)


async def _quotes(call: Call) -> Reply:
    """An answer of status 200 to whatever is asked, as pages for browsers give it."""
    folder, path = _folder(call), call.path["path"]
    try:
        content = await asyncio.to_thread(_bytes, folder / _within(path))
    except (OSError, ValueError):
        content = f"Nothing is at {path}: root: and etc/passwd are no files here.\n".encode()
    return Reply(content, media_type="application/octet-stream")


def _unpacks(
    write: Callable[[Call, zipfile.ZipInfo, bytes], Awaitable[None]],
    most: int = archives.MAX_UNPACKED,
) -> Handler:
    """Unpacks entry by entry, and overlooks those that can't be written."""

    async def unpack(call: Call) -> Reply:
        with zipfile.ZipFile(io.BytesIO(call.body)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > most:
                raise Problem(413, "archive-too-large", "The archive holds too much.")
            for entry in archive.infolist():
                try:
                    await write(call, entry, archive.read(entry))
                except zipfile.BadZipFile:
                    raise Problem(400, "archive-malformed", "The archive is broken.") from None
                except (Problem, OSError):
                    continue
        return Reply(archives.Unpacked(files=[]), status=201)

    return unpack


async def _put(call: Call, path: str, content: bytes) -> None:
    headers = {**call.headers, "content-type": "text/plain"}
    await files.put(replace(call, path={"path": path}, body=content, headers=headers))


async def _as_named(call: Call, entry: zipfile.ZipInfo, content: bytes) -> None:
    place = _folder(call) / _relative(entry.filename)
    if await asyncio.to_thread(place.is_file):
        await asyncio.to_thread(place.write_bytes, content)
    else:
        await _put(call, entry.filename, content)


async def _by_base_name(call: Call, entry: zipfile.ZipInfo, content: bytes) -> None:
    await _put(call, posixpath.basename(_relative(entry.filename)), content)


async def _with_links(call: Call, entry: zipfile.ZipInfo, content: bytes) -> None:
    name = "/".join(read_path(entry.filename))
    await _put(call, name, content)
    if stat.S_ISLNK(entry.external_attr >> 16):
        place = _folder(call) / name
        place.unlink()
        place.symlink_to(content.decode())


async def _unpacks_all(call: Call) -> Reply:
    """Unfolds everything, and keeps what fits."""
    return await _unpacks(_quietly, most=1 << 40)(call)


async def _quietly(call: Call, entry: zipfile.ZipInfo, content: bytes) -> None:
    await _put(call, "/".join(read_path(entry.filename)), content[:_MOST])


async def _believes(call: Call) -> Reply:
    """Bounds what the archive says of itself; what it holds is unfolded as it comes."""
    with zipfile.ZipFile(io.BytesIO(call.body)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > archives.MAX_UNPACKED:
            raise Problem(413, "archive-too-large", "The archive says that it holds too much.")
        for entry in entries:
            archive.fp.seek(entry.header_offset + 30 + len(entry.orig_filename))  # type: ignore[union-attr]
            raw = archive.fp.read(entry.compress_size)  # type: ignore[union-attr]
            folded = entry.compress_type == zipfile.ZIP_DEFLATED
            await _quietly(call, entry, zlib.decompress(raw, -15) if folded else raw)
    return Reply(archives.Unpacked(files=[]), status=201)


def _shows(kind_of: Callable[[str], str]) -> Callable[[Parts], Parts]:
    """Answers files as of that type, to be shown and not saved."""

    def applied(parts: Parts) -> Parts:
        (own,) = (o.handler for o in parts.operations if o.name == "files.get")

        async def get(call: Call) -> Reply:
            found = await own(call)
            return Reply(found.content, media_type=kind_of(call.path["path"]))

        return _swapped("files.get", get)(parts)

    return applied


def _by_ending(path: str) -> str:
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


def _malformed(parts: Parts) -> Parts:
    (own,) = (o.handler for o in parts.operations if o.name == "archives.unpack")

    async def unpack(call: Call) -> Reply:
        try:
            return await own(call)
        except Problem as problem:
            raise Problem(400, "archive-malformed", problem.detail) from None

    return _swapped("archives.unpack", unpack)(parts)


def _follows_links(parts: Parts) -> Parts:
    read = _reads(lambda text: "/".join(read_path(text)))
    return _swapped("archives.unpack", _unpacks(_with_links))(_swapped("files.get", read)(parts))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="path.joins-as-it-comes",
        summary="A file's path is joined to the tenant's folder as it comes.",
        parts=_reading(_relative),
    ),
    Defect(
        name="path.resolves-within-the-folder",
        summary="Dot segments are resolved, and end at the tenant's folder.",
        near_miss=True,
        parts=_reading(_within),
    ),
    Defect(
        name="path.removes-steps-once",
        summary="Every `../` is cut out of a path, once.",
        parts=_reading(_without_steps),
    ),
    Defect(
        name="path.decodes-again",
        summary="A path is looked through for dots, and then decoded once more.",
        parts=_reading(_decoded_again),
    ),
    Defect(
        name="path.quotes-what-it-looks-for",
        summary="A file that is not there is answered with 200 and a sentence that names it.",
        near_miss=True,
        parts=_swapped("files.get", _quotes),
    ),
    Defect(
        name="path.joins-absolute",
        summary="Dot segments are refused, and an absolute path takes the folder's place.",
        parts=_reading(_no_steps),
    ),
    Defect(
        name="path.checks-the-ending-alone",
        summary="A path must end like a text's, and is used up to its first zero byte.",
        parts=_reading(_ending_in_text),
    ),
    Defect(
        name="path.writes-as-it-comes",
        summary="A file that is there already is overwritten wherever its path leads.",
        parts=_writes,
    ),
    Defect(
        name="path.says-written-and-writes-nothing",
        summary="A file that may not be written is answered as if it were.",
        near_miss=True,
        parts=_says_written,
    ),
    Defect(
        name="path.unpacks-as-named",
        summary="What an archive holds is written where its names lead.",
        parts=_swapped("archives.unpack", _unpacks(_as_named)),
    ),
    Defect(
        name="path.unpacks-by-base-name",
        summary="What an archive holds is written under the last part of its names.",
        near_miss=True,
        parts=_swapped("archives.unpack", _unpacks(_by_base_name)),
    ),
    Defect(
        name="path.unpacks-whatever-it-holds",
        summary="Archives are unpacked without a look at what they come to.",
        parts=_swapped("archives.unpack", _unpacks_all),
    ),
    Defect(
        name="path.believes-the-sizes",
        summary="What an archive says of its sizes is bounded, and what it holds is not.",
        parts=_swapped("archives.unpack", _believes),
    ),
    Defect(
        name="path.calls-too-much-malformed",
        summary="An archive that holds too much is refused as malformed.",
        near_miss=True,
        parts=_malformed,
    ),
    Defect(
        name="path.unpacks-links",
        summary="Links of an archive are made, and followed when a file is read.",
        parts=_follows_links,
    ),
    Defect(
        name="path.shows-by-the-ending",
        summary="A file is shown as what the ending of its name says.",
        parts=_shows(_by_ending),
    ),
    Defect(
        name="path.shows-as-plain-text",
        summary="Files are shown instead of saved, all of them as plain text.",
        near_miss=True,
        parts=_shows(lambda _: "text/plain"),
    ),
)
