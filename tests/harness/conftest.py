"""A check on a booth, without pytest around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from booth.service import Booth
from booth.suite import Suite

from l7audit.harness.check import Check
from l7audit.harness.context import Context
from l7audit.harness.crew import Worker
from l7audit.harness.running import Running
from l7audit.harness.serving import Job
from l7audit.journal import CheckEnded, Record, of_type
from l7audit.model import Control, Safety, Severity, Target
from l7audit.profile import Budget

MakeCheck = Callable[..., Check]


def a_control(name: str = "AA-01") -> Control:
    """A control of that id."""
    return Control(
        id=name,
        title="A title",
        severity=Severity.HIGH,
        rationale="Why",
        remediation="How",
        mappings={},
    )


def a_context(target: Target, document: bytes, *ids: str, **more: object) -> Context:
    """What a process needs to check the target."""
    fields: dict[str, object] = {
        "target": target,
        "document": document.decode(),
        "seed": 7,
        "controls": {i: a_control(i) for i in ids or ("AA-01",)},
        "budget": Budget(timeout=5),
        "safety": Safety.DISRUPTIVE,
    }
    return Context(**(fields | more))  # type: ignore[arg-type]


@pytest.fixture
def context() -> Callable[..., Context]:
    """Makes a context for a booth and some controls."""

    def make(booth: Booth, *ids: str, **more: object) -> Context:
        return a_context(booth.target, booth.document, *ids, **more)

    return make


@pytest.fixture
def records() -> list[Record]:
    """What the check wrote."""
    return []


@pytest.fixture
def make_check(booth: Booth, records: list[Record]) -> Iterator[MakeCheck]:
    """Begins checks as `Running` does; a target and a document may stand in for the booth's."""
    opened: list[Running] = []

    def make(document: bytes | None = None, **target: object) -> Check:
        aim = msgspec.structs.replace(booth.target, **target)
        context = a_context(aim, booth.document if document is None else document)
        running = Running(context, records.append)
        opened.append(running)
        probe = running.probe.for_check("aa/test_aa.py::test_one")
        return Check(
            context,
            context.controls["AA-01"],
            "aa/test_aa.py::test_one",
            records.append,
            running.model,
            probe,
            running.sessions.using(probe),
        )

    yield make
    for running in opened:
        running.close()


@pytest.fixture
def check(make_check: MakeCheck) -> Check:
    """A check on the sound booth."""
    return make_check()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workers' pytest writes."""
    return tmp_path_factory.mktemp("log") / "checks.log"


@pytest.fixture(scope="module")
def worker(log: Path) -> Iterator[Worker]:
    """A process that runs checks."""
    started = Worker(str(log))
    yield started
    started.kill()


@pytest.fixture
def audit(
    worker: Worker, booth: Booth, make_suite: Callable[..., Suite], records: list[Record]
) -> Callable[..., dict[str, CheckEnded]]:
    """Writes checks and runs them in one job; their ends by control. All is in `records`."""

    def run(checks: dict[str, str], *, by: Worker = worker, **more: Any) -> dict[str, CheckEnded]:
        written = make_suite(checks, **{k: more.pop(k) for k in ("head", "fields") if k in more})
        context = a_context(booth.target, booth.document, *checks, **more)
        by.run(Job(context, written.catalogue.checks), records.append)
        ends = list(of_type(records, CheckEnded))
        assert len({e.check for e in ends}) == len(ends), "a check ended twice"
        return {e.control: e for e in ends}

    return run
