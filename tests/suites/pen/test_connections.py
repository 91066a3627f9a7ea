"""Connections of our own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.raw import Talk
from l7audit.probe.request import Request
from l7audit_suites.pen.connections import Line


def line(*talks: Talk) -> Line:
    """A line at a target that answers so."""
    check: Any = SimpleNamespace(talks=lambda _: list(talks))
    surface: Any = None
    return Line(check, surface, Request("GET", "/"), b"GET /nothing HTTP/1.1\r\n\r\n", "")


def said(*connection: str) -> Answer:
    fields = Headers([("Connection", text) for text in connection])
    return Answer(Request("GET", "/nothing"), 404, fields)


@pytest.mark.parametrize(
    ("talk", "ends"),
    [
        (Talk((said("close"),), closed=True), True),
        (Talk((said("Close"),), closed=True), True),
        (Talk((said(),), closed=True), False),  # it may have been a mistake that ended it
        (Talk((said("close"),), closed=False), False),
        (Talk((said("keep-alive"), said("close")), closed=True), False),
        (Talk((), closed=True), False),
    ],
)
def test_a_target_ends_its_connections_where_it_says_and_does_so(talk: Talk, ends: bool) -> None:
    assert line(talk).ends() is ends
