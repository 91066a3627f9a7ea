"""Webhooks: URLs that a tenant wants called. The one part that calls where a caller says.

What may be called is the outbound guard's decision (outbound.py): its plain rules already refuse a
URL when it is stored, all of them when it is called.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.outbound import MAX_URL, OutboundFailedError, OutboundRefusedError
from l7audit_stack.api.owned import OwnedTable
from l7audit_stack.api.paging import PageQuery, next_cursor
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.routes.shapes import END, Name, caller, identifier
from l7audit_stack.api.security.resealing import standing
from l7audit_stack.api.security.secrets import SealBrokenError

_COLUMNS = "id, owner_id, name, url, verified, created_at, updated_at"
_WEBHOOKS = OwnedTable("webhooks", _COLUMNS, "webhook")
_SEALED = OwnedTable("webhooks", f"{_COLUMNS}, secret_sealed", "webhook")

Url = Annotated[
    str, msgspec.Meta(min_length=8, max_length=MAX_URL, extra_json_schema={"format": "uri"})
]
Secret = Annotated[str, msgspec.Meta(min_length=16, max_length=128, pattern=r"^[\x21-\x7e]+" + END)]


class NewWebhook(Input, frozen=True):
    """A webhook to make. Without a `secret`, one is made and shown once."""

    name: Name
    url: Url
    secret: Secret | None = None


class WebhookChange(Input, frozen=True):
    """What to change of a webhook; what is left out stays."""

    name: Name | None = None
    url: Url | None = None
    secret: Secret | None = None


class Webhook(Output, frozen=True):
    """A webhook, without its secret. `verified`: its URL took a test delivery since it was set."""

    id: UUID
    owner_id: UUID
    name: str
    url: str
    verified: bool
    created_at: datetime
    updated_at: datetime


class WebhookMade(Webhook, frozen=True):
    """A webhook just made: the only answer that carries the secret."""

    secret: str


class WebhookPage(Output, frozen=True):
    """Webhooks, newest first; `next_cursor` asks for what follows."""

    items: list[Webhook]
    next_cursor: str | None


class Attempt(Output, frozen=True):
    """How a test delivery went. `status` is what the URL answered, null if it didn't."""

    delivered: bool
    status: int | None
    milliseconds: float | None
    problem: str | None


def _webhook(row: Any) -> Webhook:
    return Webhook(**{name: row[name] for name in Webhook.__struct_fields__})


def _place(key: UUID) -> str:
    return f"webhooks:{key}:secret"


def _check(call: Call, url: str) -> None:
    try:
        call.parts.outbound.check(url)
    except OutboundRefusedError as error:
        raise _refused(error) from None


def _refused(error: OutboundRefusedError) -> Problem:
    return Problem(422, "url-refused", str(error))


async def create(call: Call) -> Reply:
    """Make a webhook that the caller owns."""
    new: NewWebhook = call.body
    _check(call, new.url)
    principal, key = caller(call), uuid4()
    secret = new.secret or f"whsec_{secrets.token_urlsafe(32)}"
    row = await _written(
        call,
        secret,
        "INSERT INTO webhooks (secret_sealed, id, tenant_id, owner_id, name, url)"
        " SELECT $1::text, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::text",
        key,
        principal.tenant,
        principal.id,
        new.name,
        new.url,
    )
    if row is None:
        raise Problem(503, "keys-changing", "The data key is being changed: try again.")
    fields = {name: row[name] for name in Webhook.__struct_fields__}
    return Reply(
        WebhookMade(**fields, secret=secret),
        status=201,
        headers={"Location": f"/v1/webhooks/{key}"},
    )


async def index(call: Call) -> Reply:
    """One page of the webhooks that the caller may see."""
    query: PageQuery = call.query
    rows = await _WEBHOOKS.page(call, query, "webhooks:read")
    items = [_webhook(row) for row in rows[: query.limit]]
    return Reply(WebhookPage(items=items, next_cursor=next_cursor(rows, query.limit)))


async def show(call: Call) -> Reply:
    """One webhook."""
    key = identifier(call.path, "webhook_id", "webhook")
    return Reply(_webhook(await _WEBHOOKS.find(call, key, "webhooks:read")))


async def change(call: Call) -> Reply:
    """Change some fields of a webhook."""
    new: WebhookChange = call.body
    key = identifier(call.path, "webhook_id", "webhook")
    await _WEBHOOKS.find(call, key, "webhooks:write")
    if new.url is not None:
        _check(call, new.url)
    row = await _written(
        call,
        new.secret,
        "UPDATE webhooks SET name = COALESCE($3, name), url = COALESCE($4, url),"
        " verified = verified AND COALESCE($4, url) = url,"
        " secret_sealed = COALESCE($1::text, secret_sealed), updated_at = now() WHERE id = $2",
        key,
        new.name,
        new.url,
    )
    if row is None:
        raise not_found("webhook")
    return Reply(_webhook(row))


