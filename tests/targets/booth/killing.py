"""Runs of the program that are killed as the kernel kills when memory is short, and gone on with.

Only the program's own process is killed. Nothing of what it had started may stay: no process (they
are followed by `booth.kin`), no file in the folder for temporary ones, no shared memory.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from booth.processes import alive, command_of, descendants, wait_until

from l7audit.exits import Exit
from l7audit.journal import decode

GONE = 60.0
"""Seconds within which all processes of a killed run have ended, on a machine under load too."""


@dataclass(frozen=True)
class Result:
    """What a run comes to, for whoever reads it."""

    code: int
    verdicts: Mapping[str, str]
    fingerprints: Mapping[str, list[str]]
    rest: Mapping[str, Any]
    """Out of scope, score and gate."""

    def differences(self, other: Result) -> dict[str, Any]:
        """What the other has in the same place, field by field; empty where they are equal."""
        mine, theirs = ({f"code{x.code}": x.code, **x.verdicts} for x in (self, other))
        found = {k: (mine.get(k), theirs.get(k)) for k in mine | theirs}
        return {k: v for k, v in found.items() if v[0] != v[1]} | {
            k: (self.rest[k], v) for k, v in other.rest.items() if self.rest[k] != v
        }


def result_of(folder: Path, code: int) -> Result:
    """Reads what a run in this folder, which ended with that exit code, came to."""
    results = json.loads((folder / "results.json").read_text())
    controls = results["controls"]
    return Result(
        code,
        {c["id"]: c["verdict"] for c in controls},
        {c["id"]: sorted(f["fingerprint"] for f in c["findings"]) for c in controls},
        {k: results[k] for k in ("out_of_scope", "score", "score_with_waivers", "coverage")}
        | {k: results["gate"][k] for k in ("decision", "reason", "exit_code")},
    )


def shared_memory() -> dict[str, int]:
    """The machine's System V segments, each with the process that made it."""
    rows = [r.split() for r in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    return {row[1]: int(row[4]) for row in rows}


class Kin:
    """A started program and all that it starts."""

    def __init__(self, folder: Path, name: str, command: list[str], env: dict[str, str]) -> None:
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        ours, theirs = os.pipe()
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "booth.kin", str(theirs), *command],
                cwd=folder,
                env=env,
                stdout=out,
                stderr=err,
                pass_fds=(theirs,),
                start_new_session=True,
            )
        os.close(theirs)
        self._news: IO[str] = os.fdopen(ours)
        self.pid = int(self._news.readline())
        self.began = time.monotonic()
        self._memory_before = shared_memory()
        self.went_on_from = 0
        """Bytes of the journal when it began."""
        self._seen: set[int] = set()

    @property
    def ended(self) -> bool:
        """Whether the program itself has, by a kill or by itself."""
        return not alive(self.pid)

    @cached_property
    def code(self) -> int:
        """The program's exit code, once it has one (negative: the signal that ended it)."""
        return int(self._news.readline())

    def kill_once(self, it_is_time: Callable[[], object]) -> bool:
        """SIGKILL to the program alone; False where it had come to its end by itself before."""
        wait_until(lambda: it_is_time() or self.ended, 120, every=0.001)
        self._seen |= descendants(self._parent.pid)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return self.code == -signal.SIGKILL

    def orphans(self) -> list[str]:
        """What still runs when the time is over: process ids with their commands."""
        wait_until(lambda: self._parent.poll() is not None, GONE)
        return [f"{pid} {command_of(pid)}" for pid in descendants(self._parent.pid)]

    def memory(self) -> list[str]:
        """The shared memory that its processes left behind."""
        new = shared_memory().items() - self._memory_before.items()
        return [segment for segment, maker in new if maker in self._seen]

    def said(self) -> tuple[str, str]:
        """Both streams."""
        return self._out.read_text(), self._err.read_text()

    def end(self) -> None:
        """Ends whatever is left: a test that failed must leave nothing either."""
        for pid in descendants(self._parent.pid):
            os.kill(pid, signal.SIGKILL)
        self._parent.wait(GONE)
        self._news.close()


