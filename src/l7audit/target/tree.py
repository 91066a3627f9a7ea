"""The tree of an OpenAPI document out of its text, JSON or YAML, bounded in every direction."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from l7audit.errors import DocumentError

LIMIT = 16 * 1024 * 1024
"""The most bytes of a document that are read."""

DEPTH = 200
"""The deepest nesting of a YAML document."""

VALUES = 2_000_000
"""The most values of a YAML document, with its aliases written out."""

_SPACE = "\ufeff \t\r\n"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def tree(text: str) -> dict[str, Any]:
    """The object in a JSON or YAML text. Errors: `DocumentError`, one sentence."""
    if len(text.encode("utf-8", "surrogatepass")) > LIMIT:
        raise DocumentError(
            f"The OpenAPI document is larger than {LIMIT // 2**20} MiB.",
            mend="Name a file with the part of it that is to be audited: target.openapi",
        )
    bare = text.lstrip(_SPACE)
    if bare.startswith("<"):
        raise DocumentError(
            "What should be the OpenAPI document is HTML or XML.",
            mend="Name the JSON or YAML behind the page: l7audit init looks for it.",
        )
    try:
        if bare.startswith("{"):
            root = msgspec.json.decode(bare)
        else:
            _refuse_bombs(text)
            root = yaml.load(text, Loader=_Loader)
    except (msgspec.DecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        cause = " ".join(str(error).split())[:200]
        raise DocumentError(f"The OpenAPI document is neither JSON nor YAML: {cause}.") from error
    if not isinstance(root, dict):
        raise DocumentError("The OpenAPI document is no object.")
    return root


def _refuse_bombs(text: str) -> None:
    """The C loader builds its tree by recursion without a limit, and a deep document would take
    the whole process down; its event stream does not recurse. What aliases stand for is counted
    as if it were written out: nine of nine of nine fill any memory. Errors: `ValueError`."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    size = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, size))
            size += 1
            if len(open_nodes) > DEPTH:
                raise ValueError(f"it nests deeper than {DEPTH}")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = size - before
        elif isinstance(event, yaml.ScalarEvent):
            size += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor in {anchor for anchor, _ in open_nodes}:
                raise ValueError(f"the alias *{event.anchor} stands within what it stands for")
            size += sizes.get(event.anchor or "", 1)
        if size > VALUES:
            raise ValueError(f"it holds more than {VALUES:,} values, its aliases written out")
