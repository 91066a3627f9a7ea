"""Connections are opened once for all rounds of a check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from l7audit.probe.request import Request
from l7audit_suites.flow import at_once
from l7audit_suites.flow.at_once import warmed

IDLE = Request("GET", "/")


class Sessions:
    """What each check has of its own."""


@dataclass
class Check:
    """Counts what it is to send at once."""

    sessions: Sessions = field(default_factory=Sessions)
    bursts: list[int] = field(default_factory=list)

    def burst(self, requests: Sequence[Request], concurrency: int) -> None:
        self.bursts.append(len(requests))


def test_connections_that_are_open_are_not_opened_again() -> None:
    check: Any = Check()
    for _ in range(3):
        warmed(check, IDLE, 5)
    warmed(check, IDLE, 8)
    warmed(check, IDLE, 5)
    assert check.bursts == [5, 8]


def test_connections_that_were_not_used_for_long_are_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check: Any = Check()
    warmed(check, IDLE, 5)
    monkeypatch.setattr(at_once, "_SECONDS", -1.0)
    warmed(check, IDLE, 5)
    assert check.bursts == [5, 5]


def test_each_check_opens_its_own() -> None:
    checks: list[Any] = [Check(), Check()]
    for check in checks:
        warmed(check, IDLE, 5)
    assert [c.bursts for c in checks] == [[5], [5]]
