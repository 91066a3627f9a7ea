from __future__ import annotations

import msgspec
import pytest

from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.fresh import may_be_taken, renewed
from l7audit.target.operation import Operation
from l7audit.target.surface import Surface

SCHEMA = {
    "type": "object",
    "required": ["plate", "model", "kind", "count"],
    "properties": {
        "plate": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{3}$", "example": "ABC-123"},
        "model": {"type": "string", "example": "Kombi"},
        "kind": {"type": "string", "enum": ["car"]},
        "count": {"type": "integer", "example": 3},
    },
}


def test_only_free_texts_are_new_and_they_fit_their_schema() -> None:
    operation = Operation("add", "POST", "/cars", bodies={"application/json": SCHEMA})
    surface = Surface(operation)
    bodies = [msgspec.json.decode(renewed(surface).request().content) for _ in range(2)]
    assert bodies[0]["plate"] != bodies[1]["plate"]
    assert bodies[0]["plate"] != "ABC-123"
    assert len(bodies[0]["plate"]) == 7
    assert {(b["kind"], b["count"]) for b in bodies} == {("car", 3)}


@pytest.mark.parametrize(
    ("status", "taken"),
    [(409, True), (422, True), (400, True), (201, False), (403, False), (429, False), (500, False)],
)
def test_a_name_may_be_taken_where_what_was_sent_is_refused(status: int, taken: bool) -> None:
    assert may_be_taken(Answer(Request("POST", "/cars"), status)) is taken
