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
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.util import get_temp_dir

from l7audit.catalogue import Check
from l7audit.harness.serving import RAN, Job, Serving
from l7audit.journal import AnyRecord, CheckEnded, CheckStarted, decode, encode
from l7audit.model import Verdict

SILENCE = 300.0
"""Seconds without any record after which a check counts as hanging."""

_START = multiprocessing.get_context("forkserver")
_START.set_forkserver_preload(["l7audit.harness.last", __name__])  # before any worker starts


Deliver = Callable[[AnyRecord], None]


def _serve(pipe: Connection, log: str) -> None:
    """A worker's life: a job at a time until the session hangs up or dies."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # The session decides what these mean. A handler, as children would inherit being deaf.
        signal.signal(number, lambda *_: None)
    threading.Thread(target=_end_with_session, daemon=True).start()
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    lock = threading.Lock()

    def receive() -> Job:
        try:
            job: Job = pipe.recv()
        except (EOFError, ConnectionResetError):
            os._exit(0)  # the session is gone; nobody is left to tell
        return job

    def send(line: bytes) -> None:
        try:
            with lock:
                pipe.send_bytes(line)
        except (BrokenPipeError, ConnectionResetError):
            os._exit(0)

    Serving(
        receive,
        lambda record: send(encode(record)),
        lambda code: send(b"done" if code == RAN else f"done:{code}".encode()),
        log,
    ).serve()


def _end_with_session() -> None:
    """Ends this process as soon as the session's is gone: a check that hangs would not notice."""
    session = multiprocessing.parent_process()
    if session is not None:
        session.join()
    os._exit(0)


class _GoneError(Exception):
    """A worker's process died or hangs; says which."""


class Worker:
    """One process that runs jobs. A death is noticed, told and mended with a new process."""

    def __init__(self, log: str) -> None:
        self._log = log
        self._killed = False
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = _START.Pipe()
        resource_tracker.ensure_running()  # before there is a folder that a kill could leave
        os.environ["L7AUDIT_SOCKETS"] = get_temp_dir()  # read by `last`
        self._process = _START.Process(target=_serve, args=(theirs, self._log), daemon=True)
        self._process.start()
        theirs.close()

    def run(self, job: Job, deliver: Deliver) -> bool:
        """Runs a job to its end. Each of its checks is delivered an end, come what may.

        False where the worker was killed: what did not end then stays without an end.
        """
        left = {check.id: check for check in job.checks}
        while left and not self._killed:
            started: set[str] = set()
            try:
                reason = self._attempt(
                    Job(job.context, tuple(left.values())), left, started, deliver
                )
                blamed = list(left)
            except _GoneError as gone:
                if self._killed:
                    break
                self._renew()
                reason = str(gone)
                # Where nothing began the first is at fault: else it would be tried for ever.
                blamed = [name for name in left if name in started or not started][:1]
            for name in blamed:
                deliver(_broken(left.pop(name), reason))
        return not self._killed

    def _attempt(
        self, job: Job, left: dict[str, Check], started: set[str], deliver: Deliver
    ) -> str:
        """Runs a job and takes what ends off `left`; why pytest left the others over.

        Errors: `_GoneError`.
        """
        silence = max(SILENCE, 30 * job.context.budget.timeout)
        try:
            self._pipe.send(job)
        except OSError:
            raise self._death() from None
        while not (line := self._receive(silence)).startswith(b"done"):
            record = decode(line)
            if isinstance(record, CheckStarted):
                started.add(record.check)
            elif isinstance(record, CheckEnded):
                left.pop(record.check, None)
            deliver(record)
        if line != b"done":
            return f"pytest ended with code {line[5:].decode()}; see {self._log}"
        return f"pytest did not run it; see {self._log}"

    def _receive(self, silence: float) -> bytes:
        try:
            if self._pipe.poll(silence):
                return self._pipe.recv_bytes()
        except (EOFError, OSError):
            raise self._death() from None
        raise _GoneError(f"it gave no sign of life for {silence:g} s")

    def _death(self) -> _GoneError:
        self._process.join(timeout=5)
        code = self._process.exitcode
        return _GoneError(f"the process that ran it died (exit code {code}); see {self._log}")

    def _renew(self) -> None:
        """Puts a new process in the place of one that died or hangs."""
        with self._lock:
            if not self._killed:
                self._process.kill()
                self._process.join(timeout=5)
                self._pipe.close()
                self._start()

    def kill(self) -> None:
        """Ends the process at once; what it was running stays without an end."""
        with self._lock:  # not while a new process takes the place of this one
            self._killed = True
            self._process.kill()
        self._process.join(timeout=5)


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
        self._workers = [Worker(log) for _ in range(size)]
        self._threads: list[threading.Thread] = []
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
                self._end_workers()  # what they say now could not be kept either

        self._threads = [
            threading.Thread(target=work, args=(w,), daemon=True)
            for w in self._workers[: max(1, len(jobs))]
        ]
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            while thread.is_alive():  # a bounded join lets Ctrl-C through
                thread.join(timeout=0.2)
        if troubles:
            raise troubles[0]

    def halt(self) -> None:
        """Lets no further job start; those that run come to their end."""
        self._stopped.set()

    def stop(self) -> None:
        """Lets no further job start and ends the workers; afterwards nothing is delivered."""
        self._end_workers()
        for thread in self._threads:
            thread.join(timeout=5)

    def _end_workers(self) -> None:
        self.halt()
        for worker in self._workers:
            worker.kill()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
