"""The suites are anybody's: none of their code names a path of the reference API."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from l7audit_stack.api.routes.table import OPERATIONS

ROOT = Path(__file__).parents[2]
STANDARD = {"/.well-known", "/openapi.json"}
"""Names that a standard or a custom gives, so that they belong to nobody."""


def starts() -> set[str]:
    """The fixed beginning of every path of the reference API."""
    found = {re.split(r"/?\{", operation.path)[0] for operation in OPERATIONS}
    return {start for start in found if not start.startswith(tuple(STANDARD))}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text in a file that its code can use: docstrings and comments are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def test_there_is_something_to_look_for() -> None:
    assert len(starts()) > 10


def test_no_check_and_no_part_of_the_core_names_a_path_of_the_reference_api() -> None:
    wanted = re.compile("|".join(rf"{re.escape(start)}(?![\w-])" for start in sorted(starts())))
    named = [
        f"{path.relative_to(ROOT)}:{line}: {text!r}"
        for folder in ("suites/l7audit_suites", "src/l7audit", "plugins/l7audit_plugins")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, text in texts(path)
        if wanted.search(text)
    ]
    assert named == []
