"""Ports that stay ours."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from l7audit_stack.deploy import ports
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.ports import BLOCK_SIZE, BLOCKS, FIRST, LOOPBACK, Ports, is_free


def test_two_runs_are_never_given_the_same_port(tmp_path: Path) -> None:
    one, other = Ports(tmp_path), Ports(tmp_path)
    given = [run.take() for _ in range(BLOCK_SIZE + 5) for run in (one, other)]
    assert len(given) == len(set(given))


def test_a_port_that_somebody_listens_on_is_passed_over(tmp_path: Path) -> None:
    ours = Ports(tmp_path)
    first = ours.take()
    ours.give_back(first)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((LOOPBACK, first))
        taken.listen()
        assert not is_free(first)
        assert first not in [ours.take() for _ in range(BLOCK_SIZE)]


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    kernel = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(kernel.read_text().split()[0]) if kernel.exists() else 49152
    assert lowest >= FIRST + BLOCKS * BLOCK_SIZE


def test_released_blocks_can_be_had_again(tmp_path: Path) -> None:
    one = Ports(tmp_path)
    first = one.take()
    one.release()
    other = Ports(tmp_path)
    assert other.take() == first


def test_when_all_blocks_are_held_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "BLOCKS", 1)
    monkeypatch.setattr(os, "getpid", lambda: 0)
    holder = Ports(tmp_path)
    holder.take()
    with pytest.raises(StackError, match="stop other stacks first"):
        Ports(tmp_path).take()
