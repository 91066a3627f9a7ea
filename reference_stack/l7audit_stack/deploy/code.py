"""The stack's own code on this machine, and the files that pin what it runs with."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOMS = ("api", "backups", "data", "deploy", "edge", "observability")
"""What serves; the defects are the laboratory's."""

_LOCK = "requirements/audit.txt"
_INSTALLED = "installed.txt"


@dataclass(frozen=True, slots=True)
class Code:
    """Folders of code and files of pinned packages, named from `root` or absolute."""

    root: Path
    paths: list[str]
    requirements: list[str]


def find(folder: Path) -> Code:
    """Those of the checkout with its lock; else those that are installed, whose versions are
    written into a file in `folder`."""
    package = Path(__file__).parents[1]
    checkout = package.parents[1]
    if package.parent.name == "reference_stack" and (checkout / _LOCK).is_file():
        root, requirements = checkout, [_LOCK]
    else:
        root, requirements = package.parent, [str(_installed(folder))]
    paths = [(package / room).relative_to(root).as_posix() for room in ROOMS]
    return Code(root, paths, requirements)


def _installed(folder: Path) -> Path:
    """Each distribution of this interpreter with its version."""
    file = folder.absolute() / _INSTALLED
    pins = {f"{d.name}=={d.version}" for d in metadata.distributions() if d.name and d.version}
    file.write_text("".join(f"{pin}\n" for pin in sorted(pins)), encoding="utf-8")
    return file
