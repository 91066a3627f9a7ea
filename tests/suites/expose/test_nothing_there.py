"""Names that are asked for: each once, and none beyond a limit that nobody waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit_suites.expose.nothing_there import there

NAMES = [f"name{n}" for n in range(40)]


class Model:
    """What a target is known by."""


@dataclass
class Shut:
    """Answers so many with 404, and throttles all others."""

    quota: int
    asked: list[str] = field(default_factory=list)
    model: Model = field(default_factory=Model)

    def burst(self, requests: Sequence[Request], concurrency: int) -> list[Answer]:
        self.asked += [r.path for r in requests]
        start = len(self.asked) - len(requests)
        return [Answer(r, 404 if start + n < self.quota else 429) for n, r in enumerate(requests)]


def asked(shut: Shut) -> int:
    check: Any = shut
    assert not list(there(check, ["/internal"], NAMES, Auth.none(), patient=False))
    return len(shut.asked)


def test_each_name_is_asked_for_once_where_nothing_is_held_back() -> None:
    shut = Shut(1000)
    assert asked(shut) == asked(shut) == len(NAMES)


def test_nothing_is_asked_for_behind_a_limit_that_was_met() -> None:
    assert 10 < asked(Shut(10)) <= 16