class Trial:
    """One run from its begin over its kills to its end, in a folder of its own."""

    def __init__(self, folder: Path, temporary: Path, begin: list[str]) -> None:
        folder.mkdir()
        self.folder = folder
        self._temporary = temporary
        self._begin = ["run", *begin, "--out", str(folder / "out")]
        self._kin: list[Kin] = []
        self._told: list[str] = []
        paths = [os.environ.get("PYTHONPATH", ""), *(p for p in sys.path if p)]
        self._env = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "TMPDIR": str(temporary),
            "NO_COLOR": "1",
        }

    @property
    def run_folder(self) -> Path:
        return (self.folder / "out" / "latest").resolve()

    @property
    def journal(self) -> Path:
        return self.run_folder / "journal.jsonl"

    def start(self, *arguments: str) -> Kin:
        command = [sys.executable, "-m", "l7audit", *arguments]
        self._kin.append(Kin(self.folder, str(len(self._kin)), command, self._env))
        return self._kin[-1]

    def journal_size(self) -> int:
        """Bytes; 0 where there is none yet."""
        try:
            return self.journal.stat().st_size
        except OSError:
            return 0

    def told(self) -> str:
        """What was started, and after how many records it was killed."""
        return ", ".join(self._told)

    def go_on(self) -> Kin:
        """Begins, or does what the state of the journal calls for after a kill."""
        step = self._next_step()
        resumes = "--resume" in step
        if self._kin and not resumes:
            self._is_not_resumed(f"l7audit {step[0]}")
        before = self.journal_size() if resumes else 0
        kin = self.start(*step)
        kin.went_on_from = before
        self._told.append(f"{step[0]}{' --resume' if resumes else ''}")
        return kin

    def kill_once(self, kin: Kin, it_is_time: Callable[[], object]) -> bool:
        """As `Kin.kill_once`, and tells of it."""
        killed = kin.kill_once(it_is_time)
        if killed:
            lines = self.journal.read_bytes().count(b"\n") if self.journal_size() else 0
            self._told[-1] += f" killed at {time.monotonic() - kin.began:.1f} s, {lines} records"
        return killed

    def _is_not_resumed(self, mend: str) -> None:
        """Where there is nothing to go on with one sentence says so, and what to do instead."""
        kin = self.start("run", "--resume", str(self.run_folder))
        code, (out, err) = kin.code, kin.said()
        assert code in {Exit.INTERNAL, Exit.USAGE}, (out, err)
        assert (out, err.count("\n")) == ("", 1), (out, err)
        assert mend in err, err

    def _next_step(self) -> list[str]:
        """Without a whole record there is nothing to go on with, after the last nothing to do."""
        try:
            lines = self.journal.read_bytes().split(b"\n")[:-1]
        except OSError:
            lines = []
        if not lines:
            return self._begin
        last = decode(lines[-1])
        if getattr(last, "outcome", "") == "completed":
            return ["report", str(self.run_folder)]
        return ["run", "--resume", str(self.run_folder)]

    def finish(self) -> Result:
        """Goes on to the end."""
        return self.result(self.go_on())

    def result(self, kin: Kin) -> Result:
        """What a program that was left alone came to."""
        code, (out, err) = kin.code, kin.said()
        assert err == "", out + err
        return result_of(self.run_folder, code)

    def left_behind(self) -> list[str]:
        """What is left of all the trial's processes, which should have ended by now."""
        found = [f"process {o}" for kin in self._kin for o in kin.orphans()]
        found += [f"shared memory {s}" for kin in self._kin for s in kin.memory()]
        kept = {"lock"}
        files = (f for f in self._temporary.rglob("*") if not f.is_dir() or f.name[:4] == "pymp")
        return found + [
            f"file {f}" for f in files if f.name not in kept and not f.match("ports-*.lock")
        ]

    def end(self) -> None:
        """Leaves nothing, whatever went wrong."""
        for kin in self._kin:
            kin.end()
