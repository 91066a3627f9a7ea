"""How pytest runs checks: the `check` fixture, and what the end of a check's function means."""

from __future__ import annotations

import time
from collections.abc import Generator

import pytest

from l7audit.errors import JournalError
from l7audit.harness.check import Check
from l7audit.harness.running import Running
from l7audit.model import Verdict

ENDINGS = (Exception, SystemExit, pytest.fail.Exception, pytest.skip.Exception)
"""What a check's function may end with. pytest's own outcomes are no `Exception`s."""

_CHECK = pytest.StashKey[Check]()


class Hooks:
    """A pytest plugin object; `running` is the run whose checks pytest runs, once there is one."""

    running: Running | None = None

    @pytest.hookimpl
    def pytest_configure(self, config: pytest.Config) -> None:
        """Makes the marker known, so that `--strict-markers` finds typing errors."""
        config.addinivalue_line("markers", "control(id): the control that this check tests")

    @pytest.fixture
    def check(self, request: pytest.FixtureRequest) -> Check:
        """The check's view of the target."""
        assert self.running is not None  # opened before pytest runs anything
        return _begun(self.running, request.node)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Forgets what an item was as a check: in another job it is another one."""
        try:
            return (yield)
        finally:
            if _CHECK in item.stash:
                del item.stash[_CHECK]

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Runs the check's function and turns its end into a verdict and a pytest outcome."""
        check = pyfuncitem.stash.get(_CHECK, None)
        if check is None or self.running is None:
            return (yield)
        started = time.perf_counter()
        trouble: BaseException | None = None
        try:
            yield
        except ENDINGS as error:
            trouble = error
        end = self.running.end(check, trouble, started)
        if end.verdict is Verdict.ERROR and trouble is not None and not _aborts(trouble):
            raise trouble
        if end.verdict is Verdict.NOT_APPLICABLE:
            pytest.skip(end.reason)
        if end.verdict is not Verdict.PASS:
            pytest.fail(f"{check.control.id} {end.verdict}: {end.reason}", pytrace=False)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Ends a check whose function was never reached: a fixture of its suite ended it."""
        running = self.running
        trouble = call.excinfo.value if call.when == "setup" and call.excinfo else None
        unkept = isinstance(trouble, JournalError)  # nor could its end be kept
        known = running is not None and control_id(item) in running.context.controls
        if running is not None and known and trouble is not None and not unkept:
            check = item.stash.get(_CHECK, None) or _begun(running, item)
            running.end(check, trouble, time.perf_counter() - call.duration)
        return (yield)


def _begun(running: Running, item: pytest.Item) -> Check:
    """An item as a check that has begun."""
    control = running.context.controls[control_id(item)]
    check = item.stash[_CHECK] = running.begin(control, check_id(item))
    return check


def control_id(item: pytest.Item) -> str:
    """The control that an item tests; empty where it is no check of ours."""
    marker = item.get_closest_marker("control")
    return str(marker.args[0]) if marker and marker.args else ""


def check_id(item: pytest.Item) -> str:
    """A check's name, the same on every machine: `area/test_file.py::test_name`."""
    return f"{item.path.parent.name}/{item.path.name}::{item.name}"


def _aborts(error: BaseException) -> bool:
    """Whether raising it again would end pytest, and with it the checks that are still to come."""
    return isinstance(error, SystemExit | pytest.exit.Exception)