async def _written(call: Call, secret: str | None, sql: str, key: UUID, *values: Any) -> Any:
    """The row that a statement wrote; None where it wrote none. `$1` is the sealed secret, `$2` the
    key of the row."""
    guard = "AND" if " WHERE " in sql else "WHERE"
    sql = f"{sql} {guard} ($1::text IS NULL OR {standing('$1::text')}) RETURNING {_COLUMNS}"
    for _ in range(2):
        sealed = None
        if secret is not None:
            sealed = call.parts.secrets.seal(secret, place=_place(key))
        row = await call.parts.database.fetchrow(sql, sealed, key, *values)
        if row is not None or not call.parts.data_keys.refresh():
            break
    return row


async def _secret(call: Call, row: Any) -> str:
    """A webhook's secret; it may have been sealed anew since the row was read."""
    box, key = call.parts.secrets, row["id"]
    try:
        return box.open(row["secret_sealed"], place=_place(key))
    except SealBrokenError:
        again = await _SEALED.find(call, key, "webhooks:write")
    try:
        return box.open(again["secret_sealed"], place=_place(key))
    except SealBrokenError:
        raise Problem(
            409, "secret-unreadable", "The webhook's secret can't be read: set a new one."
        ) from None


async def remove(call: Call) -> Reply:
    """Delete a webhook."""
    await _WEBHOOKS.remove(call, identifier(call.path, "webhook_id", "webhook"), "webhooks:write")
    return Reply(status=204)


async def test(call: Call) -> Reply:
    """Call the webhook's URL now, signed as every delivery is."""
    key = identifier(call.path, "webhook_id", "webhook")
    row = await _SEALED.find(call, key, "webhooks:write")
    secret = await _secret(call, row)
    content = msgspec.json.encode({"event": "webhook.test", "webhook_id": key})
    moment = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "l7audit-stack-webhooks",
        "X-Webhook-Id": str(uuid4()),
        "X-Webhook-Signature": f"t={moment},v1={signature(secret, moment, content)}",
    }
    try:
        delivery = await call.parts.outbound.post(row["url"], content, headers)
    except OutboundRefusedError as error:
        raise _refused(error) from None
    except OutboundFailedError as error:
        return Reply(Attempt(delivered=False, status=None, milliseconds=None, problem=str(error)))
    delivered = 200 <= delivery.status < 300
    if delivered:
        await call.parts.database.execute(
            "UPDATE webhooks SET verified = true WHERE id = $1 AND url = $2", key, row["url"]
        )
    return Reply(
        Attempt(
            delivered=delivered,
            status=delivery.status,
            milliseconds=round(delivery.milliseconds, 1),
            problem=None if delivered else "The URL did not answer with success.",
        )
    )


def signature(secret: str, moment: int, content: bytes) -> str:
    """HMAC-SHA256 in hexadecimal over `<seconds since 1970>.<body>`: the time stops replays."""
    return hmac.new(secret.encode(), b"%d." % moment + content, hashlib.sha256).hexdigest()


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="webhooks.create",
        method="POST",
        path="/v1/webhooks",
        handler=create,
        summary="Make a webhook; the answer shows its secret once.",
        tag="webhooks",
        permission="webhooks:write",
        body=NewWebhook,
        answer=WebhookMade,
        status=201,
    ),
    Operation(
        name="webhooks.list",
        method="GET",
        path="/v1/webhooks",
        handler=index,
        summary="List webhooks, newest first.",
        tag="webhooks",
        permission="webhooks:read",
        query=PageQuery,
        answer=WebhookPage,
    ),
    Operation(
        name="webhooks.show",
        method="GET",
        path="/v1/webhooks/{webhook_id}",
        handler=show,
        summary="Show a webhook.",
        tag="webhooks",
        permission="webhooks:read",
        answer=Webhook,
    ),
    Operation(
        name="webhooks.change",
        method="PATCH",
        path="/v1/webhooks/{webhook_id}",
        handler=change,
        summary="Change a webhook.",
        tag="webhooks",
        permission="webhooks:write",
        body=WebhookChange,
        answer=Webhook,
    ),
    Operation(
        name="webhooks.delete",
        method="DELETE",
        path="/v1/webhooks/{webhook_id}",
        handler=remove,
        summary="Delete a webhook.",
        tag="webhooks",
        permission="webhooks:write",
        status=204,
    ),
    Operation(
        name="webhooks.test",
        method="POST",
        path="/v1/webhooks/{webhook_id}/test",
        handler=test,
        summary="Call the webhook's URL now and tell how it went.",
        tag="webhooks",
        permission="webhooks:write",
        answer=Attempt,
        timeout=8.0,
    ),
)
