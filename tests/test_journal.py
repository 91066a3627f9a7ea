"""The journal: appended whole, read back whole, gone on with after a kill."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from l7audit import journal as journals
from l7audit.errors import JournalError
from l7audit.journal import (
    FORMAT,
    AnyRecord,
    CheckEnded,
    CheckStarted,
    Exchange,
    Journal,
    Message,
    Observation,
    Record,
    Records,
    RunEnded,
    RunStarted,
    decode,
    digest,
    encode,
    of_type,
    reading,
)
from l7audit.model import Verdict


def started(**changes: object) -> RunStarted:
    """A run's first record."""
    fields: dict[str, object] = {
        "format": FORMAT,
        "run": "r",
        "seed": 1,
        "target": "http://127.0.0.1",
        "provider": "p",
        "controls": [],
        "planned": [],
    }
    return RunStarted(**{**fields, **changes})  # type: ignore[arg-type]


def written(path: Path, *records: Record) -> list[AnyRecord]:
    """The records as a journal wrote them."""
    with Journal(path) as journal:
        return [journal.append(r) for r in records]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def test_what_was_appended_is_read_back_with_numbers_and_times(path: Path) -> None:
    records = written(path, started(), CheckStarted(check="a", control="X-01"))
    assert [r.seq for r in records] == [1, 2]
    assert all(r.time > 0 for r in records)
    assert journals.read(path) == records


def test_each_record_is_in_the_file_as_soon_as_it_was_appended(path: Path) -> None:
    with Journal(path) as journal:
        for count in range(1, 4):
            journal.append(started())
            assert path.read_bytes().count(b"\n") == count


@pytest.mark.parametrize(
    "record",
    [
        started(),
        CheckEnded(check="c", control="X-01", verdict=Verdict.FAIL, reason="line\nbreak"),
        Observation(check="c", control="X-01", statement="ü \u2028 \x00", data={"n": [1, None]}),
        RunEnded(outcome="completed"),
    ],
    ids=lambda r: type(r).__name__,
)
def test_a_record_is_one_line_and_survives_the_round_trip(record: Record) -> None:
    line = encode(record)
    assert b"\n" not in line
    assert decode(line) == record


def test_every_type_of_record_has_a_tag_of_its_own() -> None:
    tags = [kind.__struct_config__.tag for kind in AnyRecord.__args__]
    assert len(set(tags)) == len(tags)


def test_a_journal_never_overwrites_another(path: Path) -> None:
    written(path, started())
    with pytest.raises(JournalError, match="exists already"):
        Journal(path)


def test_a_folder_that_does_not_exist_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be written: No such file"):
        Journal(tmp_path / "missing" / "journal.jsonl")


def test_a_last_line_cut_by_a_kill_is_dropped_and_nothing_before_it(path: Path) -> None:
    records = written(path, started(), RunEnded(outcome="completed"))
    whole = path.read_bytes()
    for cut in range(len(encode(records[0])) + 1, len(whole)):
        path.write_bytes(whole[:cut])
        assert journals.read(path) == records[:1]


def test_resuming_mends_a_cut_line_and_counts_on(path: Path) -> None:
    first = written(path, started())
    with path.open("ab") as file:
        file.write(b'{"type":"run_end","outc')
    with Journal(path, resume=True) as journal:
        second = journal.append(RunEnded(outcome="completed"))
    assert journals.read(path) == [*first, second]
    assert second.seq == 2


def test_a_journal_that_is_gone_cannot_be_resumed(path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be written: No such file"):
        Journal(path, resume=True)


def test_a_journal_cut_at_any_byte_keeps_its_whole_records_and_goes_on(path: Path) -> None:
    reasons = [f"ü {n} " * n for n in range(12)]
    ends = [CheckEnded(check="c", control="X-01", verdict=Verdict.FAIL, reason=r) for r in reasons]
    records = written(path, started(), *ends)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        if cut < first:
            with pytest.raises(JournalError, match=r"holds no records: .* Start a new run"):
                Journal(path, resume=True)
            assert path.read_bytes() == whole[:cut]
            continue
        kept = records[: whole.count(b"\n", 0, cut)]
        assert journals.read(path) == kept
        with Journal(path, resume=True) as journal:
            last = journal.append(RunEnded(outcome="completed"))
        assert journals.read(path) == [*kept, last]


@pytest.mark.parametrize("resume", [False, True])
def test_one_run_writes_a_journal_at_a_time(path: Path, resume: bool) -> None:
    written(path, started())
    if not resume:
        path.unlink()
    with Journal(path, resume=resume) as journal:
        journal.append(RunEnded(outcome="completed") if resume else started())
        before = path.read_bytes()
        with path.open("ab") as file:
            file.write(b"half a li")
        with pytest.raises(JournalError, match=r"is being written by another run\. Wait"):
            Journal(path, resume=True)
        assert path.read_bytes() == before + b"half a li"  # nobody mends what another is writing
        journal.mend()
    Journal(path, resume=True).close()


def test_a_file_that_is_no_journal_is_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"a diary without an end of line")
    with pytest.raises(JournalError):
        Journal(path, resume=True)
    assert path.read_bytes() == b"a diary without an end of line"


