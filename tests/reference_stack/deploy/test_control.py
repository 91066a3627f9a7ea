"""The control socket."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from l7audit_stack.deploy import control
from l7audit_stack.deploy.control import Request
from l7audit_stack.deploy.errors import StackError


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are too deep for sockets
        yield Path(folder) / "control"


async def _handle(request: Request) -> Any:
    if request.do == "fail":
        raise StackError("There is no component 'x'.")
    if request.do == "full":
        raise OSError(28, "No space left on device")
    if request.do == "bug":
        raise KeyError("nobody thought of this")
    return {"heard": request.arguments}


async def _with_server(path: Path, function: Any, *arguments: Any, **named: Any) -> Any:
    async with await control.listen(path, _handle):
        return await asyncio.to_thread(function, *arguments, **named)


def test_a_command_carries_its_arguments_and_brings_an_answer(path: Path) -> None:
    answer = asyncio.run(_with_server(path, control.ask, path, "do", name="api-1", lines=3))
    assert answer == {"heard": {"name": "api-1", "lines": 3}}


def test_a_refusal_arrives_as_the_same_sentence(path: Path) -> None:
    with pytest.raises(StackError, match="There is no component 'x'"):
        asyncio.run(_with_server(path, control.ask, path, "fail"))


def test_a_full_disk_arrives_as_a_sentence(path: Path) -> None:
    with pytest.raises(StackError, match="The disk is full"):
        asyncio.run(_with_server(path, control.ask, path, "full"))


def test_a_mistake_of_ours_is_told_and_logged(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StackError, match="The supervisor failed at this, see its log"):
        asyncio.run(_with_server(path, control.ask, path, "bug"))
    assert "Traceback" in capsys.readouterr().err


def test_a_line_that_is_no_command_is_answered_and_the_connection_goes_on(path: Path) -> None:
    def talk() -> list[bytes]:
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(path))
            link.sendall(b'nonsense\n{"do": "echo"}\n')
            stream = link.makefile("rb")
            return [stream.readline(), stream.readline()]

    first, second = asyncio.run(_with_server(path, talk))
    assert b'"ok":false' in first
    assert b"not a command" in first
    assert second == b'{"ok":true,"value":{"heard":{}}}\n'


def test_without_a_stack_the_answer_says_so(path: Path) -> None:
    with pytest.raises(StackError, match="not running"):
        control.ask(path, "status")


def test_a_stack_that_is_silent_is_not_waited_for_forever(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        with pytest.raises(StackError, match="did not answer 'status' within"):
            control.ask(path, "status", timeout=0.05)
