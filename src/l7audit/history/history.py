"""The user's history: where it is, what is asked of it, what is kept and dropped."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from l7audit.assess.baseline import is_complete
from l7audit.assess.results import Results
from l7audit.errors import HistoryError, UsageError
from l7audit.history.database import OFF, VARIABLE, insert, opened, transaction
from l7audit.history.kept import KeptRun, Series
from l7audit.journal import PastRun

FILE = "history.sqlite3"
TREND = 30
"""So many earlier runs a report gets to draw its trend from."""

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
        with opened(self.path) as db:
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
        with opened(self.path, make=True) as db, transaction(db):
            db.execute("DELETE FROM runs WHERE run = ?", (results.run,))
            insert(db, "runs", [row])
            for table, members in parts:
                insert(db, table, [(results.run, key, *rest) for key, rest in members.items()])

    def runs(self, *, profile: str = "", limit: int | None = None) -> list[KeptRun]:
        """The newest runs, of one profile or of all, oldest first."""
        if not self._exists():
            return []
        with opened(self.path) as db:
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
        with opened(self.path, make=True) as db, transaction(db):
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
        with opened(self.path, make=True) as db, transaction(db):
            return db.execute(
                f"DELETE FROM runs WHERE run IN (SELECT run FROM (SELECT run, row_number() OVER"
                f" ({_SERIES} ORDER BY started DESC, rowid DESC) AS age FROM runs) WHERE age > ?)",
                (keep,),
            ).rowcount

    def _exists(self) -> bool:
        return self.path is not None and self.path.exists()


def _seconds(moment: str) -> float:
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError as error:
        raise HistoryError(f"{moment!r} is no time at which a run could begin or end.") from error
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


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