def test_an_append_that_was_interrupted_is_mended(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def interrupted(descriptor: int, line: bytes) -> int:
        write(descriptor, line)
        raise KeyboardInterrupt

    with Journal(path) as journal:
        first = journal.append(started())
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", interrupted)
            with pytest.raises(KeyboardInterrupt):
                journal.append(CheckStarted(check="a", control="X-01"))
        assert journal.mend() == 2
        journal.append(RunEnded(outcome="interrupted"))
    found = journals.read(path)
    assert found[0] == first
    assert [r.seq for r in found] == [1, 2, 3]


def test_damage_in_the_middle_is_named_with_its_line(path: Path) -> None:
    written(path, started(), CheckStarted(check="a", control="X-01"), RunEnded(outcome="completed"))
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], b"not json", *lines[2:]]))
    with pytest.raises(JournalError, match="line 2, is not a record"):
        journals.read(path)


@pytest.mark.parametrize("order", [[0, 2], [0, 2, 1], [0, 0, 1], [1, 2]])
def test_dropped_doubled_and_moved_records_are_noticed(path: Path, order: list[int]) -> None:
    written(path, started(), CheckStarted(check="a", control="X-01"), RunEnded(outcome="completed"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[i] for i in order))
    with pytest.raises(JournalError, match="dropped, added or reordered"):
        journals.read(path)


@pytest.mark.parametrize("line", [0, 1])
def test_a_record_that_was_changed_later_breaks_the_chain(path: Path, line: int) -> None:
    written(path, started(), CheckStarted(check="a", control="X-01"), RunEnded(outcome="completed"))
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b'"time":1', b'"time":2')
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match=f"lines {line + 1} and {line + 2} do not belong"):
        journals.read(path)


def test_a_resumed_journal_carries_the_chain_on(path: Path) -> None:
    (first,) = written(path, started())
    with Journal(path, resume=True) as journal:
        second = journal.append(RunEnded(outcome="completed"))
    assert (first.prev, second.prev) == ("", digest(encode(first)))


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LONGEST", 1000)
    path.write_bytes(b"{" * 1001)
    with pytest.raises(JournalError, match="line 1, is longer than any record"):
        journals.read(path)


def test_a_record_that_nests_without_end_is_one_sentence(path: Path) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    written(path, started())
    with path.open("ab") as file:
        file.write(
            b'{"type":"stack","seq":2,"component":"c","event":"e","detail":{"a":%b}}\n' % deep
        )
    with pytest.raises(JournalError, match="line 2, is not a record: it nests too deep"):
        journals.read(path)


def test_exchanges_are_found_by_their_ids_alone(path: Path) -> None:
    some = [
        Exchange(id=f"e{n}", check="c", method="GET", url="/", request=Message()) for n in range(4)
    ]
    written(path, started(), *some)
    found = Records(path).exchanges(["e1", "e3", "gone"])
    assert {name: e.id for name, e in found.items()} == {"e1": "e1", "e3": "e3"}


def test_records_are_read_anew_each_time(path: Path) -> None:
    told = written(path, started(), RunEnded(outcome="completed"))
    records = Records(path)
    assert list(records) == list(records) == told
    assert [(decode(line), record) for line, record in records.lines()] == [(t, t) for t in told]
    assert records.started == told[0]


def test_an_empty_file_is_no_journal(path: Path) -> None:
    path.touch()
    with pytest.raises(JournalError, match="holds no records"):
        journals.read(path)


def test_a_file_without_a_run_record_is_no_journal(path: Path) -> None:
    written(path, RunEnded(outcome="completed"))
    with pytest.raises(JournalError, match="does not begin with a run record"):
        journals.read(path)


def test_another_format_is_refused_with_a_mend(path: Path) -> None:
    written(path, started(format=FORMAT + 1))
    with pytest.raises(JournalError, match=r"format 3; this version reads 2.*Render it with"):
        journals.read(path)


def test_a_full_disk_is_one_sentence_that_says_how_to_go_on(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(path) as journal:
        whole = journal.append(started())
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
        try:
            with pytest.raises(JournalError, match=r"No space left.*run --resume"):
                journal.append(CheckStarted(check="a", control="X-01"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journals.read(path) == [whole]


def test_a_disk_too_full_for_the_first_record_leaves_nothing_to_go_on_with(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(path) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
        try:
            with pytest.raises(JournalError, match=r"No space left.* then start a new run\.$"):
                journal.append(started())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not path.exists()


def test_without_a_record_nothing_is_left_and_closing_twice_does_nothing(path: Path) -> None:
    journal = Journal(path)
    journal.close()
    journal.close()
    assert not path.exists()


def test_records_are_picked_by_their_type(path: Path) -> None:
    records = written(path, started(), CheckStarted(check="a", control="X-01"))
    assert list(of_type(records, CheckStarted)) == [records[1]]
