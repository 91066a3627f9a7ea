"""Journals for tests, told as short stories and numbered as the writer would."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from l7audit.journal import (
    FORMAT,
    AnyRecord,
    CheckEnded,
    CheckStarted,
    Measurement,
    Record,
    RunEnded,
    RunStarted,
    Skipped,
    Violation,
    Witness,
)
from l7audit.model import (
    Control,
    DocumentedTarget,
    GatePolicy,
    Place,
    Severity,
    Verdict,
    Waiver,
)

START = 1_790_000_000.0  # 2026-09-21


class Story:
    """A run in the making: `Story().control("A-01").check("A-01").end()`."""

    def __init__(self, **plan: Any) -> None:
        self.plan = plan
        self.controls: list[Control] = []
        self.checks: dict[str, list[str]] = {}
        self.out_of_scope: list[Skipped] = []
        self.body: list[Record] = []

    def control(
        self, name: str, severity: Severity = Severity.MEDIUM, checks: int = 1, **more: Any
    ) -> Story:
        """Plans a control with that many checks, `NAME::1` and so on."""
        self.controls.append(
            Control(
                id=name,
                title=f"Title of {name}",
                severity=severity,
                rationale="Because.",
                remediation="Mend it.",
                mappings={"OWASP API 2023": ["API2"]},
                **more,
            )
        )
        self.checks[name] = [f"{name}::{number}" for number in range(1, checks + 1)]
        return self

    def check(
        self,
        control: str,
        verdict: Verdict = Verdict.PASS,
        *,
        number: int = 1,
        witness: bool | None = True,
        finding: str = "",
        reason: str = "A reason.",
        **violation: Any,
    ) -> Story:
        """Runs a check to its end; a failed one has a violation with `finding` as fingerprint."""
        name = f"{control}::{number}"
        self.body.append(CheckStarted(check=name, control=control))
        if witness is not None:
            self.body.append(
                Witness(check=name, control=control, statement="The key is taken.", held=witness)
            )
        if verdict == Verdict.FAIL or finding:
            self.violation(control, number, finding or f"{name}-fp", **violation)
        self.body.append(
            CheckEnded(
                check=name,
                control=control,
                verdict=verdict,
                reason="" if verdict == Verdict.PASS else reason,
                seconds=0.5,
            )
        )
        return self

    def violation(self, control: str, number: int, fingerprint: str, **more: Any) -> Story:
        more.setdefault("place", Place(operation="GET /things/{id}", part=fingerprint))
        self.body.append(
            Violation(
                check=f"{control}::{number}",
                control=control,
                statement="It answered 200 without a key.",
                fingerprint=fingerprint,
                **{"exchanges": ["e1"], **more},
            )
        )
        return self

    def measure(self, control: str, documented: str, *, number: int = 1, **more: Any) -> Story:
        more.setdefault("name", documented)
        more.setdefault("unit", "ratio")
        self.body.append(
            Measurement(
                check=f"{control}::{number}", control=control, documented=documented, **more
            )
        )
        return self

    def add(self, *records: Record) -> Story:
        self.body.extend(records)
        return self

    def end(self, outcome: str = "completed") -> list[AnyRecord]:
        """All records, with the end of the run; no outcome leaves it open."""
        first = RunStarted(
            format=FORMAT,
            run="run-1",
            seed=7,
            target="https://127.0.0.1:8443",
            provider="embedded",
            controls=self.controls,
            planned=[c.id for c in self.controls],
            checks=self.checks,
            out_of_scope=self.out_of_scope,
            **self.plan,
        )
        records: list[Record] = [first, *self.body]
        if outcome:
            records.append(RunEnded(outcome=outcome, seconds=3.0))
        return [
            msgspec.structs.replace(r, seq=number, time=START + number)  # type: ignore[misc]
            for number, r in enumerate(records, start=1)
        ]


@pytest.fixture(scope="session")
def story() -> type[Story]:
    """The teller of runs."""
    return Story


@pytest.fixture(scope="session")
def lenient() -> GatePolicy:
    """A gate that only wants something to be assessed."""
    return GatePolicy(minimum_score=0, minimum_coverage=0, fail_on=[])


@pytest.fixture(scope="session")
def ratio() -> DocumentedTarget:
    return DocumentedTarget(
        id="uptime", statement="Up.", section="Operations", unit="ratio", at_least=0.999
    )


@pytest.fixture(scope="session")
def waiver() -> Waiver:
    return Waiver(
        control="AA-01", owner="ann", reason="Accepted until the move.", expires="2026-09-21"
    )
