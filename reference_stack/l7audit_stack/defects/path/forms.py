"""Planted defects of files in forms: which of a file's names is looked at, and which is used."""

from __future__ import annotations

import asyncio
import posixpath
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.header import decode_header, make_header
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from l7audit_stack.api.form_data import FormReader, FormRefusedError
from l7audit_stack.api.operation import Call, Output, Reply
from l7audit_stack.api.routes import uploads
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.bodies import invalid
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.path.places import folder, overwrite, relative, swapped

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_GIVEN = re.compile(r';\s*(name|filename\*?)=("[^"]*"|[^;]*)', re.IGNORECASE)

Pick = Callable[[list[str], list[str]], str]
"""Takes one of the names that are given plainly, in their quotes, and in the extended form."""

Reading = Callable[[str], str]
"""What is made of a name; ValueError where it is refused."""


@dataclass(frozen=True)
class AnyNames(FormReader):
    """Leaves it to others which names are good."""

    pick: Pick = lambda plain, _: plain[0]

    def names(self, disposition: str) -> tuple[str, str | None]:
        given = _GIVEN.findall(disposition)
        name = next((v.strip('"') for n, v in given if n.lower() == "name"), "")
        plain = [v for n, v in given if n.lower() == "filename"]
        extended = [v for n, v in given if n.lower() == "filename*"]
        if not plain + extended:
            return name, None
        try:
            return name, self.pick(plain or [""], extended).strip('"')
        except ValueError:
            raise FormRefusedError("The name of a file is no path.") from None


def _looked_at(name: str) -> str:
    if "/" in name or "\\" in name:
        raise ValueError(name)
    return name


def _last(plain: list[str], _: list[str]) -> str:
    _looked_at(plain[0])
    return plain[-1]


def _first(plain: list[str], _: list[str]) -> str:
    _looked_at(plain[-1])
    return plain[0]


def _extended(plain: list[str], extended: list[str]) -> str:
    _looked_at(plain[0])
    return unquote(extended[-1].rpartition("'")[2]) if extended else plain[0]


def _quoted_alone(plain: list[str], _: list[str]) -> str:
    return _looked_at(plain[0]) if plain[0].startswith('"') else plain[0]


def _no_steps(text: str) -> str:
    if ".." in text:
        raise ValueError(text)
    return text


def _good_start(text: str) -> str:
    if text.startswith((".", "/", "\\")):
        raise ValueError(text)
    return posixpath.normpath(text)


def _slashes_alone(text: str) -> str:
    if "/" in text:
        raise ValueError(text)
    return text.replace("\\", "/")


def _decoded(text: str) -> str:
    return unquote(_looked_at(_no_steps(text)))


def _decoded_twice(text: str) -> str:
    return unquote(_looked_at(unquote(text)))


def _without_steps(text: str) -> str:
    return relative(text).replace("../", "")


def _without_zero_bytes(text: str) -> str:
    if "../" in text or text.startswith("/"):
        raise ValueError(text)
    return text.replace("\0", "")


def _word(text: str) -> str:
    return relative(str(make_header(decode_header(_no_steps(text)))))


def _keeps(
    reading: Reading, pick: Pick = AnyNames.pick, *, within: bool = False
) -> Callable[[Parts], Parts]:
    """Writes over what is there already, wherever the name leads or `within` the folder of all
    tenants; a new file is kept as usual."""

    async def keep(call: Call) -> Reply:
        part = await uploads.the_file(call)
        try:
            path = reading(part.filename or "")
        except ValueError:
            raise invalid("The name of a file is no path") from None
        place, root = folder(call) / path.replace("\0", ""), call.parts.files.root.resolve()
        led_in = not within or place.resolve().is_relative_to(root)
        if led_in and await overwrite(place, part.content):
            return Reply(status=204)
        return await uploads.keep(call, posixpath.basename(relative(path)), part)

    def applied(parts: Parts) -> Parts:
        return replace(swapped("uploads.keep", keep)(parts), forms=AnyNames(pick=pick))

    return applied


