"""What planted defects of files by path have in common: a path becomes a place on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from l7audit_stack.api.operation import Call, Handler
from l7audit_stack.api.routes import files
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.paths import PathRule

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

MOST = 1_048_576
_OVERLONG = {b"\xc0\xae": b".", b"\xc0\xaf": b"/"}


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


def folder(call: Call) -> Path:
    """The tenant's folder, which is there: a way up begins at something."""
    place = call.parts.files.root / caller(call).tenant
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def first_bytes(path: Path) -> bytes:
    """What a file holds, wherever the path leads."""
    with path.open("rb") as file:
        return file.read(MOST)


def relative(text: str) -> str:
    """Without what makes a path absolute, and with slashes only."""
    return text.replace("\\", "/").lstrip("/")


def swapped(name: str, handler: Handler) -> Callable[[Parts], Parts]:
    """The handler's place taken, behind a rule that lets every path through."""

    def swap(parts: Parts) -> Parts:
        operations = tuple(
            replace(o, handler=handler) if o.name == name else o for o in parts.operations
        )
        return replace(parts, operations=operations, paths=AnyPath(parts.paths.max_bytes))

    return swap


async def put(call: Call, path: str, content: bytes) -> None:
    """Writes a file as production does."""
    headers = {**call.headers, "content-type": "text/plain"}
    await files.put(replace(call, path={"path": path}, body=content, headers=headers))


async def overwrite(place: Path, content: bytes) -> bool:
    """Writes over a file that is there already, wherever that is; whether there was one."""
    there = await asyncio.to_thread(place.is_file)
    if there:
        await asyncio.to_thread(place.write_bytes, content)
    return there
