"""Waivers in a profile's text: where they stand, and how one more is written among them.

The text is changed where the new waiver goes and nowhere else, so that comments, order and layout
stay as their author left them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from l7audit import profile as profiles
from l7audit.errors import ProfileError, UsageError
from l7audit.model import Waiver

KEY = "waivers"


def places(text: str) -> list[tuple[int, int]]:
    """Line and column (from 1) of each waiver in a profile's text. The text must be a profile."""
    value = _value(yaml.compose(text, Loader=yaml.SafeLoader))
    items = value.value if isinstance(value, yaml.SequenceNode) else []
    return [(item.start_mark.line + 1, item.start_mark.column + 1) for item in items]


def added(text: str, waiver: Waiver, *, source: str) -> str:
    """The profile's text with one more waiver.

    Errors: `ProfileError` for a text that is no profile; `UsageError` where a waiver cannot be
    written into it without changing what else it says.
    """
    before = profiles.parse(text, source=source, secrets=False)
    newline = "\r\n" if "\r\n" in text else "\n"
    written = _insert(text, waiver).replace("\r\n", "\n").replace("\n", newline)
    try:
        after = profiles.parse(written, source=source, secrets=False)
    except ProfileError:
        after = None
    if after != msgspec.structs.replace(before, waivers=[*before.waivers, waiver]):
        raise UsageError(
            f"{source} is laid out so that no waiver can be written into it safely.",
            mend=f"Write it by hand: {_flow(waiver)}",
        )
    return written


def _insert(text: str, waiver: Waiver) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    value = _value(root)
    if value is None:
        if isinstance(root, yaml.MappingNode) and root.flow_style:
            at = root.end_mark.index - 1
            comma = ", " if root.value else ""
            return f"{text[:at].rstrip()}{comma}{KEY}: [{_flow(waiver)}]{text[at:]}"
        body = text if not text or text.endswith("\n") else text + "\n"
        return f"{body}{KEY}:\n{_block(waiver, 2)}"
    if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
        at = _after(text, value.value[-1])
        before = text[:at] if text[:at].endswith("\n") else text[:at] + "\n"
        return before + _block(waiver, value.start_mark.column) + text[at:]
    if isinstance(value, yaml.SequenceNode) and value.value:
        at = value.end_mark.index - 1
        return f"{text[:at].rstrip().rstrip(',')}, {_flow(waiver)}{text[at:]}"
    start, end = value.start_mark.index, value.end_mark.index
    return f"{text[:start].rstrip(' ')} [{_flow(waiver)}]{text[end:]}"


def _value(root: yaml.Node | None) -> yaml.Node | None:
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == KEY), None)


def _after(text: str, node: yaml.Node) -> int:
    """Where the line after a node begins. A block's own end lies behind the comments after it."""
    last = max((mark.index for mark in _ends(node)), default=node.start_mark.index)
    if last and text[last - 1] == "\n":  # a literal block ends at the beginning of a line
        return last
    newline = text.find("\n", last)
    return len(text) if newline < 0 else newline + 1


def _ends(node: yaml.Node) -> Iterator[yaml.Mark]:
    if not isinstance(node, yaml.CollectionNode) or node.flow_style:
        yield node.end_mark
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _ends(key)
            yield from _ends(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _ends(item)


def _fields(waiver: Waiver) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(waiver)
    return found


def _block(waiver: Waiver, indent: int) -> str:
    lines = _dump(_fields(waiver), flow=False).splitlines()
    margin = " " * indent
    return "".join(
        f"{margin}{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines)
    )


def _flow(waiver: Waiver) -> str:
    return _dump(_fields(waiver), flow=True).strip()


def _dump(fields: dict[str, Any], *, flow: bool) -> str:
    text: str = yaml.safe_dump(
        fields, sort_keys=False, allow_unicode=True, width=10**6, default_flow_style=flow
    )
    return text
