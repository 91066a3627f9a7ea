"""The program as its users start it: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from booth.processes import alive, all_end, descendants

from l7audit import journal as journals
from l7audit.journal import AnyRecord

LATEST = Path("l7audit-out", "latest")


@dataclass
class Program:
    """A started `l7audit`, in a process group of its own."""

    process: subprocess.Popen[str]
    folder: Path
    started: set[int] = field(default_factory=set)

    def note_processes(self) -> set[int]:
        """Remembers the processes that it has started by now."""
        self.started |= descendants(self.process.pid)
        return self.started

    def send(self, number: int, *, group: bool = False) -> None:
        self.note_processes()
        (os.killpg if group else os.kill)(self.process.pid, number)

    def end(self, seconds: float = 90) -> tuple[int, str, str]:
        """Waits for its end: exit code and both streams."""
        out, err = self.process.communicate(timeout=seconds)
        return self.process.returncode, out, err

    def leaves_no_process(self) -> bool:
        assert self.started
        return all_end(self.started)

    @property
    def newest(self) -> Path:
        return (self.folder / LATEST).resolve()

    @property
    def records(self) -> list[AnyRecord]:
        return journals.read(self.newest / "journal.jsonl")

    @property
    def results(self) -> Any:
        return json.loads((self.newest / "results.json").read_text())

    @property
    def verdicts(self) -> dict[str, str]:
        return {c["id"]: c["verdict"] for c in self.results["controls"]}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts the program in `tmp_path`, with the test's suites installed."""
    programs: list[Program] = []

    paths = [str(tmp_path / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]

    def begin(*arguments: str) -> Program:
        process = subprocess.Popen(
            [sys.executable, "-m", "l7audit", *arguments],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "NO_COLOR": "1"},
            start_new_session=True,
        )
        programs.append(Program(process, tmp_path))
        return programs[-1]

    yield begin
    for program in programs:
        program.process.kill()
        program.process.communicate()
        for pid in filter(alive, program.started):
            os.kill(pid, signal.SIGKILL)
