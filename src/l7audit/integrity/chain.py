"""Which record of a journal was changed, dropped, added or moved, as exactly as it can be told.

Each record keeps the digest of the line before, and the manifest that of the last line. A record
is vouched for by the one after it: so a break before a record that is itself vouched for means
that the record before the break was changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import msgspec

from l7audit.integrity.manifest import JournalEnd
from l7audit.journal import digest
from l7audit.journal.reading import LONGEST

MOST = 5
"""Records of one kind that are named; more of them say nothing new."""


class _Head(msgspec.Struct):
    """What any record has, whatever else was done to it."""

    type: str
    seq: int = 0
    prev: str = ""
    check: str = ""


_heads = msgspec.json.Decoder(_Head)


@dataclass(slots=True)
class _Named:
    """The first few of some records, and how many there are."""

    first: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, name: str) -> None:
        self.count += 1
        if self.count <= MOST:
            self.first.append(name)

    def __str__(self) -> str:
        more = self.count - len(self.first)
        return ", ".join(self.first) + (f" and {more:,} more" if more else "")


def troubles(file: BinaryIO, end: JournalEnd) -> Iterator[str]:
    """Sentences without their full stop, each about records; none for a journal that is whole.

    Reads the file once, a line at a time. `end` is what the manifest says of it.
    """
    return _Reading(end).sentences(file)


class _Reading:
    """One way through a journal. `_last` is the highest number that was due so far."""

    def __init__(self, end: JournalEnd) -> None:
        self._end = end
        self._last = 0
        self._broken: list[str] = []  # records in a row that the next one does not vouch for
        self._missing: dict[int, None] = {}
        self._absent = 0
        self._kinds = {kind: _Named() for kind in ("moved", "added", "no record")}

    def sentences(self, file: BinaryIO) -> Iterator[str]:
        before, label, number, disturbed = "", "", 0, False
        while line := file.readline(LONGEST):
            if not line.endswith(b"\n"):
                break  # cut by a kill, or added behind the end: the file's digest tells
            number += 1
            line = line[:-1]
            head = _head(line)
            if head is None:
                self._kinds["no record"].add(f"line {number}")
                disturbed, before, label = True, digest(line), ""
                continue
            linked = head.prev == before or number == head.seq == 1
            named = _label(head)
            if head.seq != self._last + 1 and not linked:
                self._misplaced(head.seq, named)
                disturbed = True
            else:
                if not linked and not disturbed:
                    self._broken.append(label)
                elif self._broken:
                    yield self._changed()
                self._last += 1
                disturbed = False
            before, label = digest(line), named
        if self._end.records == self._last and self._end.head != before and not disturbed:
            self._broken.append(label)
        if self._broken:
            yield self._changed()
        yield from self._others()

    def _misplaced(self, seq: int, named: str) -> None:
        if seq > self._last:
            self._absent += seq - self._last - 1
            for gone in range(self._last + 1, min(seq, self._last + 1 + MOST)):
                self._missing[gone] = None
            self._last = seq
        elif seq in self._missing:
            del self._missing[seq]
            self._absent -= 1
            self._kinds["moved"].add(named)
        else:
            self._kinds["added"].add(named)

    def _changed(self) -> str:
        *others, last = self._broken
        self._broken = []
        if not others:
            return f"{_capital(last)} was changed"
        with_it = others[-1] if len(others) == 1 else f"the {len(others):,} before it"
        return f"{_capital(last)} was changed, and perhaps {with_it}"

    def _others(self) -> Iterator[str]:
        for kind, named in self._kinds.items():
            if named.count:
                yield f"{_capital(str(named))} {'is' if kind == 'no record' else 'was'} {kind}"
        if self._absent:
            some = _Named([f"{n:,}" for n in list(self._missing)[:MOST]], self._absent)
            yield f"Missing: record {some}"
        if self._last < self._end.records:
            yield f"Its last {_counted(self._end.records - self._last, 'is', 'are')} missing"
        elif self._last > self._end.records:
            more = self._last - self._end.records
            yield f"{_counted(more, 'stands', 'stand')} behind the last that the manifest knows"


def _head(line: bytes) -> _Head | None:
    try:
        return _heads.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def _label(head: _Head) -> str:
    of = f" of {head.check}" if head.check else ""
    return f"record {head.seq:,} ({head.type}{of})"[:300]


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} record{'' if number == 1 else 's'} {one if number == 1 else many}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
