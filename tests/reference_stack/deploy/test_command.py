"""The program by which a check stops and starts a component."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from l7audit_stack.deploy import command
from l7audit_stack.deploy.control import Request, listen
from l7audit_stack.deploy.errors import StackError


def _obeyed(socket: Path, deed: str) -> tuple[str, list[Request]]:
    """What a supervisor that knows api-1 alone is asked, and what came of it."""
    asked: list[Request] = []

    async def handle(request: Request) -> None:
        asked.append(request)
        if request.arguments["name"] != "api-1":
            raise StackError("There is no such component.")

    async def run() -> str:
        server = await listen(socket, handle)
        async with server:
            return await asyncio.to_thread(command.obey, socket, socket.stem, deed)

    return asyncio.run(run()), asked


def test_a_fault_is_passed_on_to_the_supervisor(tmp_path: Path) -> None:
    said, asked = _obeyed(tmp_path / "api-1.sock", "kill")
    assert said == "ok"
    assert [(r.do, r.arguments) for r in asked] == [("kill", {"name": "api-1"})]


def test_what_the_supervisor_can_not_do_is_one_line(tmp_path: Path) -> None:
    said, _ = _obeyed(tmp_path / "none.sock", "restart")
    assert said == "There is no such component."


def test_only_faults_are_passed_on(tmp_path: Path) -> None:
    said, asked = _obeyed(tmp_path / "api-1.sock", "shutdown")
    assert "no fault 'shutdown'" in said
    assert asked == []


def test_without_a_stack_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path), "api-1"]) == 3
    assert "ready" not in capsys.readouterr().out
    assert command.main([str(tmp_path)]) == 4
