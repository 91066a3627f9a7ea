"""A file of our own beside the target, where both are on one machine: who writes by a name that
leads anywhere writes over it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from l7audit.harness.check import Check
from l7audit_suites.input.urls import on_this_machine


@dataclass(frozen=True, slots=True)
class Outside:
    """A file that anybody on this machine may write, alone in its folder."""

    folder: str
    name: str
    text: str = field(repr=False)

    @property
    def path(self) -> str:
        """Its whole path."""
        return f"{self.folder}/{self.name}"

    @property
    def beside(self) -> str:
        """The whole path of a file that is not there, in the same folder."""
        return f"{self.folder}/new-{self.name}"

    def whole(self) -> bool:
        """Whether the folder is as it was made."""
        place = Path(self.folder)
        if [entry.name for entry in place.iterdir()] != [self.name]:
            return False
        return (place / self.name).read_text("utf-8", "replace") == self.text


@contextmanager
def outside(check: Check, ending: str = "txt") -> Iterator[Outside | None]:
    """Such a file for the block; None where the target is on another machine."""
    if not on_this_machine(check.target.base_url):
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="l7audit-", dir="/tmp"))
    try:
        folder.chmod(0o777)
        ours = Outside(str(folder), f"l7audit-outside.{ending}", f"l7audit-{secrets.token_hex(8)}")
        file = folder / ours.name
        file.write_text(ours.text)
        file.chmod(0o666)
        yield ours
    finally:
        shutil.rmtree(folder, ignore_errors=True)
