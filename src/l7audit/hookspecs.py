"""The contract with plugins: when each hook is called, with what, and what it returns.

Third parties offer a module or an object with `hookimpl`-marked functions through the
entry-point group `l7audit`. See docs/hooks.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol

import pluggy

from l7audit.assess.results import Results
from l7audit.errors import ProviderError
from l7audit.journal import AnyRecord, Records
from l7audit.model import Backup, Moment, Restored, Target
from l7audit.profile import Profile
from l7audit.scanning import Ground, Scan

PROJECT = "l7audit"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

Progress = Callable[[str], None]
"""Told one short sentence whenever something slow begins."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a machine can or can't do: a subject, whether it is fine, a sentence, and the mend."""

    subject: str
    fine: bool
    sentence: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """A package of areas, each with `controls.yaml` and checks."""

    package: str
    title: str


class Lab(Protocol):
    """Copies of a stack in which a named defect can be planted, for `l7audit prove`.

    Lanes are independent of each other: work in one never shows in another. The first has all
    that the ordinary stack has; the others may lack replicas.
    """

    lanes: int

    def defects(self) -> Mapping[str, str]:
        """The names of the defects and near-misses it can plant, each with its summary."""
        ...

    def whole(self) -> Collection[str]:
        """Those of the names that only the first lane can show."""
        ...

    def target(self, lane: int, defects: Sequence[str]) -> Target:
        """The lane's target with exactly these planted; none is the clean stack."""
        ...


class Provider(ABC):
    """Opens a target and closes it again."""

    name: str

    @abstractmethod
    def open(
        self, profile: Profile, folder: Path, progress: Progress
    ) -> AbstractContextManager[Target]:
        """The target, ready to be audited; logs go to `folder`. Errors: `ProviderError`."""

    def open_lab(
        self, profile: Profile, folder: Path, progress: Progress, lanes: int
    ) -> AbstractContextManager[Lab]:
        """A lab with that many lanes. Errors: `ProviderError` where none can be had."""
        raise ProviderError(
            f"The provider {self.name!r} cannot plant defects.",
            mend="Prove the controls against the reference stack: l7audit prove",
        )

    def diagnose(self) -> Sequence[Diagnosis]:
        """What this machine offers the provider, for `l7audit doctor`."""
        return ()


class StandingProvider(Provider):
    """A provider whose stack can be left running, for `l7audit stack`."""

    @abstractmethod
    def up(self, folder: Path, progress: Progress) -> Target:
        """Starts the stack and leaves it running. Errors: `ProviderError`."""

    @abstractmethod
    def down(self, folder: Path) -> bool:
        """Stops the stack of that folder; False where none was running."""

    @abstractmethod
    def standing(self, folder: Path) -> tuple[Target, Sequence[tuple[str, str]]] | None:
        """The running stack and its components with their states, or None."""

    def back_up(self, folder: Path) -> Backup:
        """Takes a backup of the running stack. Errors: `ProviderError`."""
        raise ProviderError(f"The provider {self.name!r} takes no backups.")

    def backups(self, folder: Path) -> Sequence[Backup]:
        """The running stack's backups, newest first. Errors: `ProviderError`."""
        raise ProviderError(f"The provider {self.name!r} takes no backups.")

    def verify_backup(self, folder: Path, backup: str) -> Backup:
        """Opens one of them and checks what is in it; its `trouble` says what is wrong. Errors:
        `ProviderError`."""
        raise ProviderError(f"The provider {self.name!r} takes no backups.")

    def name_point(self, folder: Path, name: str) -> None:
        """Gives this moment of the running stack a name to restore to. Errors: `ProviderError`."""
        raise ProviderError(f"The provider {self.name!r} restores nothing.")

    def plan_restore(self, folder: Path, to: Moment) -> Backup:
        """The backup that a restore to there begins with. Errors: `ProviderError`."""
        raise ProviderError(f"The provider {self.name!r} restores nothing.")

    def restore(self, folder: Path, to: Moment) -> Restored:
        """Restores to there into a scratch database, in place of the one before, never over the
        stack's own. Interrupted or refused, it leaves none. Errors: `ProviderError`."""
        raise ProviderError(f"The provider {self.name!r} restores nothing.")

    def drop_restored(self, folder: Path) -> None:
        """Removes the scratch database, if there is one. Errors: `ProviderError`."""
        raise ProviderError(f"The provider {self.name!r} restores nothing.")


class Reporter(ABC):
    """Writes one output of a run. A pure function of the journal: no clock, no network.

    One that is not `by_default` writes only where it is asked for by name. One that is not
    `repeatable` can't promise the same bytes again, so `l7audit verify` does not ask it for them.
    """

    name: str
    by_default: bool = True
    repeatable: bool = True

    @abstractmethod
    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes into `folder` and returns the file's path. Errors: `OSError`."""


class Scanner(ABC):
    """Runs somebody's scanner and tells what it says in our words, for the checks that ask it.

    It is made anew, without arguments, in the process that runs the checks, and asked once there.
    What it runs is imported late: a run that asks no scanner must not wait for one. `distribution`
    is the package that it cannot do without, `mend` how to get it.
    """

    name: str
    distribution: str = ""
    mend: str = ""

    def version(self) -> str:
        """The version of what it runs; empty where that is not installed."""
        try:
            return metadata.version(self.distribution)
        except (metadata.PackageNotFoundError, ValueError):
            return ""

    @abstractmethod
    def scan(self, ground: Ground) -> Scan:
        """All that it sees, and whether it saw the specimen that it planted for itself.

        Errors: `ScanError` where it can't say, with the cause; the checks then pass nothing.
        """


@hookspec
def l7audit_register_provider() -> Provider:  # type: ignore[empty-body]
    """Called once, when plugins are loaded; returns a provider under a name of its own."""


@hookspec
def l7audit_register_suite() -> Suite:  # type: ignore[empty-body]
    """Called once, when plugins are loaded; returns a suite of controls and checks."""


@hookspec
def l7audit_register_reporter() -> Reporter:  # type: ignore[empty-body]
    """Called once, when plugins are loaded; returns a reporter under a name of its own."""


@hookspec
def l7audit_register_scanner() -> Scanner:  # type: ignore[empty-body]
    """Called once, when plugins are loaded; returns a scanner under a name of its own."""


@hookspec
def l7audit_observe_record(record: AnyRecord) -> None:
    """Called after each record was written to the journal, in order, in the run's own process.

    `record` is the record as written, with its number and time.
    """
