"""What earlier runs came to: one small SQLite file of the user's, which costs no run its result.

It keeps numbers, names and fingerprints; no exchange and no secret. A rollback journal rather
than a write-ahead log: writes are few and short, and home folders lie on network drives, too.
"""

from __future__ import annotations

import ipaddress
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from l7audit.assess.baseline import is_complete
from l7audit.assess.results import Results
from l7audit.errors import HistoryError, UsageError
from l7audit.journal import PastRun
from l7audit.model import Target
from l7audit.profile import Profile

VARIABLE = "L7AUDIT_HISTORY"
"""Names the file to use instead of the user's own; `off` keeps none."""

OFF = "off"
FILE = "history.sqlite3"
TREND = 30
"""So many earlier runs a report gets to draw its trend from."""

WAIT = 5.0
"""Seconds to wait for another run that is writing."""

APPLICATION = 0x4C374155
"""What marks an SQLite file as ours (`L7AU`): nobody else's is ever written to."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            run TEXT PRIMARY KEY, started REAL NOT NULL, ended REAL NOT NULL,
            profile TEXT NOT NULL, provider TEXT NOT NULL, target TEXT NOT NULL,
            selected TEXT NOT NULL, source TEXT NOT NULL, profile_digest TEXT NOT NULL,
            suites_digest TEXT NOT NULL, target_digest TEXT NOT NULL,
            score REAL NOT NULL, score_with_waivers REAL NOT NULL, coverage REAL NOT NULL,
            outcome TEXT NOT NULL, decision TEXT NOT NULL, exit_code INTEGER NOT NULL,
            folder TEXT NOT NULL)""",
        "CREATE INDEX of_series ON runs (profile, provider, target, selected, started)",
        """CREATE TABLE areas (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, area TEXT NOT NULL, score REAL,
            coverage REAL NOT NULL, PRIMARY KEY (run, area))""",
        """CREATE TABLE controls (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, control TEXT NOT NULL,
            severity TEXT NOT NULL, verdict TEXT NOT NULL, complete INTEGER NOT NULL,
            PRIMARY KEY (run, control))""",
        """CREATE TABLE findings (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, fingerprint TEXT NOT NULL,
            control TEXT NOT NULL, place TEXT NOT NULL, severity TEXT NOT NULL,
            waived INTEGER NOT NULL, PRIMARY KEY (run, fingerprint))""",
        """CREATE TABLE targets (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, id TEXT NOT NULL,
            outcome TEXT NOT NULL, value REAL, PRIMARY KEY (run, id))""",
    ),
)
"""Each step brings a file from the version of its place to the next; none is ever changed."""


_SERIES = "PARTITION BY profile, provider, target, selected"
_BEFORE = (
    "SELECT run, lag(run) OVER in_order AS before, lag(score) OVER in_order AS score_before"
    f" FROM runs WHERE outcome = 'completed' WINDOW in_order AS ({_SERIES} ORDER BY started, rowid)"
)
_NEW = (
    "SELECT count(*) FROM findings WHERE run = :run AND fingerprint NOT IN"
    " (SELECT fingerprint FROM findings WHERE run = :before)"
)
_FIXED = (
    "SELECT count(*) FROM findings AS earlier JOIN controls AS later USING (control)"
    " WHERE earlier.run = :before AND later.run = :run AND later.complete AND fingerprint NOT IN"
    " (SELECT fingerprint FROM findings WHERE run = :run)"
)


@dataclass(frozen=True, slots=True)
class Series:
    """Runs that may be compared: one profile by its name, one target, one selection.

    The profile's content may change over time, and so may a loopback target's port. `selected` is
    what the command line narrowed the run to, empty for the whole profile.
    """

    profile: str
    provider: str
    target: str
    selected: str

    @classmethod
    def beginning(cls, profile: Profile, target: Target, selected: Iterable[str]) -> Series:
        """The series of a run that is about to begin."""
        return cls(profile.name, target.provider, address(target.base_url), _names(selected))

    @classmethod
    def of(cls, results: Results) -> Series:
        """The series of an assessed run."""
        name = results.profile_name or Path(results.profile).stem
        return cls(name, results.provider, address(results.target), _names(results.selected))


class KeptFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, without its evidence."""

    fingerprint: str
    control: str
    place: str
    severity: str
    waived: bool


class KeptTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a documented target; no value where nothing was measured."""

    id: str
    outcome: str
    value: float | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A completed run against the one before it in its series.

    `fixed` findings were seen then, and their control was wholly checked again.
    """

    run: str
    score: float
    new: int
    fixed: int


class KeptRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the history keeps it; `started` and `ended` are UTC seconds since the epoch.

    `verdicts` counts the controls by verdict; `areas` are scores, null where nothing applied.
    """

    run: str
    started: float
    ended: float
    profile: str
    provider: str
    target: str
    selected: str
    source: str
    profile_digest: str
    suites_digest: str
    target_digest: str
    score: float
    score_with_waivers: float
    coverage: float
    outcome: str
    decision: str
    exit_code: int
    folder: str
    verdicts: dict[str, int]
    areas: dict[str, float | None]
    findings: list[KeptFinding]
    targets: list[KeptTarget]
    change: Change | None

    @property
    def series(self) -> Series:
        return Series(self.profile, self.provider, self.target, self.selected)


