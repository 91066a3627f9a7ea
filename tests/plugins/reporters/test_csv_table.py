from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l7audit.assess.results import Results
from l7audit.journal import Records
from l7audit_plugins.reporters.csv_table import COLUMNS, cell, render

# RFC 4180, section 2, with every field quoted.
_RECORD = re.compile(r'"(?:[^"]|"")*"(?:,"(?:[^"]|"")*")*\r\n')


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_there_is_a_row_for_each_finding_and_for_each_control_without_any(
    results: Results, records: Records
) -> None:
    rows = read(render(results, records))
    told = [(r["control"], r["fingerprint"]) for r in rows]
    wanted = [
        (c.id, fingerprint)
        for c in results.controls
        for fingerprint in [f.fingerprint for f in c.findings] or [""]
    ]
    assert told == [*wanted, ("RESIL-01", "")]
    assert rows[-1]["verdict"] == "out_of_scope"


def test_a_row_says_what_was_seen_where_and_who_accepted_it(
    results: Results, records: Records
) -> None:
    row = next(r for r in read(render(results, records)) if r["control"] == "CORS-03")
    wanted = {
        "severity": "medium",
        "verdict": "fail",
        "operation": "GET /agents",
        "part": "CORS case 1",
        "seen": "200",
        "baseline": "new",
        "waived_by": "platform team",
        "waived_until": "2026-12-31",
        "url": "https://127.0.0.1:8443/agents?limit=1",
        "mappings": "OWASP API 2023: API2; NIST 800-53: IA-5, AC-3",
    }
    assert {name: row[name] for name in wanted} == wanted


@pytest.mark.parametrize("spoil", [False, True])
def test_it_keeps_to_rfc_4180(request: pytest.FixtureRequest, spoil: bool) -> None:
    results: Results = request.getfixturevalue("spoiled" if spoil else "results")
    text = render(results, request.getfixturevalue("spoiled_records" if spoil else "records"))
    lines = text.splitlines(keepends=True)
    assert "".join(_RECORD.findall(text)) == text
    assert len(lines) == len(read(text)) + 1
    assert {len(row) for row in csv.reader(lines, strict=True)} == {len(COLUMNS)}


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r\n=1",
        "  =1",
        "＝1",  # noqa: RUF001  a full-width sign counts as one
        "|cmd",
        "%0A=1",
    ],
)
def test_a_formula_becomes_text(formula: str) -> None:
    assert cell(formula).startswith("'")


@given(st.text(max_size=40))
def test_no_cell_begins_like_a_formula_or_holds_a_break(text: str) -> None:
    shown = cell(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n", " "))
    assert len(shown.splitlines()) <= 1


def test_whatever_the_target_says_no_cell_is_a_formula(
    spoiled: Results, spoiled_records: Records
) -> None:
    rows = read(render(spoiled, spoiled_records))
    assert any(value.startswith("'=cmd") for row in rows for value in row.values())
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
