"""A worker's pytest: one session that runs jobs as they come.

Starting pytest and collecting takes longer than most checks do, and a proof has a job or two for
each of hundreds of variants.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from l7audit.catalogue import Check
from l7audit.harness.context import Context
from l7audit.harness.hooks import Hooks
from l7audit.harness.running import Running
from l7audit.journal import Record

INI = Path(__file__).with_name("pytest.ini")

RAN = 0
NOT_READ = int(pytest.ExitCode.INTERRUPTED)
"""pytest's code where a file of checks can't be imported."""

_ENDS = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
"""A session ended as it should: because it was told to."""


@dataclass(frozen=True, slots=True)
class Job:
    """Checks to run one after the other in one process."""

    context: Context
    checks: tuple[Check, ...]


class Serving(Hooks):
    """Runs jobs, those of one suite in one session of pytest.

    `receive` waits for a job, `tell` is told how each ended: `RAN`, or pytest's code for why not.
    What pytest says goes to the file `log`, a job at a time and without secrets.
    """

    def __init__(
        self,
        receive: Callable[[], Job],
        sink: Callable[[Record], None],
        tell: Callable[[int], None],
        log: str,
    ) -> None:
        self._receive = receive
        self._sink = sink
        self._tell = tell
        self._log = log
        self._said = io.StringIO()
        self._parts: deque[tuple[Path, list[Check]]] = deque()
        """What is left of the job in hand, by suite."""
        self._items: dict[tuple[Path, str], pytest.Item] = {}
        self._unread = False

    def serve(self) -> None:
        """Runs jobs until `receive` raises."""
        while True:
            suite = self._due()
            # Of the conftest.py files only those of the checks' own suite are read: what the
            # caller's project, or whatever folder a suite lies in, says to pytest must not leak in.
            arguments = ["-c", str(INI), "--rootdir", str(suite), "--confcutdir", str(suite)]
            with redirect_stdout(self._said), redirect_stderr(self._said):
                code = int(pytest.main([*arguments, str(suite)], plugins=[self]))
            if code not in _ENDS:  # it was ended from within, and the job with it
                self._done(code)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool:
        """Nothing yet: checks are collected when a job names them."""
        self._items = {}
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs what is due as long as it is of this session's suite."""
        while self._due() == session.config.rootpath:
            _, checks = self._parts[0]
            code = self._collected(session, checks)
            if code == RAN:
                self._run([self._items[c.path, c.function] for c in checks])
            self._parts.popleft()
            if code != RAN or not self._parts:
                self._done(code)
        return True

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)
        self._unread |= report.failed

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def _due(self) -> Path:
        """The suite that comes next; waits for a job where none is in hand."""
        if not self._parts:
            job = self._receive()
            self._prepare(job.context)
            suites: dict[Path, list[Check]] = {}
            for check in job.checks:
                suites.setdefault(check.path.parent.parent, []).append(check)
            self._parts.extend(suites.items())
        return self._parts[0][0]

    def _prepare(self, context: Context) -> None:
        """Connections, sessions and the parsed document serve all jobs on one target."""
        if self.running is not None and self.running.context == context:
            return
        if self.running is not None:
            self.running.close()
        self.running = Running(context, self._sink)

    def _collected(self, session: pytest.Session, checks: Iterable[Check]) -> int:
        """Collects those that no job has named before; pytest's code where that can't be done."""
        new = [c for c in checks if (c.path, c.function) not in self._items]
        if not new:
            return RAN
        self._unread = False
        try:
            for item in session.perform_collect([c.node for c in new]):
                self._items[item.path, getattr(item, "originalname", item.name)] = item
        except pytest.UsageError as error:
            self._said.write(f"{error}\n")
            return int(pytest.ExitCode.USAGE_ERROR)
        return NOT_READ if self._unread else RAN

    def _run(self, items: Sequence[pytest.Item]) -> None:
        """Runs them; after the last also what they share is torn down."""
        for item, following in zip(items, (*items[1:], None), strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def _note(self, report: pytest.CollectReport | pytest.TestReport) -> None:
        if report.failed:
            sections = "".join(f"{name}\n{text}\n" for name, text in report.sections)
            self._said.write(f"{report.nodeid}\n{report.longreprtext}\n{sections}")

    def _done(self, code: int) -> None:
        """Ends the job in hand."""
        self._parts.clear()
        text = self._said.getvalue()
        self._said.seek(0)
        self._said.truncate()
        if text and self.running is not None:
            # A traceback quotes values, and secrets are among them.
            safe = self.running.probe.redactor.text(text)
            with Path(self._log).open("a", encoding="utf-8") as log:
                log.write(safe)
        self._tell(code)
