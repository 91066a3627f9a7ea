"""How somebody is shut out."""

from __future__ import annotations

import pytest

from l7audit_suites.authz.made_users import inactive_fields

FLAG = {"type": "boolean"}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"active": FLAG}, {"active": False}),
        ({"isEnabled": FLAG}, {"isEnabled": False}),
        ({"account_disabled": FLAG}, {"account_disabled": True}),
        ({"active": {"anyOf": [FLAG, {"type": "null"}]}}, {"active": False}),
        ({"active_since": FLAG, "status": {"type": "string"}}, None),
    ],
)
def test_a_flag_shuts_somebody_out(
    members: dict[str, object], expected: dict[str, bool] | None
) -> None:
    assert inactive_fields({"type": "object", "properties": members}) == expected
