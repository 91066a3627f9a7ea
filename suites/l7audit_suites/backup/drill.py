"""A drill: writes that are acknowledged and counted, and how many of them a restore brings back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from l7audit.errors import ProviderError
from l7audit.harness.backups import Backups
from l7audit.harness.check import Check
from l7audit.model import Backup, Place, Restored
from l7audit.probe.storage import Storage
from l7audit_suites.fail.clients import Clients
from l7audit_suites.fail.ground import Ground, ground
from l7audit_suites.fail.timeline import Attempt

PROMPT = 1.0
"""Seconds after which what was acknowledged has to be in the repository."""

WHILE = 0.4
"""Seconds for which is written, each time."""

_PACE = 0.08
_FEWEST = 3
_PATIENCE = 10.0
_PAUSE = 0.05


@dataclass
class Drill:
    """What is written, kept and restored in one check."""

    check: Check
    backups: Backups
    it: Ground
    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def writing(self) -> Iterator[Clients]:
        """A client that writes one numbered thing after the other while the block runs."""
        with Clients(self.check, self.it.owner, self.it.write, count=1, pace=_PACE) as clients:
            yield clients
        self.it.kept(clients.timeline().served)

    def write(self) -> list[Attempt]:
        """Writes for a while; what was acknowledged. Ends the check where hardly anything was."""
        with self.writing() as clients:
            self.go_on(clients)
        return clients.timeline().served

    def go_on(self, clients: Clients) -> None:
        """Lets them write for a while, until some of what they began in it was acknowledged."""
        began = time.perf_counter()
        time.sleep(WHILE)
        while len([a for a in clients.timeline().served if a.started > began]) < _FEWEST:
            if time.perf_counter() - began > _PATIENCE:
                self.check.inconclusive("Hardly any of the client's writes was served.")
            time.sleep(_PAUSE)

    def restored(
        self, backup: Backup, among: Sequence[Attempt], *, moment: str = ""
    ) -> set[str] | None:
        """The markers of those of these writes that are in the database restored from a backup;
        None where it is refused, which is observed. Ends the check where the thing that was there
        before the backup can't be read in it either: then it is another place, or sealed."""
        try:
            with self.backups.restored(backup, time=moment) as restored:
                self.seconds.append(restored.seconds)
                rows = _rows(restored, [self.it.thing.marker, *(a.marker for a in among)])
        except ProviderError as error:
            self.check.observe(f"It was not restored: {error}")
            return None
        self.check.witness(
            "what was there before the backup is read in what was restored",
            self.it.thing.marker in rows,
            once=True,
        )
        return {a.marker for a in among if a.marker in rows}

    def restores(self, backup: Backup) -> bool:
        """Whether a database runs that was restored from a backup. A refusal is observed."""
        try:
            with self.backups.restored(backup) as restored:
                self.seconds.append(restored.seconds)
        except ProviderError as error:
            self.check.observe(f"It was not restored: {error}")
            return False
        return True

    def place(self, part: str) -> Place:
        return Place(operation="restore", part=part)


@contextmanager
def drill(check: Check) -> Iterator[Drill]:
    """Ends the check where nothing can be restored, or nothing can be written and known again."""
    with check.backups() as backups:
        if not backups.restores:
            check.inconclusive("Nobody restores the target's backups beside what runs.")
        yield Drill(check, backups, ground(check))


def _rows(restored: Restored, markers: Sequence[str]) -> str:
    """The text of all tables in which one of these stands."""
    with Storage(restored.url) as storage:
        tables = dict.fromkeys(kept.table for kept in storage.holding(*markers))
        rows = [row for table in tables for row in storage.contents(table)]
    return msgspec.json.encode(rows).decode()


def missing(written: Sequence[Attempt], there: set[str]) -> list[Attempt]:
    """What was acknowledged and is not there."""
    return [a for a in written if a.marker not in there]


def window(written: Sequence[Attempt], there: set[str], moment: float) -> float:
    """Seconds of acknowledged writes that are lost to a restore which began at that moment: from
    the first that was acknowledged before it and is not there."""
    lost = [a.ended for a in missing(written, there) if a.ended <= moment]
    return moment - min(lost, default=moment)
