"""What comes back of what was acknowledged."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from l7audit.harness.check import Check
from l7audit.model import Backup, Confidence
from l7audit_suites.backup.drill import PROMPT, Drill, drill, missing, window

_APART = 0.1
"""Seconds between a write and the moment that is restored to, on both sides."""

_LATE = 2 * PROMPT
_TRIES = 3
"""Times that a drill is made which came out a little late."""


@pytest.mark.control("BACKUP-01")
def test_the_latest_restore_is_complete(check: Check) -> None:
    with drill(check) as it:
        with it.writing() as clients:
            it.go_on(clients)
            began = time.perf_counter()
            backup = it.backups.take()
            ended = time.perf_counter()
            it.go_on(clients)
        written = clients.timeline().served
        it.backups.name_point("l7audit")  # for archives of whole files only: this one ends here
        time.sleep(PROMPT)
        there = it.restored(backup, written)
        check.witness(
            "writes were acknowledged before the backup and after it",
            any(a.ended < began for a in written) and any(a.started > ended for a in written),
            once=True,
        )
        lost = missing(written, there or set())
        check.measure(
            "restores that were complete",
            "ratio",
            successes=int(not lost),
            trials=1,
            documented="backup-success-rate",
        )
        _measure_time(it)
        check.expect(
            not lost,
            it.place("the latest"),
            "What was acknowledged can't be restored."
            if there is None
            else f"{len(lost)} of {len(written)} acknowledged writes are not in what was restored.",
            expected="all that was acknowledged until a moment ago",
            seen="a refusal" if there is None else f"{len(there)} of {len(written)} are there",
        )


@pytest.mark.control("BACKUP-02")
def test_a_restore_to_a_moment_holds_what_was_before_it_and_nothing_after(check: Check) -> None:
    with drill(check) as it:
        backup = it.backups.take()
        before = it.write()
        time.sleep(_APART)
        moment = datetime.now(UTC).isoformat()
        time.sleep(_APART)
        after = it.write()
        time.sleep(PROMPT)
        there = it.restored(backup, [*before, *after], moment=moment)
        _measure_time(it)
        if there is None:
            check.violation(
                it.place("a moment"),
                "A moment in the middle of what was archived can't be restored to.",
                expected="the database as it was then",
                seen="a refusal",
            )
            return
        lost = missing(before, there)
        check.expect(
            not lost,
            it.place("before the moment"),
            f"{len(lost)} of {len(before)} writes that were acknowledged before the moment are not "
            "in what was restored.",
            expected="all that was acknowledged before it",
            seen=f"{len(before) - len(lost)} of {len(before)} are there",
        )
        late = [a for a in after if a.marker in there]
        check.expect(
            not late,
            it.place("after the moment"),
            f"{len(late)} of {len(after)} writes that were sent after the moment are in what was "
            "restored.",
            expected="nothing that was written after it",
            seen=f"{len(late)} of {len(after)} are there",
        )


@pytest.mark.control("BACKUP-05")
def test_what_was_acknowledged_a_second_ago_is_in_the_repository(check: Check) -> None:
    with drill(check) as it:
        backup = it.backups.take()
        for _ in range(_TRIES):
            lost, seen = _lost_at_once(it, backup)
            # A machine that is busy with something else may be late now and then.
            if not PROMPT < lost <= _LATE:
                break
            check.observe(f"{lost:.1f} seconds of acknowledged writes were not there: done again.")
        _measure_time(it)
        check.expect(
            lost <= PROMPT,
            it.place("at once"),
            f"{lost:.1f} seconds of acknowledged writes are lost when the database is.",
            expected=f"what was acknowledged {PROMPT:g} second ago is in the repository",
            seen=seen,
            confidence=Confidence.CONFIRMED if lost > _LATE else Confidence.WEAK,
        )


def _lost_at_once(it: Drill, backup: Backup) -> tuple[float, str]:
    """How many seconds of writes a restore at once would lose, and in words which."""
    with it.writing() as clients:
        time.sleep(_LATE)
        it.go_on(clients)
    moment = time.perf_counter()
    written = clients.timeline().served
    there = it.restored(backup, written)
    if there is None:
        it.check.inconclusive("Nothing can be restored, so nobody knows what would be lost.")
    lost = window(written, there, moment)
    it.check.measure("acknowledged writes that a restore at once would lose", "s", value=lost)
    return lost, f"{len(missing(written, there))} of the last {len(written)} writes are not there"


def _measure_time(it: Drill) -> None:
    for seconds in it.seconds:
        it.check.measure(
            "time until a restored database served",
            "s",
            value=seconds,
            documented="recovery-time",
        )
