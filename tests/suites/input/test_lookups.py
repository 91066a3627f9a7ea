"""Lookups by names that no document tells of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Auth, Request
from l7audit.target.operation import Operation
from l7audit.target.surface import Surface
from l7audit_suites.input.doors import Door
from l7audit_suites.input.ground import Caller
from l7audit_suites.input.lookups import Lookup

LISTING = Surface(Operation("list", "GET", "/boats"), "", {}, "1")
BOATS = [{"name": "Ariel"}, {"name": "Bounty"}]
BEFORE = [*BOATS, {"name": "Dolphin"}]


@dataclass
class _Service:
    """Answers to each listing in turn."""

    lists: Callable[[int, Mapping[str, str]], list[dict[str, str]]]
    asked: list[Request] = field(default_factory=list)

    def auth(self, surface: Surface) -> Auth:
        return Auth()

    def send(self, request: Request) -> Answer:
        self.asked.append(request)
        query = dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))
        body: Any = self.lists(len(self.asked), query)
        return Answer(request, 200, Headers(), json.dumps(body).encode())


def _shown(lists: Callable[[int, Mapping[str, str]], list[dict[str, str]]]) -> bool:
    service = _Service(lists)
    caller = cast("Caller", service)
    plain = Answer(Request("GET", "/boats"), 200, Headers(), json.dumps(BEFORE).encode())
    return bool(Lookup(Door(caller, LISTING, plain), "name__startswith").shown())


def test_a_name_that_decides_what_is_listed_is_a_lookup() -> None:
    def lists(_: int, query: Mapping[str, str]) -> list[dict[str, str]]:
        return [b for b in BOATS if b["name"].startswith(query["name__startswith"])]

    assert _shown(lists)


def test_a_boat_that_comes_and_goes_meanwhile_is_no_sign_of_one() -> None:
    def lists(turn: int, _: Mapping[str, str]) -> list[dict[str, str]]:
        return [*BOATS, {"name": "Calypso"}] if turn in {2, 3} else BOATS

    assert not _shown(lists)
