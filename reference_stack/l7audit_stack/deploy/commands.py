"""What to run for a component: data, so that the ways of running it can be exchanged."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# A component sees these of the caller's environment and nothing else of it: the caller's
# secrets, proxies and PYTHON* switches are not part of what is audited.
_PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "LOGNAME"),
    "XDG_CACHE_HOME",
)


def base_environment() -> dict[str, str]:
    """The part of this process's environment that components inherit."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder that a command needs: in a container it sees these only, at their paths."""

    path: Path
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """An executable. `package` is the wheel that has it, at the path that `argv` begins with; an
    image has it on its path. `unprivileged`: it refuses to run as root."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    unprivileged: bool = False
    package: str = ""
    mounts: tuple[Mount, ...] = ()


@dataclass(frozen=True, slots=True)
class Module:
    """What `python -m name *arguments` would run. `alone`: not as a fork of a warm process."""

    name: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    alone: bool = False


Command = Program | Module
