"""Requests whose texts are new: where a name is taken already, the usual one is refused."""

from __future__ import annotations

import secrets
from dataclasses import replace

from l7audit.probe.answer import Answer
from l7audit.target.schemas import Schema, properties, type_of
from l7audit.target.surface import Surface

_OTHERWISE = {401, 403, 404, 405, 413, 415, 429}
"""Refusals that are not about what was sent."""

_SAYS = {"example", "examples", "default"}
_OF_A_KIND = {"date", "date-time", "time", "duration", "byte", "binary", "base64"}


def renewed(surface: Surface) -> Surface:
    """The surface whose made-up texts are new each time, within what their schemas ask for."""
    bodies = {media: _freed(schema) for media, schema in surface.operation.bodies.items()}
    operation = replace(surface.operation, bodies=bodies)
    return replace(surface, operation=operation, seed=secrets.token_hex(8))


def may_be_taken(answer: Answer) -> bool:
    """Whether a refusal may be of a name that is taken already."""
    said_no = answer.status is not None and answer.status < 500 and not answer.ok
    return said_no and answer.status not in _OTHERWISE


def _freed(schema: Schema) -> Schema:
    members = {
        name: {k: v for k, v in part.items() if k not in _SAYS} if _is_name(part) else part
        for name, part in properties(schema).items()
    }
    if not members:
        return schema
    return {**{k: v for k, v in schema.items() if k not in _SAYS}, "properties": members}


def _is_name(schema: Schema) -> bool:
    return (
        type_of(schema) == "string"
        and not {"enum", "const"} & schema.keys()
        and schema.get("format") not in _OF_A_KIND
    )
