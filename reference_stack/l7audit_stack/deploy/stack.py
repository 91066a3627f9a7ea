"""The public face of the embedded stack: start one, find one, command one."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from l7audit_stack.backups.interface import Listed, Restored
from l7audit_stack.backups.recovery import Aim
from l7audit_stack.deploy import control
from l7audit_stack.deploy.address import Address, read_address
from l7audit_stack.deploy.commands import base_environment
from l7audit_stack.deploy.errors import StackError, from_os_error
from l7audit_stack.deploy.events import Failed, Progress, Ready, read_event
from l7audit_stack.deploy.keeper import ComponentStatus
from l7audit_stack.deploy.logs import last_lines
from l7audit_stack.deploy.mode import Mode, engine_environment
from l7audit_stack.deploy.state import StateFile
from l7audit_stack.deploy.system import start_time
from l7audit_stack.deploy.waiting import wait_until

__all__ = ["Address", "ComponentStatus", "Mode", "Stack", "StackError"]

STOP_SECONDS = 20.0
BACKUP_SECONDS = 900.0


class Stack:
    """A running stack. Pickles as its run folder, so any process may command it.

    The process that started it keeps it alive: when that process ends, however it ends, the
    stack is gone, unless it was started detached. All methods raise StackError.
    """

    def __init__(self, run_dir: Path, supervisor: subprocess.Popen[bytes] | None = None) -> None:
        self.run_dir = run_dir
        self._supervisor = supervisor
        self._state = StateFile(run_dir).running()

    @classmethod
    def start(
        cls,
        run_dir: Path,
        *,
        replicas: int = 2,
        defects: Sequence[str] = (),
        mode: Mode = Mode.EMBEDDED,
        detached: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> Stack:
        """Start a stack and wait until it serves. Its logs are kept in `run_dir/logs`."""
        run_dir = run_dir.absolute()
        state = StateFile(run_dir)
        wait_until(lambda: not state.is_ending(), STOP_SECONDS)  # of a run that was just killed
        if state.is_running():
            raise StackError(f"A stack is running for {run_dir} already: stop it first.")
        try:
            supervisor = _launch(run_dir, replicas, defects, mode, detached=detached)
        except OSError as error:
            raise from_os_error(error) from error
        try:
            _await_ready(supervisor, run_dir, progress)
            return cls(run_dir, supervisor)
        except BaseException:  # Ctrl-C too: a stack nobody holds must not stay
            _abandon(supervisor)
            raise

    @classmethod
    def attach(cls, run_dir: Path) -> Stack:
        """The stack that somebody started with that run folder."""
        return cls(run_dir.absolute())

    def __reduce__(self) -> tuple[Callable[[Path], Stack], tuple[Path]]:
        return Stack.attach, (self.run_dir,)

    def address(self, lane: int = 0) -> Address:
        """Where a lane is, with demo credentials."""
        return read_address(self._ask("address", lane=lane))

    def open_lane(self, replicas: int = 1) -> int:
        """Start replicas with an edge and data of their own; answers the lane's number."""
        return int(self._ask("open_lane", replicas=replicas))

    def variant(
        self, lane: int, defects: Sequence[str] = (), *, fresh_data: bool = False
    ) -> Address:
        """Run the lane with these defects (none: clean) and an empty store.

        Identities and credentials stay. `fresh_data` (0.2 s) also undoes what was written to
        the database.
        """
        arguments = {"lane": lane, "defects": list(defects), "fresh_data": fresh_data}
        return read_address(self._ask("variant", **arguments))

    def close_lane(self, lane: int) -> None:
        """Stop a lane and drop its data."""
        self._ask("close_lane", lane=lane)

    def back_up(self, lane: int = 0) -> Listed:
        """Take a backup of the database server into the lane's repository."""
        return msgspec.convert(self._backup(lane, "take"), Listed)

    def backups(self, lane: int = 0) -> list[Listed]:
        """The lane's backups, newest first, with what is wrong with their manifests."""
        return msgspec.convert(self._backup(lane, "list"), list[Listed])

    def verify_backup(self, backup: str, lane: int = 0) -> Listed:
        """Open a backup and check what is in it; `trouble` says what is wrong."""
        return msgspec.convert(self._backup(lane, "verify", backup), Listed)

    def open_backup(self, backup: str, target: Path, lane: int = 0) -> None:
        """Write a backup's opened archive, a tar, to a new file."""
        self._backup(lane, "open", backup, str(target.absolute()))

    def remove_backup(self, backup: str, lane: int = 0) -> None:
        """Remove a backup for good."""
        self._backup(lane, "remove", backup)

    def plan_restore(self, aim: Aim, lane: int = 0) -> Listed:
        """The backup that a restore to there would begin with."""
        aimed = msgspec.json.encode(aim).decode()
        return msgspec.convert(self._backup(lane, "plan", aimed), Listed)

    def restore(self, aim: Aim, lane: int = 0) -> Restored:
        """Restore to there into a scratch database, in place of the one restored before. Given up
        (Ctrl-C), it leaves none."""
        try:
            told = self._ask(
                "restore", timeout=BACKUP_SECONDS, lane=lane, aim=msgspec.to_builtins(aim)
            )
        except KeyboardInterrupt:
            self.drop_restored(lane)
            raise
        return msgspec.convert(told, Restored)

    def drop_restored(self, lane: int = 0) -> None:
        """Remove the scratch database, if there is one."""
        self._ask("drop", timeout=BACKUP_SECONDS, lane=lane)

    def name_point(self, name: str, lane: int = 0) -> None:
        """Give this moment a name that can be restored to."""
        self._ask("point", lane=lane, name=name)

    def status(self) -> list[ComponentStatus]:
        """Each component as it is now."""
        return msgspec.convert(self._ask("status"), list[ComponentStatus])

    def restart(self, name: str) -> None:
        """Stop a component in good order if it runs, start it and wait until it serves."""
        self._ask("restart", name=name)

    def kill(self, name: str) -> None:
        """End a component at once, as a crash would; it stays down until `restart`."""
        self._ask("kill", name=name)

    def pause(self, name: str) -> None:
        """Freeze a component with its connections open."""
        self._ask("pause", name=name)

    def resume(self, name: str) -> None:
        """Let a paused component go on."""
        self._ask("resume", name=name)

    def logs(self, name: str, lines: int = 20) -> str:
        """The last lines of a component's log."""
        return str(self._ask("logs", name=name, lines=lines))

    def versions(self) -> dict[str, str]:
        """Component to version."""
        return msgspec.convert(self._ask("versions"), dict[str, str])

    def timings(self) -> dict[str, float]:
        """What was ready after how many seconds of starting."""
        return msgspec.convert(self._ask("timings"), dict[str, float])

    def stop(self) -> None:
        """Stop everything and remove its data; the logs stay. Stopping twice does no harm."""
        with contextlib.suppress(StackError):  # it may be stopping already
            self._ask("shutdown")
        if self._supervisor is not None:
            _close_pipes(self._supervisor)
            try:
                self._supervisor.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                raise StackError(
                    f"The stack did not stop within {STOP_SECONDS:g} s (process "
                    f"{self._supervisor.pid}). Last log lines:\n{last_lines(_log(self.run_dir))}"
                ) from None
            return
        process, folder = self._state.supervisor, Path(self._state.folder)
        if not wait_until(
            lambda: start_time(process.pid) != process.started and not folder.exists(),
            STOP_SECONDS,
        ):
            raise StackError(
                f"The stack did not stop within {STOP_SECONDS:g} s (process {process.pid})."
            )

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _backup(self, lane: int, deed: str, *arguments: str) -> Any:
        return self._ask(
            "backup", timeout=BACKUP_SECONDS, lane=lane, deed=deed, arguments=list(arguments)
        )

    def _ask(self, do: str, **arguments: Any) -> Any:
        return control.ask(Path(self._state.socket), do, **arguments)


