"""What the canteen says of itself."""

from __future__ import annotations

from typing import Any

from small_server import guarded

_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}
_KIND = {**_TEXT, "enum": ["window", "yard"]}
_LINE = {
    "type": "object",
    "required": ["sku", "qty"],
    "properties": {"sku": _TEXT, "qty": _NUMBER},
}


def _thing(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members}


_STATES = ["placed", "paid", "picked_up", "cancelled"]
_ORDER = _thing(
    id=_TEXT,
    ordered_by=_TEXT,
    lines={"type": "array", "items": _LINE},
    note=_TEXT,
    total_cents=_NUMBER,
    status={"type": "string", "enum": _STATES},
)
_CREW = _thing(id=_TEXT, name=_TEXT)
_MEMBER = _thing(handle=_TEXT, standing=_TEXT)
_POST = _thing(id=_TEXT, text=_TEXT)
_ACCOUNT = _thing(handle=_TEXT, display_name=_TEXT, credit_cents=_NUMBER)
_TABLE = _thing(id=_TEXT, day=_TEXT, kind=_TEXT)


def _asked(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _gives(schema: dict[str, Any], status: str = "200", **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"responses": {status: {"description": "Done", "content": content}}, **more}


def _takes(schema: dict[str, Any], *required: str, **members: Any) -> dict[str, Any]:
    body = {"type": "object", "required": list(required), "properties": members}
    content = {"application/json": {"schema": body}}
    return _gives(schema, "201", requestBody={"content": content})


def _page() -> dict[str, Any]:
    content = {"text/html": {"schema": _TEXT}}
    return {"responses": {"200": {"description": "A page", "content": content}}}


def _all(schema: dict[str, Any]) -> dict[str, Any]:
    return _gives({"type": "array", "items": schema})


def _of(name: str, **methods: Any) -> dict[str, Any]:
    slot = {"name": name, "in": "path", "required": True, "schema": _TEXT}
    return {"parameters": [slot], **methods}


def document() -> str:
    """Its OpenAPI document."""
    return guarded(
        "Canteen",
        {
            "/me": {
                "get": _gives(_ACCOUNT),
                "patch": _takes(_ACCOUNT, display_name=_TEXT),
            },
            "/transfers": {
                "post": _takes(
                    _thing(id=_TEXT), "to_handle", "cents", to_handle=_TEXT, cents=_NUMBER
                )
            },
            "/dishes": {"get": _all(_thing(sku=_TEXT, price_cents=_NUMBER))},
            "/orders": {
                "get": _all(_ORDER),
                "post": _takes(
                    _ORDER, "lines", lines={"type": "array", "items": _LINE}, note=_TEXT
                ),
            },
            "/orders/{order_id}": _of("order_id", get=_gives(_ORDER)),
            "/orders/{order_id}/pay": _of("order_id", post=_gives(_ORDER)),
            "/orders/{order_id}/pickup": _of("order_id", post=_gives(_ORDER)),
            "/orders/{order_id}/receipt": _of("order_id", get=_page()),
            "/crews": {
                "get": _all(_CREW),
                "post": _takes(_CREW, "name", name={**_TEXT, "maxLength": 40}),
            },
            "/crews/{crew_id}": _of("crew_id", get=_gives(_CREW)),
            "/crews/{crew_id}/members": _of(
                "crew_id", get=_all(_MEMBER), post=_takes(_MEMBER, "handle", handle=_TEXT)
            ),
            "/crews/{crew_id}/posts": _of(
                "crew_id", get=_all(_POST), post=_takes(_POST, "text", text=_TEXT)
            ),
            "/crews/{crew_id}/board": _of("crew_id", get=_page()),
            "/tables": {
                "get": {
                    **_all(_TABLE),
                    "parameters": [_asked("kind", **_KIND), _asked("offset", **_NUMBER)],
                },
                "post": _takes(
                    _TABLE,
                    "day",
                    "kind",
                    day={**_TEXT, "format": "date"},
                    kind=_KIND,
                ),
            },
            "/tables/{table_id}": _of("table_id", get=_gives(_TABLE), delete=_gives({})),
        },
    )