def of_user(
    environment: Mapping[str, str] = os.environ, system: str = sys.platform
) -> History | None:
    """The user's history where the environment or the system's custom puts it; None where off."""
    named = environment.get(VARIABLE, "")
    if named:
        return None if named.lower() == OFF else History(Path(named).expanduser().absolute())
    data = Path(environment.get("XDG_DATA_HOME", ""))
    if not data.is_absolute():  # as its specification has it, a relative one does not count
        try:
            home = Path.home()
        except RuntimeError:
            return History(None)
        ours = (
            Path("Library", "Application Support") if system == "darwin" else Path(".local/share")
        )
        data = home / ours
    return History(data / "l7audit" / FILE)


@dataclass(frozen=True, slots=True)
class History:
    """The file. Every method opens it anew; several processes may do so at once.

    Errors of all: `HistoryError` where it is locked, damaged, foreign, of a newer version, cannot
    be written, or where there is no home folder to keep it in.
    """

    path: Path | None

    def past(self, series: Series, limit: int = TREND) -> list[PastRun]:
        """The newest completed runs of a series, oldest first."""
        if not self._exists():
            return []
        with self._opened() as db:
            rows = db.execute(
                "SELECT run, started, score, coverage, decision FROM runs WHERE profile = ?"
                " AND provider = ? AND target = ? AND selected = ? AND outcome = 'completed'"
                " ORDER BY started DESC, rowid DESC LIMIT ?",
                (series.profile, series.provider, series.target, series.selected, limit),
            ).fetchall()
        return [
            PastRun(run=run, started=started, score=score, coverage=coverage, decision=decision)
            for run, started, score, coverage, decision in reversed(rows)
        ]

    def add(self, results: Results, folder: Path) -> None:
        """Keeps a run, in the place of what was kept of it before (it was resumed since)."""
        series = Series.of(results)
        row = (
            results.run,
            _seconds(results.started),
            _seconds(results.ended),
            series.profile,
            series.provider,
            series.target,
            series.selected,
            results.profile,
            results.profile_digest,
            results.suites_digest,
            results.target_digest,
            results.score,
            results.score_with_waivers,
            results.coverage,
            results.outcome,
            results.gate.decision,
            results.gate.exit_code,
            str(folder.absolute()),
        )
        controls = {c.id: (c.severity, c.verdict, is_complete(c)) for c in results.controls}
        found = {
            f.fingerprint: (f.control, str(f.place), c.severity, f.waived)
            for c in results.controls
            for f in c.findings
        }
        parts: list[tuple[str, dict[str, tuple[object, ...]]]] = [
            ("areas", {a.area: (a.score, a.coverage) for a in results.areas}),
            ("controls", dict(controls)),
            ("findings", dict(found)),
            ("targets", {t.id: (t.outcome, t.value) for t in results.targets}),
        ]
        with self._opened(make=True) as db, _transaction(db):
            db.execute("DELETE FROM runs WHERE run = ?", (results.run,))
            _insert(db, "runs", [row])
            for table, members in parts:
                _insert(db, table, [(results.run, key, *rest) for key, rest in members.items()])

    def runs(self, *, profile: str = "", limit: int | None = None) -> list[KeptRun]:
        """The newest runs, of one profile or of all, oldest first."""
        if not self._exists():
            return []
        with self._opened() as db:
            db.row_factory = sqlite3.Row
            rows = db.execute(
                f"SELECT runs.*, before, score_before FROM runs LEFT JOIN ({_BEFORE}) USING (run)"
                " WHERE ? IN ('', profile) ORDER BY started DESC, runs.rowid DESC LIMIT ?",
                (profile, -1 if limit is None else limit),
            ).fetchall()
            return [_kept(db, row) for row in reversed(rows)]

    def forget(self, name: str) -> str:
        """Drops the run whose id begins so, and gives the id. Errors: `UsageError` for none or
        several."""
        with self._opened(make=True) as db, _transaction(db):
            rows = db.execute(
                "SELECT run FROM runs WHERE substr(run, 1, ?) = ? ORDER BY run LIMIT 2",
                (len(name), name),
            ).fetchall()
            if not name or not rows or (len(rows) > 1 and rows[0][0] != name):
                raise UsageError(
                    f"{'Several runs begin' if rows else 'No run begins'} with {name!r}.",
                    mend="l7audit history lists them.",
                )
            db.execute("DELETE FROM runs WHERE run = ?", rows[0])
            return str(rows[0][0])

    def prune(self, keep: int) -> int:
        """Drops all but the newest `keep` runs of each series, and says how many."""
        with self._opened(make=True) as db, _transaction(db):
            return db.execute(
                f"DELETE FROM runs WHERE run IN (SELECT run FROM (SELECT run, row_number() OVER"
                f" ({_SERIES} ORDER BY started DESC, rowid DESC) AS age FROM runs) WHERE age > ?)",
                (keep,),
            ).rowcount

    # --- the file -----------------------------------------------------------------------------

    def _exists(self) -> bool:
        return self.path is not None and self.path.exists()

    @contextmanager
    def _opened(self, *, make: bool = False) -> Iterator[sqlite3.Connection]:
        """The file with its tables, brought to this version. Errors: `HistoryError`."""
        if self.path is None:
            raise HistoryError(
                "There is no home folder to keep the history in.",
                mend=f"Name a file in the environment: {VARIABLE}=FILE, or {VARIABLE}={OFF}",
            )
        try:
            if make:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            address = f"{self.path.as_uri()}?mode=rw"  # of a file that is write-protected it reads
            with closing(
                sqlite3.connect(address, uri=True, timeout=WAIT, isolation_level=None)
            ) as db:
                db.execute("PRAGMA foreign_keys = ON")
                _migrate(db, self.path)
                yield db
        except OSError as error:
            raise HistoryError(
                f"The history {self.path} cannot be written: {error.strerror}.", mend=_ELSEWHERE
            ) from error
        except sqlite3.OperationalError as error:
            raise HistoryError(
                f"The history {self.path} cannot be used: {error}.", mend=_ELSEWHERE
            ) from error
        except (OverflowError, UnicodeError) as error:
            raise HistoryError(f"The history {self.path} cannot keep it: {error}.") from error
        except (sqlite3.Error, msgspec.ValidationError) as error:
            raise HistoryError(
                f"The history {self.path} is damaged: {error}.",
                mend="Move it away, and read the runs in again: l7audit history import FOLDER",
            ) from error


