"""How a new signing key is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit_suites.keys.new_signing_key import lead_fields


def _schema(**members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members}


@pytest.mark.parametrize("name", ["signs_in_seconds", "activateAfter", "lead", "startDelay"])
def test_a_new_key_shall_sign_soon(name: str) -> None:
    assert lead_fields(_schema(label={"type": "string"}, **{name: {"type": "integer"}})) == {
        name: 1
    }


def test_the_wish_keeps_to_what_the_target_allows() -> None:
    assert lead_fields(_schema(lead={"type": "integer", "minimum": 30})) == {"lead": 30}


@pytest.mark.parametrize("name", ["lead_days", "activeForHours", "size", "label"])
def test_what_is_too_coarse_or_means_something_else_is_left_alone(name: str) -> None:
    assert lead_fields(_schema(**{name: {"type": "integer"}})) == {}
