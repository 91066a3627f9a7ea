"""The two ways of starting the stack, and what each needs before the first part is started."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.homes import Home
from l7audit_stack.deploy.processes import Processes
from l7audit_stack.deploy.runner import Runner
from l7audit_stack.deploy.seats import LoopbackSeats, Seats
from l7audit_stack.deploy.topology import Topology


class Mode(StrEnum):
    """How the parts are run."""

    EMBEDDED = "embedded"  # processes of this machine, from wheels
    CONTAINERS = "containers"  # of a Docker engine on this machine


@dataclass(frozen=True, slots=True)
class Machinery:
    """What runs the parts, and where they listen. `image_model` is the language model's file where
    an image brings it along."""

    runner: Runner
    seats: Seats
    image_model: str = ""


async def open_machinery(
    mode: Mode, home: Home, logs: Path, topology: Topology, progress: Callable[[str], None]
) -> Machinery:
    """Get ready to run parts. Raises StackError where this machine can't."""
    if mode is Mode.EMBEDDED:
        return Machinery(await Processes.open(logs), LoopbackSeats())
    opened: Machinery = await asyncio.to_thread(
        _containers().open_machinery, home, topology, progress
    )
    return opened


def clear(mode: Mode, home: Home) -> None:
    """Remove what is left of a run besides its processes."""
    if mode is Mode.EMBEDDED:
        return
    try:
        _containers().clear(home)
    except StackError as error:
        sys.stderr.write(f"{error} Left containers go with the next run.\n")


def engine_environment(mode: Mode) -> dict[str, str]:
    """How the caller says where the engine is."""
    if mode is Mode.EMBEDDED:
        return {}
    return {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}


def _containers() -> Any:
    """Imported late: the embedded mode does without testcontainers."""
    try:
        return importlib.import_module("l7audit_stack.deploy.containers")
    except ModuleNotFoundError as error:
        raise StackError(
            f"The containers mode needs {error.name}: pip install 'l7audit[containers]'."
        ) from error
