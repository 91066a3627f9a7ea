"""Shapes that the inputs of several resources share.

NUL can't be stored in PostgreSQL's text, so no text may hold one; every text has a bound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import msgspec

from l7audit_stack.api.operation import Call
from l7audit_stack.api.problems import not_found
from l7audit_stack.api.security.principals import Principal

END = r"$(?!\n)"
"""The end of a text: a bare `$` would also match before a last line break."""

_NO_NUL = r"^[^\x00]*$"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Name = Annotated[
    str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+" + END)
]
Line = Annotated[str, msgspec.Meta(max_length=1_000, pattern=_NO_NUL)]
Text = Annotated[str, msgspec.Meta(max_length=16_000, pattern=_NO_NUL)]
Query = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=_NO_NUL)]


def identifier(path: Mapping[str, str], name: str, what: str) -> UUID:
    """The id in the path. What is no UUID in its plain spelling names nothing: 404."""
    text = path[name]
    if _UUID.fullmatch(text) is None:
        raise not_found(what)
    return UUID(text)


def caller(call: Call) -> Principal:
    """The caller of an operation that needs a permission: there is always one."""
    if call.principal is None:
        raise RuntimeError("an operation with a permission was called without a principal")
    return call.principal
