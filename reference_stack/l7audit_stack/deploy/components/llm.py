"""The language model server: llama.cpp with a tiny random model, OpenAI protocol."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

from l7audit_stack.deploy.commands import Module
from l7audit_stack.deploy.components.interface import Tools
from l7audit_stack.deploy.components.model import model_file
from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.probes import http_status
from l7audit_stack.deploy.seats import Seat, on_loopback
from l7audit_stack.deploy.topology import Kind

SERVER = "l7audit_stack.deploy.components.llm_server"


@dataclass(frozen=True)
class LLM:
    """One server. It has no credentials: only loopback or the stack's network reaches it.

    `model` is the file that it serves, where it does not have to be written first.
    """

    port: int
    seat: Seat | None = None
    model: str = ""
    name: str = "llm"
    kind: Kind = Kind.LLM
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def peer_url(self) -> str:
        """The same for the other components."""
        return f"http://{(self.seat or on_loopback(self.port)).address}"

    async def prepare(self, tools: Tools, log: Path) -> None:
        if not self.model:
            await asyncio.to_thread(model_file)

    def command(self) -> Module:
        seat = self.seat or on_loopback(self.port)
        return Module(
            SERVER, (self.model or str(model_file()), seat.bind, str(seat.port)), alone=True
        )

    async def ready(self) -> bool:
        return await http_status(self.port, "/health") == 200
