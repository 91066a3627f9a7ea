"""The history: runs are kept and compared, and whatever is wrong with the file costs no run."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from l7audit import history as histories
from l7audit.assess.assess import assess
from l7audit.assess.results import Results
from l7audit.errors import HistoryError, UsageError
from l7audit.history import History, Keeper, Series, address, database
from l7audit.journal import (
    FORMAT,
    CheckEnded,
    CheckStarted,
    Record,
    RunEnded,
    RunStarted,
    Violation,
    Witness,
)
from l7audit.model import Control, Place, Severity, Verdict

START = 1_790_000_000.0


def told(number: int, *failed: str, undecided: tuple[str, ...] = (), **plan: Any) -> Results:
    """The results of a run that began `number` hours after the first: AA-01 to AA-04."""
    ids = [f"AA-0{n}" for n in range(1, 5)]
    outcome = plan.pop("outcome", "completed")
    head: dict[str, Any] = {
        "run": f"run-{number}", "target": "http://127.0.0.1:4711", "provider": "external",
        "profile": "/home/me/mine.yaml", "profile_name": "mine", **plan,
    }  # fmt: skip
    controls = [
        Control(id=i, title=i, severity=Severity.HIGH, rationale="", remediation="", mappings={})
        for i in ids
    ]
    checks = {i: [f"{i}::1"] for i in ids}
    records: list[Record] = [
        RunStarted(format=FORMAT, seed=1, controls=controls, planned=ids, checks=checks, **head)
    ]
    for i in ids:
        check = f"{i}::1"
        records.append(CheckStarted(check=check, control=i))
        records.append(Witness(check=check, control=i, statement="It can.", held=True))
        verdict = Verdict.FAIL if i in failed else Verdict.PASS
        if i in failed:
            place = Place(operation=f"GET /{i}")
            records.append(
                Violation(
                    check=check, control=i, place=place, statement="No.", fingerprint=f"f-{i}"
                )
            )
        verdict = Verdict.INCONCLUSIVE if i in undecided else verdict
        records.append(CheckEnded(check=check, control=i, verdict=verdict, reason="So."))
    records.append(RunEnded(outcome=outcome, seconds=9))
    numbered = [
        msgspec.structs.replace(r, seq=n, time=START + 3600 * number + n)
        for n, r in enumerate(records, start=1)
    ]
    return assess(numbered, date(2026, 9, 21))  # type: ignore[arg-type]


@pytest.fixture
def kept(tmp_path: Path) -> History:
    return History(tmp_path / "data" / "l7audit" / "history.sqlite3")


def file_of(kept: History) -> Path:
    assert kept.path is not None
    return kept.path


@contextmanager
def raw(kept: History) -> Iterator[sqlite3.Connection]:
    """The file as anybody may open it."""
    with closing(sqlite3.connect(file_of(kept), isolation_level=None)) as db:
        yield db


# --- what is kept ---------------------------------------------------------------------------------


def test_a_run_is_kept_with_all_that_it_came_to(kept: History, tmp_path: Path) -> None:
    results = told(1, "AA-02", undecided=("AA-03",))
    kept.add(results, tmp_path / "run")
    (run,) = kept.runs()
    assert (run.run, run.started, run.profile) == ("run-1", START + 3601, "mine")
    assert (run.score, run.coverage) == (results.score, results.coverage)
    assert (run.decision, run.exit_code) == (results.gate.decision, results.gate.exit_code)
    assert run.verdicts == {"pass": 2, "fail": 1, "inconclusive": 1}
    assert run.areas == {"AA": results.areas[0].score}
    (finding,) = run.findings
    assert (finding.fingerprint, finding.place, finding.severity, finding.waived) == (
        "f-AA-02", "GET /AA-02", "high", False,
    )  # fmt: skip
    assert [t.id for t in run.targets] == sorted(t.id for t in results.targets)
    assert run.folder == str(tmp_path / "run")
    assert run.change is None


def test_a_run_that_was_resumed_takes_its_own_place(kept: History, tmp_path: Path) -> None:
    kept.add(told(1, "AA-01", outcome="interrupted"), tmp_path)
    kept.add(told(2), tmp_path)
    kept.add(told(1), tmp_path)
    assert [(r.run, r.outcome, len(r.findings)) for r in kept.runs()] == [
        ("run-1", "completed", 0), ("run-2", "completed", 0),
    ]  # fmt: skip


def test_a_run_is_compared_with_the_completed_one_before_it(kept: History, tmp_path: Path) -> None:
    kept.add(told(1, "AA-01", "AA-02", "AA-03"), tmp_path)
    kept.add(told(2, outcome="interrupted"), tmp_path)
    kept.add(told(3, "AA-03", "AA-04", undecided=("AA-02",)), tmp_path)
    kept.add(told(4, profile_name="another"), tmp_path)
    changes = {r.run: r.change for r in kept.runs()}
    assert changes["run-1"] is changes["run-2"] is changes["run-4"] is None
    change = changes["run-3"]
    assert change is not None
    # AA-02 is gone from sight only because nobody could tell.
    assert (change.run, change.score, change.new, change.fixed) == ("run-1", 25.0, 1, 1)


def test_the_past_is_the_newest_completed_runs_of_the_same_series(
    kept: History, tmp_path: Path
) -> None:
    for number in range(1, 6):
        kept.add(told(number, target=f"http://127.0.0.1:{5000 + number}/"), tmp_path)
    kept.add(told(6, outcome="interrupted"), tmp_path)
    kept.add(told(7, target="https://api.example.org"), tmp_path)
    kept.add(told(8, selected=["AA"]), tmp_path)
    kept.add(told(9, profile_name="another"), tmp_path)
    past = kept.past(Series.of(told(10)), limit=4)
    assert [p.run for p in past] == ["run-2", "run-3", "run-4", "run-5"]
    assert past[0].started == START + 2 * 3600 + 1
    assert (past[0].score, past[0].coverage, past[0].decision) == (100.0, 1.0, "passed")
    assert [p.run for p in kept.past(Series.of(told(10, selected=["aa", "AA"])))] == ["run-8"]


def test_results_that_do_not_name_their_profile_go_by_its_file() -> None:
    assert Series.of(told(1, profile_name="")).profile == "mine"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("http://127.0.0.1:4711/", "http://127.0.0.1"),
        ("https://localhost:1/v1/", "https://localhost/v1"),
        ("http://[::1]:8080", "http://[::1]"),
        ("https://api.example.org:8443/", "https://api.example.org:8443"),
        ("https://me:secret@api.example.org/v1?key=secret#x", "https://api.example.org/v1"),
        ("http://[::1", "http://[::1"),
        ("", ""),
    ],
)
def test_only_a_loopback_port_does_not_count_and_no_secret_is_kept(url: str, same: str) -> None:
    assert address(url) == same


def test_runs_are_listed_by_profile_and_number(kept: History, tmp_path: Path) -> None:
    assert kept.runs() == []
    for number in range(1, 5):
        kept.add(told(number, profile_name="even" if number % 2 == 0 else "odd"), tmp_path)
    assert [r.run for r in kept.runs(limit=3)] == ["run-2", "run-3", "run-4"]
    assert [r.run for r in kept.runs(profile="even")] == ["run-2", "run-4"]
    change = kept.runs(profile="even", limit=1)[0].change
    assert change is not None  # also where the run before it is not listed
    assert change.run == "run-2"


def test_a_run_can_be_forgotten_with_all_that_was_kept_of_it(kept: History, tmp_path: Path) -> None:
    for number in (1, 11, 2, 21):
        kept.add(told(number, "AA-01"), tmp_path)
    with pytest.raises(UsageError, match="Several runs begin with 'run-'"):
        kept.forget("run-")
    with pytest.raises(UsageError, match="No run begins with 'RUN'"):
        kept.forget("RUN")
    with pytest.raises(UsageError, match="begin with ''"):
        kept.forget("")
    assert kept.forget("run-1") == "run-1"  # though another begins so
    assert kept.forget("run-11") == "run-11"
    with raw(kept) as db:
        for table in ("runs", "areas", "controls", "findings"):
            left = db.execute(f"SELECT DISTINCT run FROM {table} ORDER BY run").fetchall()
            assert left == [("run-2",), ("run-21",)]


def test_pruning_keeps_the_newest_of_each_series(kept: History, tmp_path: Path) -> None:
    for number in range(1, 7):
        kept.add(told(number, profile_name="even" if number % 2 == 0 else "odd"), tmp_path)
    assert kept.prune(2) == 2
    assert [r.run for r in kept.runs()] == ["run-3", "run-4", "run-5", "run-6"]


# --- the file -------------------------------------------------------------------------------------


def test_it_is_the_owners_alone_and_holds_no_exchange(kept: History, tmp_path: Path) -> None:
    kept.add(told(1, "AA-01"), tmp_path)
    assert stat.S_IMODE(file_of(kept).stat().st_mode) == 0o600
    assert [p.name for p in file_of(kept).parent.iterdir()] == [file_of(kept).name]


def test_looking_makes_no_file(kept: History) -> None:
    assert kept.runs() == kept.past(Series("mine", "external", "x", "")) == []
    assert not file_of(kept).parent.exists()


@pytest.mark.parametrize(
    ("environment", "system", "path"),
    [
        ({"L7AUDIT_HISTORY": "/x/y.db", "XDG_DATA_HOME": "/data"}, "linux", "/x/y.db"),
        ({"XDG_DATA_HOME": "/data"}, "linux", "/data/l7audit/history.sqlite3"),
        ({"XDG_DATA_HOME": "data"}, "linux", "HOME/.local/share/l7audit/history.sqlite3"),
        ({}, "linux", "HOME/.local/share/l7audit/history.sqlite3"),
        ({}, "darwin", "HOME/Library/Application Support/l7audit/history.sqlite3"),
    ],
)
def test_its_place_is_what_the_user_says_else_what_the_system_has_for_it(
    environment: dict[str, str], system: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert histories.of_user(environment, system) == History(Path(path.replace("HOME", "/home/me")))


def test_it_can_be_switched_off() -> None:
    assert histories.of_user({"L7AUDIT_HISTORY": "off"}) is None
    assert histories.of_user({"L7AUDIT_HISTORY": "OFF"}) is None


def test_without_a_home_it_says_how_to_name_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    nowhere = histories.of_user({})
    assert nowhere is not None
    assert nowhere.runs() == []
    with pytest.raises(HistoryError, match=r"no home folder .* L7AUDIT_HISTORY=FILE"):
        nowhere.add(told(1), tmp_path)


def test_many_runs_may_end_at_once(kept: History, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from l7audit.assess.results import decode;"
        "from l7audit.history import History;"
        "History(Path(sys.argv[1])).add(decode(Path(sys.argv[2]).read_bytes()), Path('x'))"
    )
    processes = []
    for number in range(6):
        path = tmp_path / f"{number}.json"
        path.write_bytes(msgspec.json.encode(told(number, "AA-01")))
        processes.append(
            subprocess.Popen([sys.executable, "-c", script, str(kept.path), str(path)])
        )
    assert [p.wait(60) for p in processes] == [0] * 6
    assert len(kept.runs()) == 6


def test_an_older_file_is_brought_to_this_version_with_what_it_holds(
    kept: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.add(told(1), tmp_path)
    step = ("ALTER TABLE runs ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine'",)
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, step))
    assert [r.run for r in kept.runs()] == ["run-1"]
    with raw(kept) as db:
        assert db.execute("SELECT mood FROM runs").fetchall() == [("fine",)]
        assert db.execute("PRAGMA user_version").fetchone() == (len(database.MIGRATIONS),)


def test_a_migration_that_breaks_leaves_the_file_as_it_was(
    kept: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.add(told(1), tmp_path)
    with monkeypatch.context() as broken:
        steps = ("DROP TABLE targets", "DROP TABLE nobody_has_it")
        broken.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, steps))
        with pytest.raises(HistoryError):
            kept.runs()
    assert [r.run for r in kept.runs()] == ["run-1"]


def newer(kept: History) -> None:
    kept.add(told(1), Path("run"))
    with raw(kept) as db:
        db.execute("PRAGMA user_version = 99")


def foreign(kept: History) -> None:
    file_of(kept).parent.mkdir(parents=True)
    with raw(kept) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")


def corrupt(kept: History) -> None:
    file_of(kept).parent.mkdir(parents=True)
    file_of(kept).write_bytes(b"this is no database, but long enough to be looked at " * 40)


def torn(kept: History) -> None:
    for number in range(10):
        kept.add(told(number, "AA-01"), Path("run"))
    with file_of(kept).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (file_of(kept).stat().st_size - 8192))


def folder(kept: History) -> None:
    file_of(kept).mkdir(parents=True)


def blocked(kept: History) -> None:
    file_of(kept).parent.parent.mkdir()
    file_of(kept).parent.write_text("a file where the folder should be")


BAD: list[tuple[Callable[[History], None], str]] = [
    (newer, "was written by a newer version of l7audit"),
    (foreign, "is an SQLite file, but no history"),
    (corrupt, "is damaged: file is not a database. Move it away"),
    (torn, "is damaged"),
    (folder, "cannot be written: Is a directory"),
    (blocked, "cannot be written: (File exists|Not a directory)"),
]


@pytest.mark.parametrize(("spoil", "said"), BAD, ids=[b.__name__ for b, _ in BAD])
def test_a_file_that_cannot_be_used_is_one_sentence_and_stays_as_it_is(
    spoil: Callable[[History], None], said: str, kept: History, tmp_path: Path
) -> None:
    spoil(kept)
    before = file_of(kept).read_bytes() if file_of(kept).is_file() else None
    with pytest.raises(HistoryError, match=said):
        kept.add(told(77), tmp_path)
    assert before is None or file_of(kept).read_bytes() == before
    keeper = Keeper(kept)
    keeper.add(told(77), tmp_path)
    keeper.add(told(77), tmp_path)
    assert len(keeper.troubles) == 1  # said once, and nothing is stopped by it


def test_what_somebody_wrote_into_it_is_one_sentence(kept: History, tmp_path: Path) -> None:
    kept.add(told(1), tmp_path)
    with raw(kept) as db:
        db.execute("UPDATE runs SET score = 'high'")
    with pytest.raises(HistoryError, match="is damaged"):
        kept.runs()


def test_a_file_that_another_program_holds_is_waited_for_and_then_said(
    kept: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.add(told(1), tmp_path)
    monkeypatch.setattr(database, "WAIT", 0.01)
    with raw(kept) as db:
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(HistoryError, match="database is locked"):
            kept.add(told(2), tmp_path)
    kept.add(told(2), tmp_path)


def test_a_full_disk_is_one_sentence(
    kept: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.add(told(1), tmp_path)
    connect = sqlite3.connect

    def small(*arguments: Any, **more: Any) -> sqlite3.Connection:
        db = connect(*arguments, **more)
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")
        return db

    with monkeypatch.context() as full:
        full.setattr(sqlite3, "connect", small)
        keeper = Keeper(kept)
        for number in range(2, 60):
            keeper.add(told(number, "AA-01", "AA-02"), tmp_path)
    assert len(keeper.troubles) == 1
    assert "database or disk is full" in keeper.troubles[0]
    assert len(kept.runs()) < 59  # and what was kept before is whole
    assert kept.runs()[0].run == "run-1"


def test_numbers_that_no_database_can_hold_are_one_sentence(kept: History, tmp_path: Path) -> None:
    results = told(1)
    gate = msgspec.structs.replace(results.gate, exit_code=2**80)
    with pytest.raises(HistoryError, match="cannot keep it"):
        kept.add(msgspec.structs.replace(results, gate=gate), tmp_path)
    with pytest.raises(HistoryError, match="'long ago' is no time"):
        kept.add(msgspec.structs.replace(results, started="long ago"), tmp_path)


def test_no_test_can_reach_the_users_own() -> None:
    assert os.environ["L7AUDIT_HISTORY"] == "off"
    assert histories.of_user() is None
