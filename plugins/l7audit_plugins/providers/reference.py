"""The reference stack, whichever way its parts are run: what both of its providers share."""

from __future__ import annotations

import importlib
import platform
import sys
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l7audit.errors import ProviderError
from l7audit.hookspecs import Diagnosis, Progress, StandingProvider
from l7audit.model import (
    BackupControl,
    Capability,
    Component,
    Credential,
    Identity,
    Mint,
    Source,
    Target,
)
from l7audit.profile import Profile

if TYPE_CHECKING:
    from l7audit_stack.deploy.stack import Address, Stack


class ReferenceStack(StandingProvider):
    """Starts and stops the reference stack through its own supervisor.

    A way of running it grants at least these `capabilities`, and needs `parts`: the packages by
    what they are.
    """

    capabilities: Sequence[Capability] = (
        Capability.HTTP,
        Capability.OPENAPI,
        Capability.IDENTITIES,
        Capability.MINT,
        Capability.REPLICAS,
        Capability.ADMIN,
        Capability.FAULTS,
        Capability.LOGS,
        Capability.SOURCE,
        Capability.STORAGE,
    )
    parts: Mapping[str, str]
    extra: str

    @contextmanager
    def open(self, profile: Profile, folder: Path, progress: Progress) -> Iterator[Target]:
        """A fresh stack, stopped and removed at the end. Errors: `ProviderError`."""
        stack = self.start(folder / "stack", progress)
        try:
            yield self.target(stack, stack.address(), source_of(profile, stack))
        finally:
            with sentences():
                stack.stop()

    def up(self, folder: Path, progress: Progress) -> Target:
        stack = self.start(folder, progress, detached=True)
        return self.target(stack, stack.address())

    def down(self, folder: Path) -> bool:
        stack = self._standing(folder)
        if stack is None:
            return False
        with sentences():
            stack.stop()
        return True

    def standing(self, folder: Path) -> tuple[Target, Sequence[tuple[str, str]]] | None:
        stack = self._standing(folder)
        if stack is None:
            return None
        with sentences():
            parts = [(c.name, c.state) for c in stack.status()]
            return self.target(stack, stack.address()), parts

    def diagnose(self) -> Sequence[Diagnosis]:
        """Which parts of the stack are installed here."""
        found = []
        for package, what in self.parts.items():
            there = installed(package)
            found.append(
                Diagnosis(
                    subject=f"{self.name}: {package}",
                    fine=there,
                    sentence=f"{what} is {'installed' if there else 'not installed'}",
                    mend="" if there else f"pip install 'l7audit[{self.extra}]'",
                )
            )
        return found

    def start(self, folder: Path, progress: Progress, *, detached: bool = False) -> Stack:
        """A stack that runs. Errors: `ProviderError`."""
        with sentences():
            kind = self.stack()
            mode = importlib.import_module("l7audit_stack.deploy.stack").Mode(self.name)
            return kind.start(folder, mode=mode, detached=detached, progress=progress)

    def stack(self) -> type[Stack]:
        """The stack's own class. It is imported late: a base install audits without the stack."""
        missing = [package for package in self.parts if not installed(package)]
        if missing:
            raise ProviderError(
                f"The reference stack as {self.name} needs {', '.join(missing)}, not installed on "
                f"this {platform.system()} machine.",
                mend=f"pip install 'l7audit[{self.extra}]'",
            )
        module = importlib.import_module("l7audit_stack.deploy.stack")
        found: type[Stack] = module.Stack
        return found

    def _standing(self, folder: Path) -> Stack | None:
        errors = importlib.import_module("l7audit_stack.deploy.errors")
        error: type[Exception] = errors.StackError
        try:
            return self.stack().attach(folder)
        except error:
            return None

    def target(self, stack: Stack, address: Address, source: Source | None = None) -> Target:
        """A lane of the stack, as audits see it."""
        return Target(
            name="reference stack",
            provider=self.name,
            base_url=address.base_url,
            capabilities=list(self.capabilities),
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
                "documentation": "document",
                **self.places(address),
            },
            handle=str(stack.run_dir),
            storage=address.database_url,
            backups=self.backup_control(stack, address),
            logs=[str(path) for path in address.logs],
            source=source or Source(),
            versions=stack.versions(),
        )

    @abstractmethod
    def places(self, address: Address) -> Mapping[str, str]:
        """Hints at places of this machine that the stack calls."""

    @abstractmethod
    def backup_control(self, stack: Stack, address: Address) -> BackupControl | None:
        """How backups of it are taken, where they are."""


def installed(package: str) -> bool:
    """Whether a package is there, whatever its version."""
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


@contextmanager
def sentences() -> Iterator[None]:
    """The stack's errors are sentences already; here they become the harness's own kind."""
    stack_error: type[Exception] = importlib.import_module("l7audit_stack.deploy.errors").StackError
    try:
        yield
    except stack_error as error:
        raise ProviderError(str(error)) from error


def source_of(profile: Profile, stack: Stack) -> Source:
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


def control(stack: Stack, module: str, what: str) -> list[str]:
    """The command that takes orders about one part of the stack, a line at a time."""
    command = [sys.executable, "-P", "-m", f"l7audit_stack.deploy.{module}"]
    return [*command, str(stack.run_dir), what]


def _component(stack: Stack, name: str, url: str) -> Component:
    """A replica, with the command by which it is stopped and started."""
    return Component(name=name, url=url, control=control(stack, "command", name))


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
