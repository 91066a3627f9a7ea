"""Hooks: where members have events delivered to."""

import ipaddress
import socket
import time
import uuid
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, HTTPException

from timebank.callers import Callers
from timebank.schemas import Hook, HookIn, Note
from timebank.store import Row, Store

PARTNERS = {"hooks.timebank.example", "calendar.timebank.example"}
MOST_HOOKS = 50


def partners_only(url: str) -> None:
    """Refuses every address but those of partners, by https."""
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and parts.netloc in PARTNERS
    except ValueError:
        good = False
    if not good:
        raise HTTPException(422, f"url is an https address of {' or '.join(sorted(PARTNERS))}")


def any_address(url: str) -> None:
    """Takes what looks like an address of the web."""
    if not url.startswith(("http://", "https://")):
        raise HTTPException(422, "url is an address of the web")


def queued(store: Store, hook: Row) -> Note:
    """Leaves the delivery to the courier, which knows the partners' certificates."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    store.run("INSERT INTO deliveries VALUES (?, ?, ?)", str(uuid.uuid4()), hook["id"], now)
    return Note(detail="The test event is on its way")


def fetched_now(_: Store, hook: Row) -> Note:
    """Delivers at once, and shows what the other side said."""
    try:
        host = urlsplit(hook["url"]).hostname or ""
        _stay_on_this_machine(host)
        answer = httpx.post(hook["url"], json={"event": "test"}, timeout=2)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as e:
        return Note(detail=f"Delivery failed: {e}")
    return Note(detail=f"Delivered: {answer.status_code} {answer.text[:200]}")


def _stay_on_this_machine(host: str) -> None:
    """The training ground harms nobody: only loopback is ever spoken to."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        inside = ipaddress.ip_address(address).is_loopback
    except ValueError:
        try:
            inside = ipaddress.ip_address(socket.inet_aton(address)).is_loopback
        except OSError:
            inside = False
    if not inside:
        raise OSError("the network is unreachable")


def router(
    store: Store,
    callers: Callers,
    *,
    admit: Callable[[str], None],
    deliver: Callable[[Store, Row], Note],
) -> APIRouter:
    """`admit` refuses addresses, `deliver` sends a test event."""
    routes = APIRouter(prefix="/hooks")
    member = callers.member()

    @routes.get("")
    def list_hooks(caller: Annotated[Row, Depends(member)]) -> list[Hook]:
        """The caller's hooks."""
        rows = store.all("SELECT * FROM hooks WHERE owner = ?", caller["id"])
        return [Hook.model_validate(r) for r in rows]

    @routes.post("", status_code=201)
    def add_hook(body: HookIn, caller: Annotated[Row, Depends(member)]) -> Hook:
        """Has events delivered to an address of a partner."""
        admit(body.url)
        if len(store.all("SELECT 1 FROM hooks WHERE owner = ?", caller["id"])) >= MOST_HOOKS:
            raise HTTPException(409, "You have too many hooks")
        new = str(uuid.uuid4())
        store.run("INSERT INTO hooks VALUES (?, ?, ?, ?)", new, caller["id"], body.url, body.event)
        return Hook(id=UUID(new), url=body.url, event=body.event)

    @routes.delete("/{hook_id}", status_code=204)
    def remove_hook(hook_id: UUID, caller: Annotated[Row, Depends(member)]) -> None:
        """Removes one of the caller's hooks."""
        if not store.run(
            "DELETE FROM hooks WHERE id = ? AND owner = ?", str(hook_id), caller["id"]
        ):
            raise HTTPException(404, "Not Found")

    @routes.post("/{hook_id}/deliveries", status_code=202)
    def test_hook(hook_id: UUID, caller: Annotated[Row, Depends(member)]) -> Note:
        """Sends a test event to one of the caller's hooks."""
        hook = store.one(
            "SELECT * FROM hooks WHERE id = ? AND owner = ?", str(hook_id), caller["id"]
        )
        if hook is None:
            raise HTTPException(404, "Not Found")
        return deliver(store, hook)

    return routes
