from __future__ import annotations

import json
from urllib.parse import parse_qsl

from l7audit.probe.request import Request
from l7audit.target.operation import FORM
from l7audit_suites.input.entrances import with_operator

OPERATOR = {"$ne": "x"}


def login(media: str, content: bytes) -> Request:
    return Request("POST", "/login", (("Content-Type", media),), content)


def test_an_operator_stands_as_an_object_in_json_and_in_brackets_in_a_form() -> None:
    body = json.dumps({"user": "ann", "password": "secret", "remember": True}).encode()
    changed = with_operator(login("application/json", body), {"secret": OPERATOR})
    assert changed is not None
    assert json.loads(changed.content) == {"user": "ann", "password": OPERATOR, "remember": True}

    form = with_operator(login(FORM, b"user=ann&password=secret&next="), {"secret": OPERATOR})
    assert form is not None
    assert parse_qsl(form.content.decode(), keep_blank_values=True) == [
        ("user", "ann"),
        ("password[$ne]", "x"),
        ("next", ""),
    ]


def test_a_body_that_holds_no_objects_is_left_alone() -> None:
    assert with_operator(login("text/plain", b"ann secret"), {"secret": OPERATOR}) is None


def test_an_operator_stands_within_an_envelope_as_the_text_did() -> None:
    body = json.dumps({"user": {"email": "ann@example.org", "password": "secret"}}).encode()
    changed = with_operator(login("application/json", body), {"secret": OPERATOR})
    assert changed is not None
    assert json.loads(changed.content) == {
        "user": {"email": "ann@example.org", "password": OPERATOR}
    }
