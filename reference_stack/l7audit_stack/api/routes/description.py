"""The OpenAPI document, made from the table of operations that the service runs."""

from __future__ import annotations

from typing import Any

import msgspec

from l7audit_stack.api.openapi import describe
from l7audit_stack.api.operation import Call, Operation, Reply


async def show(call: Call) -> Reply:
    document = describe(call.parts.operations, call.parts.settings.public_url)
    return Reply(msgspec.json.encode(document), headers={"Cache-Control": "public, max-age=60"})


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="openapi.show",
        method="GET",
        path="/openapi.json",
        handler=show,
        summary="Show this document.",
        tag="description",
        public=True,
        answer=dict[str, Any],
        limit="public",
    ),
)
