"""What reads of one's own account show, and whose account it is."""

from __future__ import annotations

import pytest

from l7audit.target.accounts import identified, shown

ANN = {"id": 1, "email": "ann@shop.example", "role": "user", "address": {"city": "Oslo"}}


@pytest.mark.parametrize(
    "body",
    [
        ANN,
        {"account": ANN},
        {"ok": True, "data": {"user": ANN}},
        {
            "data": {
                "type": "accounts",
                "id": 1,
                "attributes": {k: ANN[k] for k in ANN if k != "id"},
            }
        },
    ],
)
def test_an_account_is_read_out_of_what_it_is_wrapped_in(body: object) -> None:
    told = shown(body)
    assert ANN.items() <= told.items()


@pytest.mark.parametrize("body", [None, [ANN], "ann"])
def test_what_is_no_account_shows_nothing(body: object) -> None:
    assert shown(body) == {}


def test_two_accounts_are_one_persons_where_what_names_somebody_is_the_same() -> None:
    assert identified(ANN, {**ANN, "email": "other@shop.example", "role": "'"})
    assert not identified(ANN, {"id": 2, "email": "bob@shop.example", "role": "user"})
