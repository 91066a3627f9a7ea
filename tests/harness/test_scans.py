"""Scanners asked by checks: once, with a specimen, and no pass where they could not say."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from booth.service import Booth

from l7audit import plugins as all_plugins
from l7audit.errors import ScanError
from l7audit.harness.check import Check
from l7audit.harness.running import Running
from l7audit.harness.saying import Ended
from l7audit.hookspecs import Scanner
from l7audit.journal import Exchange, Observation, Record, Violation, Witness, of_type
from l7audit.model import Confidence, Place, Severity, Verdict
from l7audit.probe.request import Request
from l7audit.scanning import Ground, Scan, Weakness

PLACE = Place(operation="GET /things", part="rule")


class Looking(Scanner):
    """Sends two requests, one of which shows something."""

    name = "looking"
    distribution = "l7audit"
    found = True
    places: tuple[Place, ...] = (Place(operation="GET /things"),)
    asked = 0

    def scan(self, ground: Ground) -> Scan:
        type(self).asked += 1
        assert not list(ground.folder.iterdir())
        told, _ = [ground.sessions.probe.send(Request("GET", "/things")) for _ in range(2)]
        weakness = Weakness(
            "r", PLACE, "it is odd", Severity.LOW, Confidence.STRONG, exchanges=(told.exchange,)
        )
        return Scan(self.places, "things", "a specimen is seen", self.found, (weakness,))


class Blind(Looking):
    found = False


class Idle(Looking):
    places = ()


class Absent(Looking):
    distribution = "no-such-distribution"
    mend = "pip install it"


class Broken(Looking):
    def scan(self, ground: Ground) -> Scan:
        raise ZeroDivisionError("oops")


class Unable(Looking):
    def scan(self, ground: Ground) -> Scan:
        raise ScanError("There is nothing to read.", mend="Name it.")


@pytest.fixture
def running(booth: Booth, context: Any, records: list[Record]) -> Any:
    kinds = (Looking, Blind, Idle, Absent, Broken, Unable)
    where = {k.__name__.lower(): f"{__name__}:{k.__name__}" for k in kinds}
    opened = Running(context(booth, scanners=where), records.append)
    yield opened
    opened.close()


def check_of(
    running: Running, records: list[Record], name: str = "aa/test_aa.py::test_one"
) -> Check:
    probe = running.probe.for_check(name)
    return Check(
        running.context,
        running.context.controls["AA-01"],
        name,
        records.append,
        running.model,
        probe,
        running.sessions.using(probe),
        running.scans,
    )


def judged(check: Check, scanner: str) -> Ended:
    try:
        scan = check.scan(scanner)
        check.accuse(scan, scan.weaknesses)
    except Ended as ended:
        return check.close(ended)
    return check.close()


def test_a_weakness_becomes_a_finding_with_its_exchange_and_no_other(
    running: Running, records: list[Record]
) -> None:
    check = check_of(running, records)
    assert judged(check, "looking").verdict is Verdict.FAIL
    (violation,) = of_type(records, Violation)
    assert violation.fingerprint == check.fingerprint(PLACE)
    (exchange,) = of_type(records, Exchange)
    assert violation.exchanges == [exchange.id]
    assert exchange.check == check.name
    assert [w.held for w in of_type(records, Witness)] == [True]
    (said,) = of_type(records, Observation)
    assert said.statement.endswith("looked at 1 things.")


def test_a_scanner_is_asked_once_for_all_checks(running: Running, records: list[Record]) -> None:
    before = Looking.asked
    for name in ("a/test_a.py::test_a", "a/test_a.py::test_b"):
        assert judged(check_of(running, records, name), "looking").verdict is Verdict.FAIL
    assert Looking.asked == before + 1
    assert len(list(of_type(records, Exchange))) == 1


def test_what_is_not_accused_passes(running: Running, records: list[Record]) -> None:
    check = check_of(running, records)
    check.accuse(check.scan("looking"), ())
    assert check.close().verdict is Verdict.PASS
    assert check.looked_at == list(Looking.places)


@pytest.mark.parametrize(
    ("scanner", "sentence"),
    [
        ("blind", "The opening witness did not hold: a specimen is seen."),
        ("idle", "looked at 0 things: a pass would mean nothing."),
    ],
)
def test_a_scanner_that_sees_nothing_lets_nothing_pass(
    running: Running, records: list[Record], scanner: str, sentence: str
) -> None:
    ended = judged(check_of(running, records), scanner)
    assert ended.verdict is Verdict.INCONCLUSIVE
    assert ended.reason.endswith(sentence)


@pytest.mark.parametrize(
    ("scanner", "sentence"),
    [
        ("absent", "The scanner 'absent' is not installed. pip install it"),
        ("broken", "The scanner 'broken' broke: ZeroDivisionError: oops."),
        ("unable", "There is nothing to read. Name it."),
        ("nobody", "No plugin offers the scanner 'nobody'."),
    ],
)
def test_a_scanner_that_cannot_say_ends_each_check_with_its_sentence(
    running: Running, records: list[Record], scanner: str, sentence: str
) -> None:
    for _ in range(2):
        with pytest.raises(ScanError) as caught:
            check_of(running, records).scan(scanner)
        assert str(caught.value) == sentence


def test_the_scanner_of_the_page_on_hooks_serves_a_control(
    booth: Booth,
    context: Any,
    records: list[Record],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text(encoding="utf-8")
    (code,) = [b for b in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "too_long" in b]
    (tmp_path / "too_long_texts.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    offered = importlib.import_module("too_long_texts")
    plugins = all_plugins.load(third_party=False, extra=[offered])
    opened = Running(context(booth, scanners=plugins.scanner_classes), records.append)
    try:
        assert judged(check_of(opened, records), "lines").verdict is Verdict.PASS
    finally:
        opened.close()
