"""The callers' own accounts, as reads of them answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from l7audit.probe.resources import plain
from l7audit.target.operation import Operation
from l7audit.target.target_model import TargetModel
from l7audit.target.words import says, words

_NAMES = ("id", "uuid", "email", "mail", "username", "user name", "login", "handle", "number")
_CHANGES = {"PUT", "PATCH"}


def own_accounts(model: TargetModel) -> list[Operation]:
    """Reads whose path holds no id, and at which what is read may be changed: what they show is
    the caller's own."""
    changed = {o.template for o in model.operations if o.method in _CHANGES}
    return [
        o
        for o in model.operations
        if o.method == "GET" and o.template in changed and not o.path_parameters
    ]


def shown(body: Any) -> dict[str, Any]:
    """The members of an account, out of whatever it is wrapped in; empty for what is none."""
    value = plain(body)
    while isinstance(value, dict):
        inner = [v for v in value.values() if isinstance(v, dict)]
        if len(inner) != 1 or any(_names_somebody(n) for n in value):
            return value
        value = inner[0]
    return {}


def identified(account: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Whether both are one person's: what names somebody is the same in them."""
    named = [n for n, v in account.items() if _names_somebody(n) and isinstance(v, str | int)]
    return any(account[n] == there.get(n) for n in named)


def _names_somebody(name: str) -> bool:
    told = words(name)
    return says(told, *_NAMES)
