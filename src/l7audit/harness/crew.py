"""The processes that run checks. One crew a run; records stream back as they are made.

Checks run outside the session's process: a check that hangs or crashes the interpreter must
neither take the journal along nor leave its verdict out. `forkserver` starts from a clean,
preloaded process, so that a new worker costs milliseconds and inherits no thread or lock.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

import pytest

from l7audit.catalogue import Check
from l7audit.harness.context import Context
from l7audit.harness.running import INI, Running
from l7audit.journal import AnyRecord, CheckEnded, CheckStarted, Record, decode, encode
from l7audit.model import Verdict

_PRELOAD = ["l7audit.harness.crew"]
_START = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Job:
    """Checks to run one after the other in one process."""

    context: Context
    checks: tuple[Check, ...]


Deliver = Callable[[AnyRecord], None]


def run_here(running: Running, checks: Sequence[Check]) -> int:
    """Runs checks in this process through pytest; returns pytest's exit code."""
    nodes = [check.node for check in checks]
    root = str(checks[0].path.parent.parent)
    return int(
        pytest.main(
            ["-c", str(INI), "--rootdir", root, "-q", "--no-header", "--tb=short", *nodes],
            plugins=[running],
        )
    )


def _serve(pipe: Connection, log: str) -> None:
    """A worker's life: a job at a time until the session hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the session decides what Ctrl-C means
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    lock = threading.Lock()

    def sink(record: Record) -> None:
        line = encode(record)
        with lock:
            pipe.send_bytes(line)

    running: Running | None = None
    try:
        while True:
            job: Job = pipe.recv()
            # Connections, sessions and the parsed document serve all jobs on one target.
            if running is None or running.context != job.context:
                if running is not None:
                    running.close()
                running = Running(job.context, sink)
            code = run_here(running, job.checks)
            with lock:
                pipe.send_bytes(b"done" if code in (0, 1, 5) else f"done:{code}".encode())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the session is gone; nobody is left to tell


class Worker:
    """One process that runs jobs. A death is noticed, told and mended with a new process."""

    def __init__(self, log: str) -> None:
        self._log = log
        self._killed = False
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = _START.Pipe()
        self._process = _START.Process(target=_serve, args=(theirs, self._log), daemon=True)
        self._process.start()
        theirs.close()

    def run(self, job: Job, deliver: Deliver) -> None:
        """Runs a job to its end. Each of its checks is delivered an end, come what may."""
        open_checks = {check.id: check for check in job.checks}
        started: set[str] = set()
        reason = "pytest did not run it"
        try:
            self._pipe.send(job)
            while not (line := self._pipe.recv_bytes()).startswith(b"done"):
                record = decode(line)
                if isinstance(record, CheckStarted):
                    started.add(record.check)
                elif isinstance(record, CheckEnded):
                    open_checks.pop(record.check, None)
                deliver(record)
            if line != b"done":
                reason = f"pytest ended with code {line[5:].decode()}; see {self._log}"
        except (EOFError, OSError):
            if self._killed:
                return  # on purpose: what did not end stays without an end in the journal
            self._process.join(timeout=5)
            reason = f"the process that ran it died (exit code {self._process.exitcode})"
            died = [c for c in open_checks.values() if c.id in started] or list(job.checks)[:1]
            for check in died:
                open_checks.pop(check.id, None)
                deliver(_broken(check, reason))
            self._start()
            rest = tuple(open_checks.values())
            if rest:
                self.run(Job(job.context, rest), deliver)
            return
        for check in open_checks.values():
            deliver(_broken(check, reason))

    def kill(self) -> None:
        """Ends the process at once; what it was running stays without an end."""
        self._killed = True
        self._process.kill()
        self._process.join(timeout=5)
        self._pipe.close()


def _broken(check: Check, reason: str) -> CheckEnded:
    return CheckEnded(
        check=check.id,
        control=check.control,
        verdict=Verdict.ERROR,
        reason=f"The check broke: {reason}.",
    )


class Crew:
    """Several workers and their shared queue of jobs."""

    def __init__(self, size: int, log: str) -> None:
        _START.set_forkserver_preload(_PRELOAD)
        self._workers = [Worker(log) for _ in range(size)]
        self._stopped = threading.Event()

    def run(self, jobs: Sequence[Job], deliver: Deliver) -> None:
        """Runs all jobs, as many at once as there are workers. `deliver` is called in threads.

        Errors: the first exception that `deliver` raised (a full disk), after all have stopped.
        """
        waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in jobs:
            waiting.put(job)
        troubles: list[BaseException] = []

        def work(worker: Worker) -> None:
            try:
                while not self._stopped.is_set():
                    try:
                        job = waiting.get_nowait()
                    except queue.Empty:
                        return
                    worker.run(job, deliver)
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                troubles.append(error)
                self._stopped.set()

        threads = [
            threading.Thread(target=work, args=(w,), daemon=True)
            for w in self._workers[: max(1, len(jobs))]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():  # a bounded join lets Ctrl-C through
                thread.join(timeout=0.2)
        if troubles:
            raise troubles[0]

    def halt(self) -> None:
        """Lets no further job start; those that run come to their end."""
        self._stopped.set()

    def stop(self) -> None:
        """Lets no further job start and ends the workers."""
        self.halt()
        for worker in self._workers:
            worker.kill()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