@dataclass(slots=True)
class Keeper:
    """A history for a run: what goes wrong with it is kept in `troubles` and stops nothing."""

    history: History | None = None
    troubles: list[str] = field(default_factory=list)

    def past(self, series: Series) -> list[PastRun]:
        """The trend so far; nothing where it cannot be read."""
        try:
            return self.history.past(series) if self.history else []
        except HistoryError as error:
            self._note(error)
            return []

    def add(self, results: Results, folder: Path) -> None:
        """Keeps a run, if that can be."""
        try:
            if self.history:
                self.history.add(results, folder)
        except HistoryError as error:
            self._note(error)

    def _note(self, error: HistoryError) -> None:
        if str(error) not in self.troubles:
            self.troubles.append(str(error))


_ELSEWHERE = f"Name another file with {VARIABLE}=FILE, or keep none with {VARIABLE}={OFF}."


def address(url: str) -> str:
    """A target's address as runs of one series share it: a loopback port differs each time."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    if not host:
        return url
    shown = f"[{host}]" if ":" in host else host
    if port is not None and not _loopback(host):
        shown += f":{port}"
    return f"{parts.scheme}://{shown}{parts.path.rstrip('/')}"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _names(selected: Iterable[str]) -> str:
    return ",".join(sorted({name.upper() for name in selected}))


def _seconds(moment: str) -> float:
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError as error:
        raise HistoryError(f"{moment!r} is no time at which a run could begin or end.") from error
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    """Makes the tables, or brings them to this version. Errors: `HistoryError`."""
    db.execute("BEGIN")  # so that all is read of one moment: another process may be at it
    current = _version(db, path)
    db.execute("COMMIT")
    if current == len(MIGRATIONS):
        return
    with _transaction(db):
        for step in MIGRATIONS[_version(db, path) :]:  # another process may have been quicker
            for statement in step:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _version(db: sqlite3.Connection, path: Path) -> int:
    (owner,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and owner != APPLICATION:
        raise HistoryError(f"{path} is an SQLite file, but no history.", mend=_ELSEWHERE)
    if version > len(MIGRATIONS):
        raise HistoryError(
            f"The history {path} was written by a newer version of l7audit.",
            mend=f"Use that one. {_ELSEWHERE}",
        )
    return int(version)


def _insert(db: sqlite3.Connection, table: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        places = ", ".join("?" * len(rows[0]))
        db.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


def _kept(db: sqlite3.Connection, row: sqlite3.Row) -> KeptRun:
    run = (row["run"],)
    parts = {
        "verdicts": dict(
            db.execute(
                "SELECT verdict, count(*) FROM controls WHERE run = ? GROUP BY verdict", run
            ).fetchall()
        ),
        "areas": dict(
            db.execute("SELECT area, score FROM areas WHERE run = ? ORDER BY area", run).fetchall()
        ),
        "findings": [
            dict(found)
            for found in db.execute(
                "SELECT * FROM findings WHERE run = ? ORDER BY control, place, fingerprint", run
            )
        ],
        "targets": [
            dict(target)
            for target in db.execute("SELECT * FROM targets WHERE run = ? ORDER BY id", run)
        ],
        "change": None,
    }
    if row["before"] is not None:
        both = {"run": row["run"], "before": row["before"]}
        parts["change"] = {
            "run": row["before"],
            "score": row["score_before"],
            "new": db.execute(_NEW, both).fetchone()[0],
            "fixed": db.execute(_FIXED, both).fetchone()[0],
        }
    return msgspec.convert({**dict(row), **parts}, KeptRun, strict=False)
