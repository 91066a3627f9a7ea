"""Answers that spreadsheets open, and cells in them that would be computed. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from l7audit.target.operation import Operation
from l7audit.target.words import all_words, says

TYPES = ("text/csv", "application/csv", "text/tab-separated-values", "application/vnd.ms-excel")
ACCEPT = {"Accept": "text/csv, */*;q=0.1"}
_NAMED = ("export", "csv", "tsv", "spreadsheet", "excel", "report", "download")
_MOST_CELLS = 20_000
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that spreadsheets compute (OWASP, CSV injection)."""


def formula(mark: str) -> str:
    """A text that a spreadsheet computes, and that holds a mark."""
    return f'=HYPERLINK("https://example.org/{mark}")'


def is_sheet(media: str) -> bool:
    """Whether a spreadsheet opens what has that media type."""
    return media.split(";")[0].strip().lower() in TYPES


def may_be_sheet(operation: Operation) -> bool:
    """Whether a read may answer a spreadsheet, by its document or by its name."""
    if operation.method != "GET":
        return False
    told = all_words([operation.name, operation.template])
    return any(map(is_sheet, operation.success)) or says(told, *_NAMED)


def computed(text: str, mark: str) -> bool:
    """Whether a cell that holds the mark begins as a formula does."""
    return any(mark in cell and cell.startswith(_ACTIVE) for cell in _cells(text))


def _cells(text: str) -> Iterator[str]:
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter)):
            if number >= _MOST_CELLS:
                return
            yield from row
    except csv.Error:
        return
