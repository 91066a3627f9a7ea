"""Payloads that are refused for their signs are not sent among more of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.input import computing
from l7audit_suites.input.markers import TEMPLATES

FORMS = [p.whole for p in TEMPLATES]


class Text:
    """A text that goes in at one place, and what it refuses."""

    def __init__(self, name: str, refuses: str = "") -> None:
        self.place = Place(operation="POST /things", part=name)
        self.refuses = refuses


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The forms that were sent."""
    forms: list[str] = []

    def given(_: object, tried: Sequence[tuple[Any, str]]) -> list[Any]:
        found = []
        for opening, form in tried:
            forms.append(form)
            taken = not set(opening.inlets[0].refuses) & set(form)
            answer = Answer(Request("POST", "/things"), 201 if taken else 400)
            found.append(computing._Given(opening, form, answer, []))
        return found

    monkeypatch.setattr(computing, "_given", given)
    return forms


def tried(text: Any) -> list[Any]:
    opening = computing._Opening((text,))
    check: Any = None
    return computing._plainest_first(check, [(opening, form) for form in FORMS])


def test_what_refuses_the_plainest_form_is_sent_no_other(sent: list[str]) -> None:
    given = tried(Text("slug", refuses="*"))
    assert sent == [FORMS[-1]]
    assert [g.form for g in given] == FORMS
    assert all(g.refused for g in given)


@pytest.mark.parametrize("refuses", ["", "#"])
def test_what_takes_the_plainest_form_is_sent_all(refuses: str, sent: list[str]) -> None:
    given = tried(Text("title", refuses))
    assert sorted(sent) == sorted(FORMS)
    assert [g.form for g in given] == FORMS
