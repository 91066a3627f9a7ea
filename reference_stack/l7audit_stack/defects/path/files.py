"""Planted defects of files by path: how a name becomes a place on the disk."""

from __future__ import annotations

import asyncio
import mimetypes
import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.path.places import first_bytes, folder, relative, swapped

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

Reading = Callable[[str], str]
"""What is made of a path, decoded once; ValueError where it is refused."""


def reads(reading: Reading) -> Handler:
    """Serves what lies at the path, straight from the disk."""

    async def get(call: Call) -> Reply:
        try:
            place = folder(call) / reading(call.path["path"])
            content = await asyncio.to_thread(first_bytes, place)
        except (OSError, ValueError):
            raise not_found("file") from None
        return Reply(content, media_type="application/octet-stream")

    return get


def _without_steps(text: str) -> str:
    return relative(text).replace("../", "")


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
    return posixpath.normpath("/" + relative(text)).lstrip("/")


def _reading(reading: Reading) -> Callable[[Parts], Parts]:
    return swapped("files.get", reads(reading))


def _writes(parts: Parts) -> Parts:
    (own,) = (o.handler for o in parts.operations if o.name == "files.put")

    async def put(call: Call) -> Reply:
        place = folder(call) / relative(call.path["path"])
        if not await asyncio.to_thread(place.is_file):
            return await own(call)
        await asyncio.to_thread(place.write_bytes, call.body)
        return Reply(status=204)

    return swapped("files.put", put)(parts)


def _says_written(parts: Parts) -> Parts:
    (own,) = (o.handler for o in parts.operations if o.name == "files.put")

    async def put(call: Call) -> Reply:
        try:
            return await own(call)
        except Problem:
            return Reply(status=204)

    return swapped("files.put", put)(parts)


async def _quotes(call: Call) -> Reply:
    """An answer of status 200 to whatever is asked, as pages for browsers give it."""
    path = call.path["path"]
    try:
        content = await asyncio.to_thread(first_bytes, folder(call) / _within(path))
    except (OSError, ValueError):
        content = f"Nothing is at {path}: root: and etc/passwd are no files here.\n".encode()
    return Reply(content, media_type="application/octet-stream")


def _shows(kind_of: Callable[[str], str]) -> Callable[[Parts], Parts]:
    """Answers files as of that type, to be shown and not saved."""

    def applied(parts: Parts) -> Parts:
        (own,) = (o.handler for o in parts.operations if o.name == "files.get")

        async def get(call: Call) -> Reply:
            found = await own(call)
            return Reply(found.content, media_type=kind_of(call.path["path"]))

        return swapped("files.get", get)(parts)

    return applied


def _by_ending(path: str) -> str:
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="path.joins-as-it-comes",
        summary="A file's path is joined to the tenant's folder as it comes.",
        parts=_reading(relative),
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
        parts=swapped("files.get", _quotes),
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
