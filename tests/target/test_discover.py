from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from l7audit.model import Target
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.discover import discover

DOCUMENT = {"openapi": "3.1.0", "paths": {}}
Says = Callable[..., Answer]


def allowed(target: Target) -> Target:
    return msgspec.structs.replace(target, hints={"discover_openapi": True})


def test_nothing_is_asked_unless_the_profile_allows_it(target: Target, answering: Any) -> None:
    probe = answering(lambda _: None)
    assert discover(target, probe) == ""
    assert probe.sent == []


def test_the_first_usable_document_is_taken(target: Target, answering: Any, answer: Says) -> None:
    def reply(request: Request) -> Answer:
        documents = {"/openapi.yaml": {"not": "one"}, "/v3/api-docs": DOCUMENT}
        found = documents.get(request.path)
        return answer(200, found) if found else answer(404)

    probe = answering(reply)
    assert '"openapi": "3.1.0"' in discover(allowed(target), probe)
    assert probe.sent[-1].path == "/v3/api-docs"


def test_without_a_document_anywhere_there_is_none(
    target: Target, answering: Any, answer: Says
) -> None:
    probe = answering(lambda _: answer(200, "<html>"))
    assert discover(allowed(target), probe) == ""