async def _alike(call: Call) -> Reply:
    """One file a name for all tenants: the last who hands it in has it."""
    part = await uploads.the_file(call)
    root, name = call.parts.files.root, posixpath.basename(relative(part.filename or ""))
    for place in await asyncio.to_thread(_called, root, name):
        if place.parent.name != caller(call).tenant:
            await overwrite(place, part.content)
            return Reply(status=204)
    return await uploads.upload(call)


def _called(root: Path, name: str) -> list[Path]:
    return [place / name for place in root.iterdir() if name and (place / name).is_file()]


class _Labelled(Output, frozen=True):
    name: str
    path: str


async def _as_labels(call: Call) -> Reply:
    """Keeps the file under a name of its own, and says what the caller called it."""
    part = await uploads.the_file(call)
    kept = await uploads.keep(call, secrets.token_hex(12), part)
    return replace(kept, content=_Labelled(name=part.filename or "", path=kept.content.path))


def _labels(parts: Parts) -> Parts:
    return replace(swapped("uploads.keep", _as_labels)(parts), forms=AnyNames())


async def _by_base_name(call: Call) -> Reply:
    part = await uploads.the_file(call)
    return await uploads.keep(call, posixpath.basename(relative(part.filename or "")), part)


def _base_names(parts: Parts) -> Parts:
    return replace(swapped("uploads.keep", _by_base_name)(parts), forms=AnyNames())


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="path.keeps-where-names-lead",
        summary="A file in a form is written where its name leads.",
        parts=_keeps(relative),
    ),
    Defect(
        name="path.keeps-within-all-tenants",
        summary="A file's name may lead anywhere within the folder of all tenants.",
        parts=_keeps(relative, within=True),
    ),
    Defect(
        name="path.keeps-at-absolute-names",
        summary="Steps in a file's name are refused; an absolute one takes the folder's place.",
        parts=_keeps(_no_steps),
    ),
    Defect(
        name="path.looks-at-the-start-of-names",
        summary="A file's name may not begin as a path does, and is then resolved.",
        parts=_keeps(_good_start),
    ),
    Defect(
        name="path.looks-for-slashes-in-names",
        summary="Slashes in a file's name are refused, and backslashes become slashes.",
        parts=_keeps(_slashes_alone),
    ),
    Defect(
        name="path.decodes-names",
        summary="A file's name is looked through for steps and slashes, and then decoded.",
        parts=_keeps(_decoded),
    ),
    Defect(
        name="path.decodes-names-twice",
        summary="A file's name is decoded, looked through for slashes, and decoded again.",
        parts=_keeps(_decoded_twice),
    ),
    Defect(
        name="path.decodes-words-in-names",
        summary="A file's name is looked through for steps, and then read as an encoded word.",
        parts=_keeps(_word),
    ),
    Defect(
        name="path.removes-steps-of-names-once",
        summary="Every `../` is cut out of a file's name, once.",
        parts=_keeps(_without_steps),
    ),
    Defect(
        name="path.drops-zero-bytes-of-names",
        summary="A file's name is looked through for steps, and then loses its zero bytes.",
        parts=_keeps(_without_zero_bytes),
    ),
    Defect(
        name="path.follows-the-extended-name",
        summary="The plain name of a file is looked at, and the extended one is used.",
        parts=_keeps(relative, _extended),
    ),
    Defect(
        name="path.follows-the-last-name",
        summary="The first name of a file is looked at, and the last one is used.",
        parts=_keeps(relative, _last),
    ),
    Defect(
        name="path.follows-the-first-name",
        summary="The last name of a file is looked at, and the first one is used.",
        parts=_keeps(relative, _first),
    ),
    Defect(
        name="path.looks-at-quoted-names",
        summary="A file's name is looked at where it stands in quotes.",
        parts=_keeps(relative, _quoted_alone),
    ),
    Defect(
        name="path.replaces-what-is-called-alike",
        summary="A file replaces that of another tenant which has the same name.",
        parts=swapped("uploads.keep", _alike),
    ),
    Defect(
        name="path.keeps-the-base-name",
        summary="A file in a form is kept under the last part of its name.",
        near_miss=True,
        parts=_base_names,
    ),
    Defect(
        name="path.keeps-names-as-labels",
        summary="A file in a form is kept under a name of our own, and shown under its own.",
        near_miss=True,
        parts=_labels,
    ),
)
