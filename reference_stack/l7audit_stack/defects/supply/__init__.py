"""Weaknesses in a copy of the code and of what it runs with: they are read and never run."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from l7audit_stack.defects.defect import Defect

ADVISORIES = Path(__file__).with_name("advisories")
"""Known vulnerabilities of packages that exist nowhere."""

REQUIREMENTS = "requirements.txt"
"""What a copy is said to run with."""

_ROOM = Path(__file__).parents[2] / "api" / "security"
_SOUND = "l7audit-package-of-nobody==1.4\n"


def plant(folder: Path, changes: Iterable[Callable[[Path], None]]) -> None:
    """Makes the folder a copy of one room of the code, and changes that.

    One room is enough to read, and each reading of all of them costs seconds.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_ROOM, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / REQUIREMENTS).write_text(_SOUND, encoding="utf-8")
    for change in changes:
        change(folder)


def _written(name: str, text: str, folder: Path) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def _keeps_a_key(folder: Path) -> None:
    """A key as a person would leave it; made up at each planting, so that it lies in no code."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    key = "AKIA" + "".join(secrets.choice(letters) for _ in range(16))
    _written("backups.py", f'"""Where backups go."""\n\nBUCKET_KEY = "{key}"\n', folder)


_SHELL = '''\
"""Looks up who a caller is."""

import subprocess


def name_of(address):
    return subprocess.check_output("host " + address, shell=True)
'''
_NO_SHELL = '''\
"""Looks up who a caller is."""

import hashlib
import subprocess


def name_of(address):
    return subprocess.check_output(["host", "--", address])


def tag_of(body):
    """For caches, not for trust."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
'''
_MANUAL = '''\
"""How to configure backups.

    export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
    export DATABASE_URL=postgresql://user:password@localhost/agents
"""

PUBLIC_KEY = """\\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
'''

DEFECTS: tuple[Defect, ...] = (
    Defect(
        "supply.shell-in-the-code",
        "The code starts a shell with a text that it was given.",
        source=partial(_written, "lookup.py", _SHELL),
    ),
    Defect(
        "supply.program-without-a-shell",
        "The code starts a program without a shell, and uses MD5 where nothing trusts it.",
        near_miss=True,
        source=partial(_written, "lookup.py", _NO_SHELL),
    ),
    Defect(
        "supply.vulnerable-package",
        "A version is pinned that an advisory calls vulnerable.",
        source=partial(_written, REQUIREMENTS, "l7audit-package-of-nobody==1.3\n"),
    ),
    Defect(
        "supply.mended-package",
        "The first version is pinned in which what an advisory tells was mended.",
        near_miss=True,
        source=partial(_written, REQUIREMENTS, "l7audit-package-of-nobody==1.4.0\n"),
    ),
    Defect(
        "supply.key-in-the-code",
        "A key of a cloud lies in the code.",
        source=_keeps_a_key,
    ),
    Defect(
        "supply.key-of-a-manual",
        "The code quotes a manual's example of a key, and holds a public key.",
        near_miss=True,
        source=partial(_written, "backups.py", _MANUAL),
    ),
)
