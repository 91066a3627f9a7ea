"""A run's own folder, small and with all that one may hold, and ways to tamper with bundles."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest

from l7audit import plugins as all_plugins
from l7audit import rendering
from l7audit.folders import CHECKS_LOG, JOURNAL, PROOF, VARIANTS
from l7audit.integrity.bundling import bundle
from l7audit.integrity.verifying import Rewrite
from l7audit.journal import (
    FORMAT,
    CheckEnded,
    CheckStarted,
    Exchange,
    Journal,
    Message,
    Record,
    RunEnded,
    RunStarted,
    Violation,
    Witness,
)
from l7audit.model import Control, Place, Severity, Verdict
from l7audit.plugins import Plugins

CONTROL = Control(
    id="AA-01",
    title="It is refused",
    severity=Severity.HIGH,
    rationale="Why",
    remediation="How",
    mappings={},
)


def story() -> list[Record]:
    """A failed control, with an exchange for each of some checks."""
    told: list[Record] = [
        RunStarted(
            format=FORMAT,
            run="r1",
            seed=7,
            target="http://127.0.0.1",
            provider="external",
            controls=[CONTROL],
            planned=["AA-01"],
            checks={"AA-01": ["aa::one", "aa::two"]},
        )
    ]
    for check in ("aa::one", "aa::two"):
        own = {"check": check, "control": "AA-01"}
        told += [
            CheckStarted(**own),
            Exchange(id=f"e-{check}", check=check, method="GET", url="/", request=Message()),
            Witness(**own, statement="It can.", held=True),
            Violation(
                **own, place=Place(operation="GET /"), statement="It opens.", fingerprint=check
            ),
            CheckEnded(**own, verdict=Verdict.FAIL),
        ]
    return [*told, RunEnded(outcome="completed", seconds=2.0)]


def write_journal(path: Path, records: Sequence[Record]) -> None:
    """A journal at times that never change."""
    with Journal(path) as journal:
        for number, record in enumerate(records):
            journal.append(msgspec.structs.replace(record, time=1_790_000_000.0 + number))


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    return all_plugins.load(third_party=False)


@pytest.fixture(scope="session")
def rewrite(plugins: Plugins) -> Rewrite:
    """Only `results.json`: the thousands of times that tests verify, the page is not drawn."""
    return lambda records, _, folder: rendering.rewrite(records, ["json"], folder, plugins)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, plugins: Plugins) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "20260101T000000Z"
    (folder / VARIANTS).mkdir(parents=True)
    write_journal(folder / JOURNAL, story())
    write_journal(folder / VARIANTS / "aa.open.jsonl", story()[:3])
    (folder / CHECKS_LOG).write_text("said by a check\n")
    (folder / PROOF).write_text("{}\n")
    (folder / "stack").mkdir()
    (folder / "stack" / "secret.key").write_text("the target's own")
    rendering.render(folder / JOURNAL, plugins, folder, ["json"])
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A run's folder of the test's own."""
    return Path(shutil.copytree(made, tmp_path / made.name))


@pytest.fixture(scope="session")
def packed(made: Path, rewrite: Rewrite) -> bytes:
    """The bytes of its bundle, unsigned."""
    return bundle(made, made.with_name("packed.zip"), rewrite).path.read_bytes()


@pytest.fixture
def render(plugins: Plugins) -> Callable[[Path], object]:
    """Writes a run's reports and its manifest again."""
    return lambda folder: partial(rendering.render, plugins=plugins, reporters=["json"])(
        folder / JOURNAL, folder=folder
    )
