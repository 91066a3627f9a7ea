from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l7audit.model import Identity, Target
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.sessions import Sessions
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.values import made_values, resolve, values_in

DOCUMENTS = Path(__file__).parent / "documents"
Says = Callable[..., Answer]


@pytest.mark.parametrize(
    ("thing", "wanted", "found"),
    [
        ({"id": "7"}, ("invoice_id",), {"invoice_id": "7"}),
        ({"invoiceId": 7, "id": 8}, ("invoice_id",), {"invoice_id": "7"}),
        ({"tier": "free", "name": "chat"}, ("tier", "name"), {"tier": "free", "name": "chat"}),
        ({"uuid": "u"}, ("thing",), {"thing": "u"}),
        ({"cardRef": "c", "label": "x"}, ("cardRef",), {"cardRef": "c"}),
        ({"path": "a/b"}, ("path",), {"path": "a/b"}),
        ("bare", ("x",), {"x": "bare"}),
        ({"label": "x"}, ("volumeRef",), {}),
        ({"id": True}, ("x_id",), {}),
        ({"id": ""}, ("x_id",), {}),
        (None, ("x",), {}),
    ],
)
def test_values_are_found_by_the_words_of_their_names(
    thing: Any, wanted: tuple[str, ...], found: dict[str, str]
) -> None:
    assert values_in(thing, wanted) == found


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (201, {"id": "7"}, {"x_id": "7"}),
        (200, {"ok": True, "data": {"id": "7"}}, {"x_id": "7"}),
        (200, {"ok": True, "data": None}, {}),
        (422, {"id": "7"}, {}),
    ],
)
def test_what_was_made_is_named_by_itself_or_within_an_envelope(
    answer: Says, status: int, body: Any, found: dict[str, str]
) -> None:
    assert made_values(answer(status, body), ("x_id",)) == found


def setting(target: Target, probe: Any, place: str) -> tuple[TargetModel, Sessions, Surface]:
    model = TargetModel.of((DOCUMENTS / "warehouse_kebab.yaml").read_text(), target, seed=1)
    surface = next(model.surface(o) for o in model.operations if str(o.place) == place)
    return model, Sessions(model, probe), surface


def test_a_value_comes_from_the_listing(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    probe = answering(lambda _: answer(200, {"total": 1, "stock-items": [{"sku": "ABC"}]}))
    model, sessions, surface = setting(target, probe, "GET /stock-items/{sku}/watch")
    found = model.resolve(surface, sessions, alice)
    assert found is not None
    assert found.request().path == "/wh/stock-items/ABC/watch"
    assert probe.sent[0].header("X-Key") == "alice-api-key"


def test_where_nothing_is_listed_something_is_made_and_removed_afterwards(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    def reply(request: Request) -> Answer:
        if request.method == "POST":
            return answer(201, {"item": {"sku": json.loads(request.content)["sku"]}})
        return answer(200 if request.method == "GET" else 204, {"stock-items": []})

    probe = answering(reply)
    model, sessions, surface = setting(target, probe, "GET /stock-items/{sku}")
    found = model.resolve(surface, sessions, alice)
    assert found is not None
    sku = found.values["sku"]
    assert [a.status for a in sessions.clean()] == [204]
    assert (probe.sent[-1].method, probe.sent[-1].path) == ("DELETE", f"/wh/stock-items/{sku}")
    assert sessions.clean() == []


def test_where_nothing_can_be_had_there_is_no_surface(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    model, sessions, surface = setting(
        target, answering(lambda _: answer(403)), "GET /stock-items/{sku}"
    )
    assert model.resolve(surface, sessions, alice) is None


def test_a_surface_that_needs_nothing_is_itself(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    probe = answering(lambda _: answer(500))
    model, sessions, surface = setting(target, probe, "GET /stock-items")
    assert model.resolve(surface, sessions, alice) == surface
    assert probe.sent == []


@pytest.mark.parametrize(
    "made",
    [
        "l7audit-x1",
        "0" * 20,
        "l7audit3fa9",
        "a lqbcdfghjk of ours",
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\windows\\win.ini",
    ],
)
def test_of_what_is_listed_what_was_there_before_us_comes_first(
    target: Target, alice: Identity, answering: Any, answer: Says, made: str
) -> None:
    listed = [{"sku": "A", "label": made}, {"sku": "B", "label": "bolts"}]
    probe = answering(lambda _: answer(200, {"stock-items": listed}))
    model, sessions, surface = setting(target, probe, "GET /stock-items/{sku}")
    found = model.resolve(surface, sessions, alice)
    listed.insert(0, {"sku": "C", "label": "made later"})
    again = model.resolve(surface, sessions, alice)
    assert [s.values["sku"] for s in (found, again) if s is not None] == ["B", "B"]


def test_where_the_usual_name_is_taken_something_is_made_by_another(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    taken: list[str] = []

    def reply(request: Request) -> Answer:
        sku = json.loads(request.content)["sku"]
        taken.append(sku)
        return answer(409) if len(taken) == 1 else answer(201, {"sku": sku})

    model, sessions, surface = setting(target, answering(reply), "GET /stock-items/{sku}")
    found = resolve(model, surface, sessions, alice, own=True)
    assert found is not None
    assert found.values["sku"] == taken[1] != taken[0]
    again = resolve(model, surface, sessions, alice, own=True)
    assert again is not None
    assert again.values["sku"] == taken[2] not in taken[:2], "the usual one was tried again"


def test_what_was_made_once_will_do_for_several(
    target: Target, alice: Identity, answering: Any, answer: Says
) -> None:
    probe = answering(lambda r: answer(201, {"sku": json.loads(r.content)["sku"]}))
    model, sessions, surface = setting(target, probe, "GET /stock-items/{sku}")
    made: dict[tuple[str, str], dict[str, str]] = {}
    both = [resolve(model, surface, sessions, alice, own=True, made=made) for _ in range(2)]
    assert both[0] == both[1]
    assert len(probe.sent) == 1
