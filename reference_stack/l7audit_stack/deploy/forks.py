"""The supervisor's end of the nursery: runs Python modules as forks of one warm process."""

from __future__ import annotations

import asyncio
import itertools
import signal
import socket
import sys
from pathlib import Path

import msgspec

from l7audit_stack.deploy.children import Child, Programs
from l7audit_stack.deploy.commands import Module, Program, base_environment
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.logs import last_lines
from l7audit_stack.deploy.nursery import Birth, News


class Forks:
    """Starts modules. Births may be asked for while the nursery is still importing."""

    def __init__(
        self,
        nursery: Child,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        log: Path,
    ) -> None:
        self.nursery = nursery
        self._log = log
        self._writer = writer
        self._ids = itertools.count(1)
        self._awaited: dict[int, asyncio.Future[Child]] = {}
        self._children: dict[int, Child] = {}
        self._listener = asyncio.create_task(self._listen(reader))

    @classmethod
    async def open(cls, programs: Programs, log: Path, warm_up: tuple[str, ...]) -> Forks:
        """Start the nursery, which imports the modules `warm_up`; does not wait for that."""
        ours, theirs = socket.socketpair()
        with theirs:
            nursery = programs.start(
                Program(
                    (
                        *(sys.executable, "-P", "-m", "l7audit_stack.deploy.nursery"),
                        *(str(theirs.fileno()), *warm_up),
                    )
                ),
                log,
                pass_fds=(theirs.fileno(),),
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(nursery, reader, writer, log)

    async def start(self, module: Module, log: Path, out: Path | None = None) -> Child:
        """Start it as a fork. Raises StackError if the nursery could not import the modules."""
        birth = Birth(
            id=next(self._ids),
            module=module.name,
            arguments=module.arguments,
            environment={**base_environment(), **module.environment},
            log=str(log),
            out=None if out is None else str(out),
        )
        born: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._awaited[birth.id] = born
        if not self.nursery.alive:
            self._give_up()
        else:
            self._writer.write(msgspec.json.encode(birth) + b"\n")
        return await born

    async def run(self, module: Module, log: Path, out: Path | None = None) -> int:
        """Run it to its end; answers the exit code."""
        return await (await self.start(module, log, out)).exited

    async def close(self) -> None:
        """End the nursery and all that it gave birth to."""
        self._writer.close()
        self.nursery.send(signal.SIGKILL)
        await self.nursery.exited
        await self._listener

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            news = msgspec.json.decode(line, type=News)
            if news.id is not None:
                child = self._children[news.pid] = Child(news.pid)
                born = self._awaited.pop(news.id)
                if not born.done():
                    born.set_result(child)
            elif (ended := self._children.pop(news.pid, None)) is not None:
                ended.ended(news.code or 0)
        self._give_up()

    def _give_up(self) -> None:
        """The nursery is gone, and by the kernel's doing all that it had given birth to."""
        reason = StackError(
            "The process that starts API replicas ended by itself. Last log lines:\n"
            + last_lines(self._log)
        )
        for born in self._awaited.values():
            if not born.done():
                born.set_exception(reason)
        self._awaited.clear()
        for child in self._children.values():
            child.ended(-9)
        self._children.clear()
