"""Swapping one operation of the API's table for a careless one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from l7audit_stack.api.operation import Call, Handler, Operation, Reply

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

Swap = Callable[["Parts"], "Parts"]


def operations(**changes: dict[str, Any]) -> Swap:
    """Parts whose operations of these names (with `_` for `.`) have these fields instead."""

    def changed(operation: Operation) -> Operation:
        return replace(operation, **changes.get(operation.name.replace(".", "_"), {}))

    return lambda parts: replace(parts, operations=tuple(map(changed, parts.operations)))


def handler(name: str, careless: Handler, **more: Any) -> Swap:
    """The operation of that name answered by another handler."""
    return operations(**{name.replace(".", "_"): {"handler": careless, **more}})


def after(name: str, change: Callable[[Call, Reply], Any]) -> Swap:
    """The operation's own answer, changed by `change` (which may be asynchronous)."""

    def swapped(parts: Parts) -> Parts:
        (own,) = [o.handler for o in parts.operations if o.name == name]

        async def careless(call: Call) -> Reply:
            changed = change(call, await own(call))
            return changed if isinstance(changed, Reply) else await changed

        return handler(name, careless)(parts)

    return swapped


def both(*swaps: Swap) -> Swap:
    """One swap after the other."""

    def swapped(parts: Parts) -> Parts:
        for swap in swaps:
            parts = swap(parts)
        return parts

    return swapped
