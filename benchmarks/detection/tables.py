"""The rows that are told: on the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_ROW = "{:<12} {:<13} {:>7} {:>6} {:>6} {:>5} {:>7} {:>9} {:>8}"
_COLUMNS = (
    "service", "tool", "planted", "found", "false", "weak", "beside", "requests", "seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """What a tool came to at a service: `false` and `weak` are of the sound twin, the rest of the
    weak one."""

    service: str
    tool: str
    planted: int
    found: int
    false: int
    weak: int
    beside: int
    requests: int
    seconds: float
    note: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        numbers = (self.planted, self.found, self.false, self.weak, self.beside, self.requests)
        return (self.service, self.tool, *map(str, numbers), f"{self.seconds:.0f}")


def total(tool: str, rows: Sequence[Row]) -> Row:
    """All services of a tool in one row."""
    own = [row for row in rows if row.tool == tool]
    return Row(
        service="all",
        tool=tool,
        planted=sum(r.planted for r in own),
        found=sum(r.found for r in own),
        false=sum(r.false for r in own),
        weak=sum(r.weak for r in own),
        beside=sum(r.beside for r in own),
        requests=sum(r.requests for r in own),
        seconds=sum(r.seconds for r in own),
    )


def header() -> str:
    """The names of the columns, for the terminal."""
    return _ROW.format(*_COLUMNS)


def line(row: Row) -> str:
    """A row for the terminal."""
    return _ROW.format(*row.cells)


def markdown(rows: Sequence[Row], totals: Sequence[Row], circumstances: str) -> str:
    """A table of the totals, and one a service; notes stand below."""
    tables = [f"Measured {circumstances}.\n", _table("All services", totals)]
    for service in dict.fromkeys(row.service for row in rows):
        tables.append(_table(service.capitalize(), [r for r in rows if r.service == service]))
    return "\n".join(tables)


def _table(title: str, rows: Sequence[Row]) -> str:
    lines = [f"### {title}", "", "| " + " | ".join(_COLUMNS[1:]) + " |", "|---" + "|---:" * 7 + "|"]
    lines += ["| " + " | ".join(row.cells[1:]) + " |" for row in rows]
    lines += ["", *(f"{row.tool}: {row.note}.\n" for row in rows if row.note)]
    return "\n".join(lines)
