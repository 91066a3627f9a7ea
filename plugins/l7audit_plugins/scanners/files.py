"""The files of a target's source: which there are, what they are called, what surrounds a line."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

from l7audit.errors import ScanError
from l7audit.model import Place, Source

MOST_FILES = 10_000
MOST_BYTES = 1024 * 1024
"""Files that are larger hold data, not code."""

_NOT_OURS = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"})


def named(source: Source, names: list[str]) -> list[Path]:
    """The files and folders of these names. Errors: `ScanError` where one is not there."""
    found = [Path(source.root, name) for name in names]
    for path in found:
        if not path.exists():
            raise ScanError(f"{path} does not exist.", mend="Correct target.source in the profile.")
    return found


def code(source: Source) -> list[Path]:
    """Every file of the source, but those in hidden and built folders; links are not followed.

    Errors: `ScanError` where there is none, or one is named that is not there.
    """
    found = [file for path in named(source, source.paths) for file in _below(path)]
    if not found:
        raise ScanError(
            "No source is named, or it holds no file.", mend="Name it in the profile: target.source"
        )
    if len(found) > MOST_FILES:
        raise ScanError(
            f"The source has {len(found):,} files; {MOST_FILES:,} are read at most.",
            mend="Name the folders that matter: target.source.paths",
        )
    return found


def place(source: Source, file: Path, part: str = "") -> Place:
    """Where a finding in a file is, named from the source's root."""
    return Place(operation=Path(os.path.relpath(file, source.root)).as_posix(), part=part)


def around(file: Path, line: int) -> str:
    """The function or class that a line of Python stands in, as ` in Class.method`; or nothing.

    Its name stays where lines are added above it, which a line's number does not.
    """
    try:
        node: ast.AST | None = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
        return ""
    names: list[str] = []
    while node is not None:
        inner = [c for c in ast.walk(node) if c is not node and _holds(c, line)]
        node = max(inner, key=_length, default=None)
        names += [node.name] if isinstance(node, _NAMED) else []
    return f" in {'.'.join(names)}" if names else ""


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _holds(node: ast.AST, line: int) -> bool:
    return isinstance(node, _NAMED) and node.lineno <= line <= (node.end_lineno or 0)


def _length(node: ast.AST) -> int:
    return (node.end_lineno or 0) - node.lineno if isinstance(node, _NAMED) else 0


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(f for f in folders if f not in _NOT_OURS and not f.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file() and not file.is_symlink() and file.stat().st_size <= MOST_BYTES:
                yield file
