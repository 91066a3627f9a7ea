"""An audit in the caller's own pytest process: one process, pytest's output, the same journal."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from l7audit import catalogue as catalogues
from l7audit import plugins as plugin_loader
from l7audit import profile as profiles
from l7audit.errors import AuditError, JournalError
from l7audit.folders import JOURNAL, new_folder
from l7audit.harness.hooks import Hooks, check_id, control_id
from l7audit.harness.running import Running
from l7audit.history import Keeper, of_user
from l7audit.journal import Journal, Record, RunEnded
from l7audit.planning import Plan
from l7audit.profile import Profile
from l7audit.recorder import Recorder
from l7audit.rendering import Outcome, render
from l7audit.session import Options, begin


class Standalone(Hooks):
    """Opens the target once pytest knows what to run, and reports when it is done."""

    def __init__(self, config: pytest.Config) -> None:
        option = config.getoption
        if option("numprocesses", default=None) or hasattr(config, "workerinput"):
            raise pytest.UsageError(
                "An audit has one journal, which pytest's worker processes cannot share. "
                "Leave -n out, or let the audit share out its checks itself: l7audit run --jobs N"
            )
        try:
            self._plugins = plugin_loader.load()
            self._profile = _targeted(
                profiles.load(option("l7audit_profile")), option("l7audit_target") or ""
            )
        except AuditError as error:
            raise pytest.UsageError(str(error)) from error
        out = option("l7audit_out")
        self._out = Path(out) if out else None
        self._seed = option("l7audit_seed")
        self._history = Keeper(of_user())
        self._open = ExitStack()
        self._recorder: Recorder | None = None
        self._folder = Path()
        self._started = time.time()
        self._outcome: Outcome | None = None
        self._trouble = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Opens the target for the collected checks; those out of scope are skipped by name."""
        wanted = {c for c in map(control_id, session.items) if c}
        if not wanted or session.config.option.collectonly:
            return
        try:
            planned = self._start(session, sorted(wanted))
        except AuditError as error:
            self._recorder = None  # there is no run to end
            self._open.close()
            raise pytest.UsageError(str(error)) from error
        reasons = {s.control: s.reason for s in planned.out_of_scope}
        for item in session.items:
            if control_id(item) in reasons:
                item.add_marker(pytest.mark.skip(reason=reasons[control_id(item)]))

    def _start(self, session: pytest.Session, wanted: list[str]) -> Plan:
        catalogue = catalogues.load([s.package for s in self._plugins.suites])
        provider = self._plugins.provider(self._profile.target.provider)
        self._folder = new_folder(self._out)
        target = self._open.enter_context(provider.open(self._profile, self._folder, _quietly))
        journal = self._open.enter_context(Journal(self._folder / JOURNAL))
        self._recorder = Recorder(journal, self._plugins)
        chosen = {check_id(item) for item in session.items}
        work = begin(
            self._profile,
            Options(seed=self._seed, select=tuple(wanted), history=self._history),
            catalogue,
            target,
            self._recorder,
            self._plugins,
            only=frozenset(chosen),
        )
        self.running = Running(work.context, lambda record: self._keep(session, record))
        self._started = work.started
        return work.plan

    def _keep(self, session: pytest.Session, record: Record) -> None:
        """Writes a record; where that fails no further check runs, as nothing can be kept."""
        assert self._recorder is not None  # there is one as long as checks run
        try:
            self._recorder(record)
        except JournalError as error:
            self._trouble = str(error)
            session.shouldstop = "the journal cannot be written"
            raise

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Writes the run's end, stops the target and renders the reports."""
        if self._recorder is None:
            return
        outcome = "interrupted" if exitstatus == pytest.ExitCode.INTERRUPTED else "completed"
        try:
            self._recorder(RunEnded(outcome=outcome, seconds=time.time() - self._started))
            if self.running is not None:
                self.running.close()
            self._open.close()
            self._outcome = render(
                self._folder / JOURNAL, self._plugins, self._folder, self._profile.reports
            )
            self._history.add(self._outcome.results, self._folder)
        except AuditError as error:
            self._trouble = str(error)
            session.exitstatus = int(error.exit)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Says the gate's decision and where the report is, or why there is none."""
        if self._trouble:
            terminalreporter.section("l7audit")
            terminalreporter.line(self._trouble)
        if self._outcome is None:
            return
        results = self._outcome.results
        terminalreporter.section("l7audit")
        terminalreporter.line(f"gate {results.gate.decision}: {results.gate.reason}")
        terminalreporter.line(f"score {results.score:.1f}, coverage {results.coverage:.0%}")
        terminalreporter.line(f"reports in {self._outcome.folder}")
        for trouble in self._history.troubles:
            terminalreporter.line(trouble)

    def pytest_unconfigure(self) -> None:
        """Stops the target even where pytest ended early."""
        self._open.close()


def _quietly(_: str) -> None:
    """pytest has an output of its own; slow steps before it stay unsaid."""


def _targeted(profile: Profile, url: str) -> Profile:
    """The profile with another target's address."""
    if not url:
        return profile
    target = msgspec.structs.replace(profile.target, provider="external", url=url)
    return msgspec.structs.replace(profile, target=target)
