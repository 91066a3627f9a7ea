"""Callers' own accounts are written back as they were, as far as they can be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from l7audit.harness.originals import Originals
from l7audit.probe.request import Auth
from l7audit.target.learnt import Learnt
from l7audit.target.openapi import Document
from l7audit.target.target_model import TargetModel

ANSWERS = {"responses": {"200": {"description": "d"}}}
TAKES = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"nickname": {"type": "string"}}}
            }
        }
    }
}
DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {"/me": {"get": ANSWERS, "patch": {**ANSWERS, **TAKES}}},
}
ANN = {"id": 1, "email": "ann@shop.example", "nickname": "Ann", "standing": "good"}


class Shop:
    """Keeps accounts by their owner's token; takes whatever members are sent but `locked` ones."""

    def __init__(self, serve: Any) -> None:
        self.accounts = {"ann": dict(ANN), "new": {"id": 9, "nickname": "New"}}
        self.locked: set[str] = set()
        self.url = serve(self.reply).url

    def reply(self, asked: Any) -> Any:
        account = self.accounts[asked.headers["Authorization"].removeprefix("Bearer ")]
        if asked.method == "PATCH":
            sent = json.loads(asked.body)
            if self.locked & sent.keys():
                return 403, {}, {}
            account |= sent
        return 200, {}, {"account": account}


@pytest.fixture
def shop(serve: Any) -> Shop:
    return Shop(serve)


@pytest.fixture
def changing(shop: Shop, probing: Any) -> tuple[Callable[..., None], Callable[[], list[Any]]]:
    """Changes somebody's account; writes back, and answers what stays."""
    target, probe = probing(shop.url)
    learnt = Learnt(accounts={"/me": (ANN,)})
    model = TargetModel(Document.parse(json.dumps(DOCUMENT)), target, 1, learnt)
    originals = Originals(model)
    probe.watch(originals.notice)
    (change,) = [o for o in model.operations if o.method == "PATCH"]

    def send(who: str, **members: Any) -> None:
        answer = probe.send(model.surface(change).request(Auth.bearer(who), json=members))
        assert answer.ok, answer.text

    return send, lambda: list(originals.put_back(probe))


def test_what_was_changed_is_as_it_was(shop: Shop, changing: Any) -> None:
    change, put_back = changing
    change("ann", nickname="{{7*7}}", standing="barred")
    change("ann", nickname="'")
    assert put_back() == []
    assert shop.accounts["ann"] == ANN


def test_what_cannot_be_written_back_is_told_and_keeps_nothing_else(
    shop: Shop, changing: Any
) -> None:
    change, put_back = changing
    change("ann", nickname="{{7*7}}", standing="barred")
    shop.locked = {"standing"}
    assert put_back() == [("PATCH /me", ("standing",))]
    assert shop.accounts["ann"]["nickname"] == "Ann"


def test_the_account_of_somebody_who_was_made_meanwhile_is_left_alone(
    shop: Shop, changing: Any
) -> None:
    change, put_back = changing
    change("new", nickname="'")
    assert put_back() == []
    assert shop.accounts["new"]["nickname"] == "'"


def test_an_account_that_nobody_wrote_to_is_not_asked_for(changing: Any) -> None:
    _, put_back = changing
    assert put_back() == []
    assert put_back() == []
