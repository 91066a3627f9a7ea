"""A member that is given twice, wherever members stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from l7audit.probe.request import Request
from l7audit.target.envelope import opened
from l7audit.target.operation import Operation
from l7audit.target.schemas import Schema
from l7audit.target.surface import Surface
from l7audit_suites.input.test_readings import twice

MEMBERS = {"name": {"type": "string", "example": "a"}, "size": {"type": "string", "example": "b"}}
FLAT: Schema = {"type": "object", "required": ["name", "size"], "properties": MEMBERS}


@dataclass
class Room:
    surface: Surface

    def request(self, **given: Any) -> Request:
        return self.surface.request(**given)


@pytest.mark.parametrize(
    ("schema", "content"),
    [
        (FLAT, b'{"size":"b","name":"short","name":"long"}'),
        (
            {"type": "object", "required": ["data"], "properties": {"data": FLAT}},
            b'{"data":{"size":"b","name":"short","name":"long"}}',
        ),
    ],
    ids=["flat", "within an envelope"],
)
def test_a_member_given_twice_stands_beside_itself(schema: Schema, content: bytes) -> None:
    bodies, envelope = opened({"application/json": schema}, ["things"])
    surface = Surface(Operation("makeThing", "POST", "/things", bodies=bodies, envelope=envelope))
    room: Any = Room(surface)
    assert twice(room, "name", "short", "long").content == content
