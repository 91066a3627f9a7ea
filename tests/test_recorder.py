"""Journal first, then the listeners; after a write that failed nothing more is written."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from l7audit import journal as journals
from l7audit import plugins as all_plugins
from l7audit.errors import JournalError
from l7audit.hookspecs import hookimpl
from l7audit.journal import AnyRecord, Journal, Observation, StackEvent
from l7audit.recorder import Recorder


class Listener:
    """Looks at the journal's file each time it is shown a record."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: list[AnyRecord] = []

    @hookimpl
    def l7audit_observe_record(self, record: AnyRecord) -> None:
        assert journals.encode(record) in self.path.read_bytes().splitlines()
        self.seen.append(record)


def noted(text: str) -> Observation:
    return Observation(check="c", control="AA-01", statement=text)


def test_a_record_is_in_the_journal_before_anybody_hears_of_it(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "journal.jsonl")
    with Journal(listener.path) as journal:
        record = Recorder(journal, all_plugins.load(third_party=False, extra=[listener]))
        for text in ("one", "two"):
            record(noted(text))
    assert [r.seq for r in listener.seen] == [1, 2]
    assert all(r.time for r in listener.seen)


def test_records_of_many_threads_stand_whole_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        record = Recorder(journal, all_plugins.load(third_party=False))

        def work() -> None:
            for _ in range(50):
                record(noted("x" * 500))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    numbers = [journals.decode(line).seq for line in path.read_bytes().splitlines()]
    assert numbers == list(range(1, 201))


def test_it_counts_how_often_the_target_was_lost(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl") as journal:
        record = Recorder(journal, all_plugins.load(third_party=False))
        for event in ("lost", "restarted", "lost"):
            record(StackEvent(component="target", event=event))
    assert record.lost == 2


def test_after_a_record_that_was_cut_nothing_more_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    whole = os.write
    with Journal(path) as journal:
        record = Recorder(journal, all_plugins.load(third_party=False))
        record(noted("kept"))
        with monkeypatch.context() as full:
            full.setattr(os, "write", lambda fd, data: whole(fd, data[:10]))
            with pytest.raises(JournalError, match="No space left on device"):
                record(noted("cut"))
        with pytest.raises(JournalError, match="No space left on device"):
            record(noted("there would be space again"))
    with Journal(path, resume=True) as journal:
        journal.append(noted("later"))
    told = [journals.decode(line) for line in path.read_bytes().splitlines()]
    assert [r.statement for r in told if isinstance(r, Observation)] == ["kept", "later"]
