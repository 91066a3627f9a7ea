"""What the tests of the command line share: a run that never happened, and a way to call verbs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import pytest

from l7audit.assess.assess import assess
from l7audit.assess.results import Results
from l7audit.cli.main import ending
from l7audit.exits import Exit
from l7audit.journal import (
    FORMAT,
    AnyRecord,
    CheckEnded,
    CheckStarted,
    Record,
    RunEnded,
    RunStarted,
    Skipped,
    Violation,
    Witness,
)
from l7audit.model import Control, Place, Severity, Verdict
from l7audit.rendering import Outcome


@dataclass(frozen=True)
class Said:
    """What a verb ended with: the exit code and both streams."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls the program as a shell would, in this process."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Said:
        code = ending(arguments)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return run


def control(name: str, severity: Severity = Severity.HIGH, **more: object) -> Control:
    """A control whose title says which it is."""
    fields = {
        "id": name,
        "title": f"Title of {name}",
        "severity": severity,
        "rationale": "Why",
        "remediation": "How",
        "mappings": {"OWASP API 2023": ["API2"]},
        "defects": [f"{name.lower()}.broken"],
    }
    return msgspec.convert(fields | more, Control)


@dataclass(frozen=True)
class Story:
    """The records of a run: what each control came to, in the order it was decided."""

    verdicts: dict[str, Verdict]
    skipped: Sequence[Skipped] = ()
    severity: Severity = Severity.HIGH
    outcome: str = "completed"
    target: str = "https://127.0.0.1:8443"
    provider: str = "embedded"

    def plan(self) -> RunStarted:
        return RunStarted(
            format=FORMAT,
            run="r1",
            seed=7,
            target=self.target,
            provider=self.provider,
            controls=[control(c, self.severity) for c in self.verdicts],
            planned=list(self.verdicts),
            checks={c: [f"{c}::one", f"{c}::two"] for c in self.verdicts},
            out_of_scope=list(self.skipped),
            profile="reference",
        )

    def records(self) -> list[AnyRecord]:
        """Two checks a control; the second decides."""
        told: list[Record] = [self.plan()]
        for name, verdict in self.verdicts.items():
            for check in (f"{name}::one", f"{name}::two"):
                last = check.endswith("two")
                said = verdict if last or verdict is Verdict.NOT_APPLICABLE else Verdict.PASS
                told += self._check(name, check, said)
        told.append(RunEnded(outcome=self.outcome, seconds=12.5))
        return [
            msgspec.structs.replace(record, seq=number, time=1_700_000_000.0 + number)  # type: ignore[misc]
            for number, record in enumerate(told, start=1)
        ]

    def _check(self, name: str, check: str, verdict: Verdict) -> list[Record]:
        told: list[Record] = [CheckStarted(check=check, control=name)]
        told.append(Witness(check=check, control=name, statement="It can.", held=True))
        if verdict is Verdict.FAIL:
            told.append(
                Violation(
                    check=check,
                    control=name,
                    place=Place(operation="GET /things"),
                    statement=f"{name} was seen to break.",
                    fingerprint=f"f-{name}",
                )
            )
        reason = "" if verdict is Verdict.PASS else f"{name} is {verdict.value}."
        told.append(
            CheckEnded(check=check, control=name, verdict=verdict, reason=reason, seconds=0.5)
        )
        return told

    def results(self) -> Results:
        return assess(self.records(), date(2026, 1, 1))

    def outcome_in(self, folder: Path) -> Outcome:
        results = self.results()
        files = (folder / "results.json", folder / "report.html")
        return Outcome(folder, results, files, Exit(results.gate.exit_code))


@pytest.fixture
def story() -> type[Story]:
    """The class, so that a test tells its own run."""
    return Story


@pytest.fixture
def a_control() -> Callable[..., Control]:
    """A control by its id."""
    return control