def _log(run_dir: Path) -> Path:
    return run_dir / "logs" / "supervisor.log"


def _launch(
    run_dir: Path, replicas: int, defects: Sequence[str], mode: Mode, *, detached: bool
) -> subprocess.Popen[bytes]:
    log = _log(run_dir)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", "l7audit_stack.deploy.supervisor"]
    command += ["--run-dir", str(run_dir), "--replicas", str(replicas)]
    command += ["--defects", ",".join(defects), "--mode", mode]
    command += ["--detached"] if detached else []
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            # The other end closes when this process ends: that is how the stack notices.
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            env={**base_environment(), **engine_environment(mode)},
            # Ctrl-C in a terminal is for us alone; we then stop the stack in good order.
            start_new_session=True,
        )


def _await_ready(
    supervisor: subprocess.Popen[bytes], run_dir: Path, progress: Callable[[str], None] | None
) -> None:
    assert supervisor.stdout is not None
    for line in supervisor.stdout:
        match read_event(line):
            case Progress(text, seconds):
                if progress is not None:
                    progress(f"{text} ({seconds:.1f} s)")
            case Ready():
                return
            case Failed(error):
                supervisor.wait(STOP_SECONDS)
                raise StackError(error)
    raise StackError(
        "The stack's supervisor ended before the stack was ready. "
        f"Last log lines:\n{last_lines(_log(run_dir))}"
    )


def _abandon(supervisor: subprocess.Popen[bytes]) -> None:
    _close_pipes(supervisor)
    supervisor.terminate()
    try:
        supervisor.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        supervisor.kill()  # the kernel then ends its components


def _close_pipes(supervisor: subprocess.Popen[bytes]) -> None:
    for pipe in (supervisor.stdin, supervisor.stdout):
        if pipe is not None:
            pipe.close()
