"""What earlier runs left: a run to go on with, and the newest proof of the same suites."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from l7audit.catalogue import Catalogue
from l7audit.errors import JournalError, UsageError
from l7audit.folders import JOURNAL, PROOF
from l7audit.journal import CheckEnded, ProofCell, Records, RunEnded, RunStarted, of_type
from l7audit.model import Verdict
from l7audit.profile import Profile


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an unfinished run has left: its first record and the checks that `ended`.

    Those that are `done` need no second try.
    """

    started: RunStarted
    ended: frozenset[str]
    done: frozenset[str]

    @property
    def selected(self) -> set[str]:
        return {*self.started.planned, *(s.control for s in self.started.out_of_scope)}

    @property
    def checks(self) -> frozenset[str]:
        """The checks that were planned; pytest's own selection may have left some out."""
        return frozenset(check for ids in self.started.checks.values() for check in ids)


def unfinished(folder: Path, catalogue: Catalogue, profile: Profile) -> Earlier:
    """A run to go on with. Errors: `JournalError`, `UsageError` where it can't go on."""
    records = Records(folder / JOURNAL)
    started = records.started
    if started.suites_digest != catalogue.digest or started.profile_digest != profile.digest:
        what = "profile" if started.suites_digest == catalogue.digest else "checks"
        raise UsageError(
            f"{folder} cannot be resumed: the {what} changed since it began.",
            mend="Start a new run: l7audit run",
        )
    ended: set[str] = set()
    done: set[str] = set()
    end: RunEnded | None = None
    for record in records:
        if isinstance(record, RunEnded):
            end = record
        elif isinstance(record, CheckEnded):
            ended.add(record.check)
            # A check that broke or was cut short with its target gets another try.
            again = record.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE)
            (done.discard if again else done.add)(record.check)
    if end is not None and end.outcome == "completed":
        raise UsageError(
            f"{folder} is complete; there is nothing to resume.",
            mend=f"Render it again: l7audit report {folder}",
        )
    return Earlier(started, frozenset(ended), frozenset(done))


def proven_before(parent: Path, digest: str) -> list[ProofCell]:
    """The cells of the newest proof in the folder of runs that was made of the same suites.

    A proof of other suites says nothing of these, and one that can't be read is none.
    """
    for proof in sorted(parent.glob(f"*/{PROOF}"), reverse=True):
        if proof.parent.is_symlink():  # `latest`
            continue
        try:
            cells = list(of_type(Records(proof.with_name(JOURNAL)), ProofCell))
        except JournalError:
            continue
        if cells and all(c.suites_digest == digest for c in cells):
            return cells
    return []
