"""`controls.csv`: a row for each finding, and one for each control without any, for spreadsheets.

RFC 4180: UTF-8, CR LF, every cell quoted. A cell that a spreadsheet would take for a formula
begins with an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from l7audit.assess.results import ControlResult, Finding, Results
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import AnyRecord, Records
from l7audit_plugins.reporters.findings import Evidence, evidence, waiver_of
from l7audit_plugins.reporters.plain import line

COLUMNS = (
    "run",
    "control",
    "title",
    "area",
    "severity",
    "verdict",
    "reason",
    "operation",
    "part",
    "statement",
    "expected",
    "seen",
    "confidence",
    "fingerprint",
    "baseline",
    "waived_by",
    "waived_until",
    "waiver_reason",
    "url",
    "exchanges",
    "proof",
    "mappings",
    "remediation",
)
"""The header; a column is only ever added, at the end."""

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")  # noqa: RUF001  full-width counts


class CsvReporter(Reporter):
    """Writes `controls.csv`."""

    name = "csv"
    by_default = False

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes into `folder` and returns the file's path. Errors: `OSError`."""
        path = folder / "controls.csv"
        path.write_bytes(render(results, records).encode("utf-8"))
        return path


def render(results: Results, records: Iterable[AnyRecord]) -> str:
    """The table as text, in the order of the control ids."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS, restval="", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    table.writeheader()
    for row in _rows(results, evidence(results, records)):
        table.writerow({column: cell(value) for column, value in row.items()})
    return text.getvalue()


def cell(value: str) -> str:
    """A value as a spreadsheet may show it: one line, bounded, and never a formula."""
    text = line(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(results: Results, seen: Evidence) -> Iterator[dict[str, str]]:
    for control in results.controls:
        row = {"run": results.run} | _control(control)
        for finding in control.findings:
            yield row | _finding(finding, results, seen)
        if not control.findings:
            yield row
    for left_out in results.out_of_scope:
        yield {
            "run": results.run,
            "control": left_out.control,
            "title": left_out.title,
            "area": left_out.control.split("-")[0],
            "verdict": "out_of_scope",
            "reason": left_out.reason,
        }


def _control(control: ControlResult) -> dict[str, str]:
    return {
        "control": control.id,
        "title": control.title,
        "area": control.area,
        "severity": control.severity.value,
        "verdict": control.verdict.value,
        "reason": control.reason,
        "proof": control.proof.state,
        "mappings": "; ".join(f"{name}: {', '.join(i)}" for name, i in control.mappings.items()),
        "remediation": control.remediation,
    }


def _finding(finding: Finding, results: Results, seen: Evidence) -> dict[str, str]:
    waiver = waiver_of(results, finding)
    shot = seen.shot(finding)
    baseline = results.baseline
    return {
        "operation": finding.place.operation,
        "part": finding.place.part,
        "statement": finding.statement,
        "expected": finding.expected,
        "seen": finding.seen,
        "confidence": finding.confidence.value,
        "fingerprint": finding.fingerprint,
        "baseline": ""
        if baseline is None
        else "unchanged"
        if finding.fingerprint in baseline.unchanged
        else "new",
        "waived_by": waiver.owner if waiver else "",
        "waived_until": waiver.expires if waiver else "",
        "waiver_reason": waiver.reason if waiver else "",
        "url": shot.url if shot else "",
        "exchanges": " ".join(finding.exchanges[:20]),
    }


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """The CSV reporter."""
    return CsvReporter()
