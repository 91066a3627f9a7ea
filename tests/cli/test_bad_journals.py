"""What is given as a journal and is none, was cut, or was tampered with: one sentence each."""

from __future__ import annotations

import gzip
import json
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l7audit import folders
from l7audit.exits import Exit
from l7audit.journal import FORMAT, Journal, RunStarted
from l7audit.model import Verdict

Call = Callable[..., Any]

FOREIGN = {
    "html": b"<!doctype html><title>Report</title>\n",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "gzip": gzip.compress(b"{}\n" * 100),
    "zip": b"PK\3\4" + b"\0" * 100,
    "text": b"Dear diary,\n",
    "utf-16": '{"type":"run"}\n'.encode("utf-16"),
    "results": b'{\n  "schema": "l7audit-results/1",\n  "run": "r"\n}\n',
    "array": b"[1, 2]\n",
    "unknown type": b'{"type":"diary","seq":1}\n',
    "no plan": b'{"type":"run_end","outcome":"completed","seq":1,"time":1}\n',
    "number": b'{"type":"run","seq":' + b"9" * 5000 + b"}\n",
    "nan": b'{"type":"run","time":NaN}\n',
    "surrogate": b'{"type":"run","run":"\\ud800"}\n',
    "bytes": b'{"type":"run","run":"\xff\xfe"}\n',
    "deep": b'{"type":"run","controls":' + b"[" * 200_000 + b"]" * 200_000 + b"}\n",
    "blank": b"\n\n",
    "empty": b"",
    "cut": b'{"type":"run","format":2,"run":"r1","see',
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def folder(here: Path) -> Path:
    made = here / "run"
    made.mkdir()
    return made


@pytest.fixture
def journal(folder: Path, story: Any) -> Path:
    path = folder / folders.JOURNAL
    with Journal(path) as journal:
        for record in story({"AA-01": Verdict.PASS, "AA-02": Verdict.FAIL}).records():
            journal.append(record)
    return path


def refused(said: Any, code: Exit, *wanted: str) -> None:
    """One sentence on stderr, nothing else, and that exit code."""
    assert (said.code, said.out) == (code, ""), said
    assert said.err.count("\n") == 1, said.err
    assert len(said.err) < 800, said.err
    assert "unexpected error" not in said.err
    for words in wanted:
        assert words in said.err


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_no_journal_is_neither_rendered_nor_gone_on_with(
    call: Call, folder: Path, kind: str
) -> None:
    path = folder / folders.JOURNAL
    path.write_bytes(FOREIGN[kind])
    refused(call("report", str(path)), Exit.USAGE, str(path))
    refused(call("report", str(folder)), Exit.USAGE, folders.JOURNAL)
    refused(call("run", "--resume", str(folder)), Exit.USAGE, folders.JOURNAL)
    refused(call("verify", str(folder)), Exit.USAGE, "holds no manifest.json")
    refused(call("bundle", str(folder)), Exit.USAGE, "holds no manifest.json")
    assert path.read_bytes() == FOREIGN[kind]
    assert [p.name for p in folder.iterdir()] == [folders.JOURNAL]


def test_what_is_no_file_is_one_sentence(call: Call, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / folders.JOURNAL).mkdir()
    refused(call("report", str(folder / "pipe")), Exit.USAGE, "is no file on a disk")
    refused(call("report", "/dev/zero"), Exit.USAGE, "is no file on a disk")
    refused(call("report", str(folder)), Exit.USAGE, "is a folder, so it is no journal")
    refused(call("report", "missing"), Exit.USAGE, "cannot be read: No such file")
    refused(call("run", "--resume", str(folder)), Exit.USAGE, "holds no journal")


@pytest.mark.parametrize("begins", [b"", b"whole"])
def test_ten_gigabytes_of_zeros_are_refused_at_once(
    call: Call, journal: Path, begins: bytes
) -> None:
    if not begins:
        journal.write_bytes(b"")
    with journal.open("ab") as file:
        file.truncate(10 * 2**30)
    code = Exit.UNTRUSTED if begins else Exit.USAGE
    refused(call("report", str(journal)), code)
    refused(call("run", "--resume", str(journal.parent)), code)


def test_a_journal_cut_anywhere_is_rendered_as_far_as_it_goes(call: Call, journal: Path) -> None:
    whole = journal.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(0, len(whole), 211):
        journal.write_bytes(whole[:cut])
        said = call("report", str(journal), "--format", "json", "--out", "elsewhere", "-q")
        if cut < first:
            refused(said, Exit.USAGE, "holds no records")
        else:
            assert said.code in (Exit.UNTRUSTED, Exit.FAILED)
            assert said.err == ""


@pytest.mark.parametrize(
    ("place", "line", "wanted"),
    [
        (3, b"not json", "line 4, is not a record"),
        (3, b'{"type":"check","check":"c","control":"C","seq":1e400}', "line 4, is not a record"),
        (3, b"", "line 4, is not a record"),
        (3, b'{"type":"check_end","verdict":"splendid"}', "line 4, is not a record"),
        (3, b'{"type":"fault","check":"c","component":"c","action":"a"}', "stands where 4 should"),
        (3, b'{"type":"fault","check":"c","component":"c","action":"a","seq":4}', "do not belong"),
    ],
)
def test_a_journal_that_was_tampered_with_cannot_be_trusted(
    call: Call, journal: Path, place: int, line: bytes, wanted: str
) -> None:
    lines = journal.read_bytes().splitlines()
    lines[place] = line
    data = b"\n".join(lines) + b"\n"
    journal.write_bytes(data)
    refused(call("report", str(journal)), Exit.UNTRUSTED, wanted)
    refused(call("run", "--resume", str(journal.parent)), Exit.UNTRUSTED, wanted)
    assert journal.read_bytes() == data


def test_two_runs_in_one_file_are_told(call: Call, journal: Path) -> None:
    with Journal(journal, resume=True) as writer:
        writer.append(
            RunStarted(
                format=FORMAT, run="r2", seed=1, target="t", provider="p", controls=[], planned=[]
            )
        )
    refused(call("report", str(journal)), Exit.UNTRUSTED, "begins another run")


def test_a_journal_of_another_format_says_who_can_read_it(call: Call, journal: Path) -> None:
    first, *others = journal.read_bytes().splitlines(keepends=True)
    plan = json.loads(first)
    journal.write_bytes(json.dumps({**plan, "format": 99}).encode() + b"\n" + b"".join(others))
    refused(call("report", str(journal)), Exit.USAGE, "has format 99", "version of l7audit that")


def test_a_key_that_stands_twice_counts_once_and_breaks_nothing(call: Call, journal: Path) -> None:
    data = journal.read_bytes()
    last = data.splitlines()[-1]
    doubled = last.replace(b'"outcome":', b'"outcome":"broken","outcome":')
    journal.write_bytes(data.replace(last, doubled))
    said = call("report", str(journal), "--format", "json", "-q")
    assert (said.code, said.err) == (Exit.FAILED, "")


def test_reports_where_nothing_can_be_written_are_one_sentence(
    call: Call, journal: Path, here: Path
) -> None:
    (here / "file").write_text("in the way")
    refused(
        call("report", str(journal), "--out", str(here / "file" / "below")),
        Exit.USAGE,
        "cannot be written",
        "Render them elsewhere",
    )
    (journal.parent / "results.json").mkdir()
    refused(call("report", str(journal)), Exit.USAGE, "cannot be written to", "Is a directory")
    assert (journal.parent / "report.html").is_file()
    (journal.parent / "results.json").rmdir()
    (journal.parent / "manifest.json").unlink()
    (journal.parent / "manifest.json").mkdir()
    refused(call("report", str(journal)), Exit.USAGE, "cannot be written to", "Is a directory")


def test_a_disk_that_is_full_costs_no_record(call: Call, journal: Path, here: Path) -> None:
    before = journal.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    try:
        said = call("report", str(journal))
        packed = call("bundle", str(journal.parent))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    refused(said, Exit.USAGE, "cannot be written to", "File too large")
    refused(packed, Exit.USAGE)
    assert journal.read_bytes() == before
    assert call("report", str(journal), "-q").code == Exit.FAILED
    assert call("verify", str(journal.parent)).code == Exit.PASSED
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    try:
        refused(call("bundle", str(journal.parent)), Exit.USAGE, "cannot be written: File too")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(p.name for p in here.iterdir()) == ["run"]


def test_a_plan_of_a_control_that_it_does_not_describe_cannot_be_trusted(
    call: Call, folder: Path
) -> None:
    with Journal(folder / folders.JOURNAL) as writer:
        writer.append(
            RunStarted(
                format=FORMAT,
                run="r",
                seed=1,
                target="t",
                provider="p",
                controls=[],
                planned=["AA-01"],
            )
        )
    refused(call("report", str(folder)), Exit.UNTRUSTED, "plans AA-01 without saying what it is")
