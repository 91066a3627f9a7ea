"""The reference stack as containers of a Docker engine on this machine."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l7audit.errors import ProviderError
from l7audit.hookspecs import Diagnosis, hookimpl
from l7audit_plugins.providers.reference import ReferenceStack, installed, sentences

if TYPE_CHECKING:
    from l7audit_stack.deploy.stack import Address, Stack

MEND = "On Debian, scripts/docker-engine.sh installs one and starts it."


class Containers(ReferenceStack):
    """Parts are containers. They reach each other and nobody else, so that no check can play a
    place that they call; backups are not taken here yet."""

    name = "containers"
    parts = {"testcontainers": "what speaks with the Docker engine"}
    extra = "containers"

    def down(self, folder: Path) -> bool:
        """Stops the stack of that folder, and removes what killed runs have left."""
        stopped = super().down(folder)
        with sentences():
            return _containers().sweep() > 0 or stopped

    def diagnose(self) -> Sequence[Diagnosis]:
        """Whether there is an engine, and what speaks with it."""
        return [*super().diagnose(), *([_engine()] if installed("testcontainers") else [])]

    def places(self, address: Address) -> Mapping[str, str]:
        return {}

    def backup_control(self, stack: Stack, address: Address) -> None:
        return None


def _engine() -> Diagnosis:
    subject = f"{Containers.name}: engine"
    try:
        with sentences():
            version = _containers().engine_version()
    except ProviderError:
        return Diagnosis(subject, False, "No Docker engine answers.", MEND)
    return Diagnosis(subject, True, f"Docker {version} answers.")


def _containers() -> Any:
    """What runs containers, imported late: a base install audits without it."""
    return importlib.import_module("l7audit_stack.deploy.containers")


@hookimpl
def l7audit_register_provider() -> Containers:
    """The reference stack under the name `containers`."""
    return Containers()
