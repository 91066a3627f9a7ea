"""The language model server: llama.cpp with a tiny random model, OpenAI protocol."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from l7audit_stack.deploy.children import Programs
from l7audit_stack.deploy.commands import Program
from l7audit_stack.deploy.components.model import model_file
from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.probes import http_status
from l7audit_stack.deploy.topology import Kind


@dataclass(frozen=True)
class LLM:
    """One server process. It has no credentials: only loopback reaches it."""

    port: int
    name: str = "llm"
    kind: Kind = Kind.LLM
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    async def prepare(self, programs: Programs, log: Path) -> None:
        await asyncio.to_thread(model_file)

    def command(self) -> Program:
        return Program(
            (
                *(sys.executable, "-P", "-m", "l7audit_stack.deploy.components.llm_server"),
                *(str(model_file()), str(self.port)),
            )
        )

    async def ready(self) -> bool:
        return await http_status(self.port, "/health") == 200
