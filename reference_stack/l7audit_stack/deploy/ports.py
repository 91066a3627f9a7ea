"""Ports on loopback that stay ours for the life of a run.

Asking the kernel for any free port gives one out of the range that it also hands to outgoing
connections. A load test makes thousands of those, so a component that is restarted could find
its port taken. Ports here lie below that range, in blocks that runs of one user lock.
"""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

from l7audit_stack.deploy.errors import StackError

FIRST, BLOCKS, BLOCK_SIZE = 12000, 200, 100
LOOPBACK = "127.0.0.1"


class Ports:
    """Hands out port numbers. `folder` is shared by all runs of this user."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: list[int] = []
        self._spare: list[int] = []

    def take(self) -> int:
        """A port that could be bound just now and that no other run will be given."""
        while True:
            while self._spare:
                port = self._spare.pop()
                if is_free(port):
                    return port
            self._spare = self._claim_block()

    def give_back(self, port: int) -> None:
        """The port may be handed out again."""
        self._spare.insert(0, port)

    def release(self) -> None:
        """Let other runs have these blocks."""
        while self._locks:
            os.close(self._locks.pop())

    def _claim_block(self) -> list[int]:
        # Start at a place of our own, so that users who share a machine rarely meet.
        start = os.getpid() % BLOCKS
        for step in range(BLOCKS):
            block = (start + step) % BLOCKS
            path = self._folder / f"ports-{block}.lock"
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            self._locks.append(lock)
            first = FIRST + block * BLOCK_SIZE
            return list(range(first + BLOCK_SIZE - 1, first - 1, -1))
        raise StackError(
            f"No free ports are left between {FIRST} and {FIRST + BLOCKS * BLOCK_SIZE - 1}: "
            "stop other stacks first."
        )


def is_free(port: int) -> bool:
    """Whether somebody could listen on this loopback port now."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
