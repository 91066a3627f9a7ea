"""Which reads of a document may answer a page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l7audit.model import Target
from l7audit.target.target_model import TargetModel
from l7audit_suites.input.shown_pages import pages

TARGET = Target(name="t", provider="external", base_url="https://api.example", capabilities=[])


def found(template: str, content: Any) -> list[str]:
    """The pages of a document that says this of one read."""
    told = {"description": "ok", **({} if content is None else {"content": content})}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Cups", "version": "1"},
        "paths": {template: {"get": {"responses": {"200": told}}}},
    }
    return [s.operation.template for s in pages(TargetModel.of(json.dumps(document), TARGET))]


@pytest.mark.parametrize(
    ("template", "content"),
    [
        ("/cups/{id}/anything", {"text/html": {}}),
        ("/cups/{id}/anything", {"text/html; charset=utf-8": {"schema": {"type": "string"}}}),
        ("/cups/{id}.svg", {"image/svg+xml": {}}),
        ("/cups/{id}/card", None),
        ("/cups/{id}/print", {"application/json": {"schema": {}}}),
    ],
)
def test_what_says_so_or_is_called_so_and_says_nothing_else_is_a_page(
    template: str, content: Any
) -> None:
    assert found(template, content) == [template]


@pytest.mark.parametrize(
    ("template", "content"),
    [
        ("/cups/{id}/anything", None),
        ("/cups/{id}/card", {"application/json": {"schema": {"type": "object"}}}),
        ("/cups/{id}/print", {"application/pdf": {}}),
    ],
)
def test_what_says_that_it_answers_something_else_is_none(template: str, content: Any) -> None:
    assert found(template, content) == []
