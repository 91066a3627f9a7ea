"""`l7audit doctor`: what this machine can and can't do, and the mend."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import click
from rich.text import Text

from l7audit import plugins as all_plugins
from l7audit.cli.terminal import Terminal, styled
from l7audit.exits import Exit
from l7audit.hookspecs import Diagnosis
from l7audit.plugins import Plugins

ENOUGH_DISK = 1_000_000_000
"""Bytes: a database, its log and a journal, with room to spare."""

EXAMPLES = """\b
Examples:
  l7audit doctor
  l7audit doctor --target embedded    exit 3 where that can't be used here
"""


@click.command(
    "doctor", help=f"Say what this machine can and can't do, and the mend.\n\n{EXAMPLES}"
)
@click.option("--target", metavar="PROVIDER", default="", help="Only what this provider needs.")
def command(target: str) -> Exit:
    """A line a diagnosis. The exit code is 0 unless a provider was named and can't be used."""
    plugins = all_plugins.load()
    names = [plugins.provider(target).name] if target else list(plugins.providers)
    terminal = Terminal()
    _tell(terminal, "this machine", machine(Path.cwd()))
    fine = True
    for name in names:
        fine = _tell(terminal, name, _asked(plugins, name)) and fine
    if not target:
        _tell(terminal, "scanners", scanners(plugins))
    return Exit.PASSED if fine or not target else Exit.INTERNAL


def machine(folder: Path) -> list[Diagnosis]:
    """What every run needs: an interpreter of our age and room for its files."""
    free = shutil.disk_usage(folder).free
    return [
        Diagnosis(
            "Python",
            sys.version_info >= (3, 11),
            f"{platform.python_version()} at {sys.executable}.",
            "Install Python 3.11 or newer.",
        ),
        Diagnosis(
            "disk",
            free >= ENOUGH_DISK,
            f"{free / 1e9:.1f} GB are free in {folder}.",
            "Free some, or keep the runs elsewhere with --out.",
        ),
    ]


def scanners(plugins: Plugins) -> list[Diagnosis]:
    """Which scanners can be asked; the controls that ask another one are left out of a run."""
    return [
        Diagnosis(
            name,
            bool(version := scanner.version()),
            f"version {version}." if version else "It is not installed; its controls are left out.",
            scanner.mend,
        )
        for name, scanner in sorted(plugins.scanners.items())
    ]


def _asked(plugins: Plugins, name: str) -> list[Diagnosis]:
    """What a provider says of this machine; one that breaks while asked is not fine."""
    try:
        found = list(plugins.provider(name).diagnose())
    except Exception as error:  # noqa: BLE001 - anybody's plugin: its failure is the diagnosis
        return [Diagnosis("plugin", False, f"It broke: {type(error).__name__}: {error}.")]
    return found or [Diagnosis("machine", True, "It needs nothing of this machine.")]


def _tell(terminal: Terminal, title: str, diagnoses: Iterable[Diagnosis]) -> bool:
    """Writes one section; whether all in it is fine."""
    terminal.result(styled(title, "bold"))
    fine = True
    for diagnosis in diagnoses:
        word = Text("  yes  ", "green") if diagnosis.fine else Text("  no   ", "bold red")
        terminal.result(word, styled(f"{diagnosis.subject}: {diagnosis.sentence}", ""))
        if not diagnosis.fine and diagnosis.mend:
            terminal.result("       ", styled(diagnosis.mend, "italic"))
        fine = fine and diagnosis.fine
    return fine
