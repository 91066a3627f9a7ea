"""Logins that are held off."""

from __future__ import annotations

import pytest

from l7audit.model import Target
from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit.target.target_model import TargetModel
from l7audit_suites.authn.held_off import LONGEST, MOST, worth_waiting

REQUEST = Request("POST", "/login")


@pytest.fixture
def model() -> TargetModel:
    target = Target(name="t", provider="external", base_url="http://127.0.0.1", capabilities=[])
    return TargetModel.of("", target)


def held_off(seconds: str) -> Answer:
    fields = [("Retry-After", seconds)] if seconds else []
    return Answer(REQUEST, 429, Headers(fields))


def test_a_minute_is_waited_for_and_not_again_and_again(model: TargetModel) -> None:
    waits = [worth_waiting(model, held_off("60")) for _ in range(MOST + 1)]
    assert waits == [60.0] * MOST + [None]


@pytest.mark.parametrize(
    "answer",
    [held_off(""), held_off(str(int(LONGEST) + 1)), Answer(REQUEST, 401)],
    ids=["says-nothing", "too-long", "refused"],
)
def test_nothing_else_is_waited_for(model: TargetModel, answer: Answer) -> None:
    assert worth_waiting(model, answer) is None
