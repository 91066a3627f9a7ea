"""The app factory: parts in, ASGI app out."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from l7audit_stack.api.parts import Parts, production_parts
from l7audit_stack.api.service import Service
from l7audit_stack.api.settings import load_settings
from l7audit_stack.api.upkeep import Upkeep

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def create_app(parts: Parts | None = None) -> ASGIApp:
    """The app of these parts; without parts, of those that the environment describes.

    Raises SettingsError where the environment won't do.
    """
    if parts is None:
        parts = production_parts(load_settings(os.environ))
    return Application(parts)


class Application:
    """Opens and closes what the service needs, and hands it the requests."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.service = Service(parts)
        self._upkeep = Upkeep(parts, self.service.authenticator)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.service(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.open()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def open(self) -> None:
        """Connect. A dependency that is away does not keep a replica from starting."""
        parts = self.parts
        await parts.database.open()
        await parts.store.open()
        await parts.audit.open()
        parts.metrics.gauge("store_here", "Whether the store answers.", lambda: parts.store.here)
        parts.metrics.gauge(
            "audit_dropped", "Audit events lost to a full queue.", lambda: parts.audit.dropped
        )
        self._upkeep.start()
        parts.log.say("INFO", "started", level_of_security=parts.settings.level)

    async def close(self) -> None:
        parts = self.parts
        await self._upkeep.stop()
        await parts.audit.close()
        await parts.llm.aclose()
        await parts.store.close()
        await parts.database.close()
        parts.log.say("INFO", "stopped")
        parts.log.close()
