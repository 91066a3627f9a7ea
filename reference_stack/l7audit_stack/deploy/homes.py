"""Private folders of runs, and clearing up after runs that died without doing it.

Each run has one folder below a folder of this user. It holds data, secrets and sockets, never
logs, and a lock that lives exactly as long as the run: a folder whose lock can be had is a
leftover, whatever became of the run's processes.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from l7audit_stack.deploy.components.postgres import release_shared_memory
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.system import send, start_time

NEEDED_BYTES = 300_000_000
PLENTY_BYTES = 4_000_000_000
_MEMORY = Path("/dev/shm")
_LONGEST_SOCKET = 100  # bytes; the limit is 108 on Linux and 104 on macOS
_BELOW = len("/run-01234567/edge/lane-255.edge.admin")
_PREFIX = "run-"


class Process(msgspec.Struct, frozen=True):
    """A process of a run, told from a later one with the same id by its start time."""

    pid: int
    started: str


@dataclass(frozen=True)
class Home:
    """The folder of one run (0700) and the lock that shows that the run lives."""

    folder: Path
    lock: int

    @property
    def socket(self) -> Path:
        """Where the supervisor takes commands."""
        return self.folder / "control"

    def record(self, pids: list[int]) -> None:
        """Note the processes, for a later run that may find this one dead."""
        found = [Process(pid, started) for pid in pids if (started := start_time(pid))]
        unfinished = self.folder / "processes.new"
        unfinished.write_bytes(msgspec.json.encode(found))
        unfinished.rename(self.folder / "processes.json")

    def remove(self) -> None:
        """Delete everything in it. Its processes must have ended."""
        _clear(self.folder)
        os.close(self.lock)


def users_folder() -> Path:
    """The folder that all runs of this user share: private, or refused."""
    temporary = Path(tempfile.gettempdir())
    if len(os.fsencode(temporary / _name())) > _LONGEST_SOCKET - _BELOW:
        temporary = Path("/tmp")
    return _private(temporary / _name())


def open_home(needed_bytes: int = NEEDED_BYTES) -> Home:
    """Clear leftovers, then make a folder for this run.

    Raises StackError if no place has `needed_bytes` free.
    """
    with _alone(users_folder()):
        places = _places()
        for place in places:
            _sweep(place)
        folder = places[0] if len(places) > 1 and _has_room_in_memory() else places[-1]
        free = shutil.disk_usage(folder).free
        if free < needed_bytes:
            raise StackError(
                f"{folder} has {free // 1_000_000} MB free and the stack needs "
                f"{needed_bytes // 1_000_000} MB: free some, or set TMPDIR to a larger place."
            )
        home = folder / f"{_PREFIX}{secrets.token_hex(4)}"
        home.mkdir(mode=0o700)
        lock = _try_lock(home / "lock")
        if lock is None:
            raise StackError(f"{home} can't be locked: set TMPDIR to a local file system.")
        return Home(home, lock)


def lives(home: Path) -> bool:
    """Whether the run of that home still goes on. One that we may not look at does."""
    try:
        lock = os.open(home / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def sweep() -> list[Path]:
    """Clear leftovers of dead runs; answers the folders that were removed."""
    with _alone(users_folder()):
        return [removed for place in _places() for removed in _sweep(place)]


def _places() -> list[Path]:
    """Where homes may be, the best first.

    In memory if there is plenty: the data is thrown away anyway, and making PostgreSQL's thousand
    files is what a start waits for longest. A TMPDIR that the user chose is obeyed.
    """
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return [users_folder()]
    return [_private(_MEMORY / _name()), users_folder()]


def _has_room_in_memory() -> bool:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return False
    rows = dict(line.split(":", 1) for line in lines)
    available = int(rows["MemAvailable"].split()[0]) * 1024
    return min(available, shutil.disk_usage(_MEMORY).free) >= PLENTY_BYTES


def _name() -> str:
    return f"l7audit-{os.getuid()}"


def _private(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise StackError(
                f"{folder} belongs to somebody else: remove it, or set TMPDIR to a folder of yours."
            ) from None
    return folder


def _sweep(folder: Path) -> list[Path]:
    removed = []
    for home in sorted(folder.glob(f"{_PREFIX}*")):
        lock = _try_lock(home / "lock")
        if lock is None:
            continue
        for process in _recorded(home):
            if start_time(process.pid) == process.started:
                send(process.pid, signal.SIGKILL)
        _clear(home)
        os.close(lock)
        removed.append(home)
    return removed


def _recorded(home: Path) -> list[Process]:
    try:
        return msgspec.json.decode((home / "processes.json").read_bytes(), type=list[Process])
    except (FileNotFoundError, msgspec.DecodeError):
        return []


def _clear(home: Path) -> None:
    release_shared_memory(home / "postgres" / "data")
    # A process that was just killed may still be writing its last file.
    shutil.rmtree(home, ignore_errors=True)
    if home.exists():
        shutil.rmtree(home)


def _try_lock(path: Path) -> int | None:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One run at a time: a folder between its making and its lock looks like a leftover."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
