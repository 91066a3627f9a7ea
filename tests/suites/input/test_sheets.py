from __future__ import annotations

import csv
import io

import pytest

from l7audit_suites.input.sheets import computed, formula, is_sheet

MARK = "lqword"


def sheet(cell: str, delimiter: str = ",") -> str:
    written = io.StringIO()
    rows = csv.writer(written, delimiter=delimiter)
    rows.writerows([("id", "note", "at"), ("1", cell, "2030-01-01")])
    return written.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_formula_is_seen_whatever_divides_the_cells(delimiter: str) -> None:
    assert computed(sheet(formula(MARK), delimiter), MARK)


@pytest.mark.parametrize("cell", [f"'{formula(MARK)}", f" {formula(MARK)}", MARK, "=1+1"])
def test_a_text_that_is_kept_as_one_and_a_formula_of_others_are_none_of_ours(cell: str) -> None:
    assert not computed(sheet(cell), MARK)


def test_what_spreadsheets_open_is_told_by_its_type() -> None:
    assert is_sheet("text/csv; charset=utf-8")
    assert not is_sheet("application/json")
