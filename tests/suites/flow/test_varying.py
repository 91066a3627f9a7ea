from __future__ import annotations

from typing import Any

from l7audit.target.schemas import Schema
from l7audit_suites.flow.varying import varied

STAY: Schema = {
    "type": "object",
    "properties": {
        "room_id": {"type": "string", "format": "uuid"},
        "from": {"type": "string", "format": "date"},
        "until": {"type": "string"},
        "nights": {"type": "integer"},
        "box": {"type": "integer", "maximum": 12},
        "note": {"type": "string"},
        "kind": {"type": "string", "enum": ["single", "double"]},
        "guests": {"type": "array", "items": {"type": "object", "properties": {"row": {}}}},
    },
}
BODY: dict[str, Any] = {
    "room_id": "8a4e",
    "from": "2030-01-01",
    "until": "2030-01-03T10:00:00Z",
    "nights": 2,
    "box": 11,
    "note": "quiet",
    "kind": "double",
    "guests": [{"row": 4}],
}


def test_days_texts_and_plain_numbers_are_others_and_amounts_choices_and_ids_stay() -> None:
    assert varied(STAY, BODY, 1, "word") == {
        **BODY,
        "from": "2030-01-08",
        "until": "2030-01-10T10:00:00Z",
        "box": 12,
        "note": "word",
        "guests": [{"row": 5}],
    }


def test_no_bound_is_broken_and_what_is_no_day_stays() -> None:
    body = {**BODY, "from": "2030-99-99", "note": "x"}
    schema: Schema = {
        "type": "object",
        "properties": {**STAY["properties"], "note": {"type": "string", "maxLength": 3}},
    }
    changed = varied(schema, body, 5, "word")
    assert (changed["box"], changed["from"], changed["note"]) == (11, "2030-99-99", "x")
