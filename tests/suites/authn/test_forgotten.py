from __future__ import annotations

import json
from typing import Any

import pytest

from l7audit.model import Target
from l7audit.target.target_model import TargetModel
from l7audit_suites.authn.forgotten import one_time_codes


def model(path: str, *members: str) -> TargetModel:
    schema = {
        "type": "object",
        "required": list(members),
        "properties": {n: {"type": "string"} for n in members},
    }
    body = {"content": {"application/json": {"schema": schema}}}
    document: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": {},
        "paths": {path: {"post": {"requestBody": body, "responses": {}}}},
    }
    target = Target(base_url="https://api.example", name="x", provider="external", capabilities=[])
    return TargetModel.of(json.dumps(document), target)


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("/auth/2fa/verify", ("code",)),
        ("/otp", ("email", "otp")),
        ("/phone/verification", ("pin",)),
    ],
)
def test_codes_that_prove_who_somebody_is_are_known(path: str, members: tuple[str, ...]) -> None:
    assert [s.operation.template for s in one_time_codes(model(path, *members))] == [path]


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("/coupons/redeem", ("code",)),
        ("/auth/2fa/verify", ("code", "mfa_token")),
        ("/giftcards/check", ("code",)),
        ("/otp", ("email",)),
    ],
)
def test_other_codes_and_later_steps_are_left_alone(path: str, members: tuple[str, ...]) -> None:
    assert not one_time_codes(model(path, *members))
