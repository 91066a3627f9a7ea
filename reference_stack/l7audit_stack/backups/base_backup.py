"""A full backup as PostgreSQL's own pg_basebackup gives it, checked by its own pg_verifybackup."""

from __future__ import annotations

import io
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from l7audit_stack.backups.interface import BackupError, DamagedBackupError
from l7audit_stack.backups.unpacking import unpack

MOST_SECONDS = 600.0
_PIECE = 1 << 18


@dataclass(frozen=True)
class BaseBackup:
    """The server whose socket lies in the folder `sockets`. `scratch` is a private folder in which
    an archive may be unpacked for a moment."""

    programs: Path
    sockets: Path
    port: int
    role: str
    scratch: Path

    def version(self) -> str:
        """As `PostgreSQL 18.6`."""
        said = self._run("pg_basebackup", "--version").stdout.decode()
        return said.strip().rpartition("(")[2].replace(")", "")

    @contextmanager
    def stream(self) -> Iterator[Iterator[bytes]]:
        """The WAL that makes it consistent is within it: it needs nothing else to be opened."""
        command = [
            str(self.programs / "pg_basebackup"),
            *("-h", str(self.sockets), "-p", str(self.port), "-U", self.role, "--no-password"),
            *("-D", "-", "-F", "tar", "-X", "fetch", "-c", "fast", "--no-sync"),
        ]
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as process,
        ):
            guard = threading.Timer(MOST_SECONDS, process.kill)
            guard.start()
            try:
                assert process.stdout is not None
                yield _pieces(process, said)
            finally:
                guard.cancel()
                process.kill()  # nobody reads on: where it ended by itself, nothing happens

    def check(self, archive: Iterator[bytes]) -> None:
        """Unpacks it and asks pg_verifybackup, which also reads the WAL."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            unpack(archive, Path(folder))
            done = self._run("pg_verifybackup", "--quiet", folder)
            if done.returncode != 0:
                raise DamagedBackupError(
                    f"What was opened is not what was backed up: {_reason(done.stderr)}."
                )

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = [str(self.programs / program), *arguments]
        try:
            return subprocess.run(command, capture_output=True, timeout=MOST_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BackupError(f"{program} can't be run: {error}.") from error


def _pieces(process: subprocess.Popen[bytes], said: io.BufferedRandom) -> Iterator[bytes]:
    assert process.stdout is not None
    while piece := process.stdout.read(_PIECE):
        yield piece
    if process.wait() != 0:
        said.seek(0)
        raise BackupError(f"PostgreSQL gave no backup: {_reason(said.read())}.")


def _reason(said: bytes) -> str:
    """The first error that a program of PostgreSQL named; hints follow it."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    told = [line.partition("error: ")[2] for line in lines if "error: " in line] or lines
    return told[0].rstrip(".") if told else "it ended without saying why"
