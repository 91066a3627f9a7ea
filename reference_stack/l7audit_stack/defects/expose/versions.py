"""Versions of the API that were left behind, guarded and not."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from l7audit_stack.api.parts import Parts
from l7audit_stack.defects.answers import Asked, Told, wholes
from l7audit_stack.defects.authn.access import internal_token
from l7audit_stack.defects.authn.around import anonymous, with_header
from l7audit_stack.defects.defect import ASGIApp, Defect

_OLD, _NEW = "/v0/", "/v1/"


def _kept_open(app: ASGIApp, parts: Parts) -> ASGIApp:
    """What was there before callers had credentials reads with an account of its own."""

    async def around(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_OLD) and scope["method"] == "GET":
            path = scope["path"].replace(_OLD, _NEW, 1)
            scope = {**scope, "path": path, "raw_path": path.encode("latin-1", "replace")}
            if anonymous(scope):
                token = await internal_token(parts)
                scope = {**with_header(scope, b"authorization", b"Bearer " + token.encode())}
        await app(scope, receive, send)

    return around


def _gone(asked: Asked, told: Told, _: Parts) -> Told:
    """Tells everybody where to go now."""
    if not asked.path.startswith(_OLD) or told.status != 404:
        return told
    body = {"message": "Version 0 has ended.", "use": _NEW, "at": time.time()}
    fields = told.put({"content-type": "application/json"}).fields
    return Told(200, fields, msgspec.json.encode(body))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "expose.old-version-open",
        "An earlier version reads for everybody.",
        wrap=_kept_open,
    ),
    Defect(
        "expose.old-version-gone",
        "An earlier version says with 200 that it has ended.",
        near_miss=True,
        wrap=wholes(_gone),
    ),
)
