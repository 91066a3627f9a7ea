"""What a check makes at somebody's target is removed by whoever made it, or listed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from l7audit.harness.traces import Traces
from l7audit.probe.request import Auth
from l7audit.target.target_model import TargetModel

ANSWERS = {"responses": {"201": {"description": "d"}, "200": {"description": "d"}}}
DOCUMENT = json.dumps(
    {
        "openapi": "3.1.0",
        "paths": {
            "/notes": {"get": ANSWERS, "post": ANSWERS},
            "/notes/{note_id}": {"get": ANSWERS, "delete": ANSWERS},
            "/signup": {"post": ANSWERS},
            "/ask": {"post": ANSWERS},
        },
    }
)


class Shop:
    """A service that keeps notes; only their owner removes them, if it removes any at all."""

    def __init__(self, serve: Any) -> None:
        self.kept: dict[str, str] = {}
        self.removes = True
        self.count = 0
        self.url = serve(self.reply).url

    def reply(self, asked: Any) -> Any:
        who = asked.headers.get("Authorization", "")
        if asked.method == "POST" and asked.path == "/notes":
            self.count += 1
            self.kept[f"n{self.count}"] = who
            return 200, {}, {"note": {"id": f"n{self.count}"}}
        if asked.method == "DELETE":
            name = asked.path.rpartition("/")[2]
            if not self.removes or self.kept.get(name) != who:
                return 403, {}, {}
            del self.kept[name]
            return 200, {}, {}
        return (201 if asked.path == "/signup" else 200), {}, {"id": "x1"}


@pytest.fixture
def shop(serve: Any) -> Shop:
    return Shop(serve)


@pytest.fixture
def traced(shop: Shop, probing: Any) -> tuple[Traces, Callable[..., Any]]:
    """The traces of what is sent, and a way to send as somebody."""
    target, probe = probing(shop.url)
    model = TargetModel.of(DOCUMENT, target)
    traces = Traces(model)
    probe.watch(traces.notice)

    def send(method: str, template: str, who: str, **values: str) -> Any:
        (operation,) = [o for o in model.operations if (o.method, o.template) == (method, template)]
        surface = model.surface(operation).with_values(values)
        return probe.send(surface.request(auth=Auth.bearer(who)))

    return traces, lambda *a, **k: (send(*a, **k), probe)[1]


def test_what_was_made_is_removed_as_whoever_made_it(shop: Shop, traced: Any) -> None:
    traces, send = traced
    send("POST", "/notes", "ann")
    probe = send("POST", "/notes", "bob")
    assert len(shop.kept) == 2
    assert traces.clean(probe) == {}
    assert shop.kept == {}


def test_what_the_check_removed_itself_is_not_removed_twice(shop: Shop, traced: Any) -> None:
    traces, send = traced
    send("POST", "/notes", "ann")
    probe = send("DELETE", "/notes/{note_id}", "ann", note_id="n1")
    shop.removes = False
    assert traces.clean(probe) == {}


def test_what_cannot_be_removed_is_counted_by_its_operation(shop: Shop, traced: Any) -> None:
    traces, send = traced
    shop.removes = False
    for _ in range(3):
        send("POST", "/notes", "ann")
    probe = send("POST", "/signup", "ann")
    assert traces.clean(probe) == {"POST /notes": 3, "POST /signup": 1}
    assert traces.clean(probe) == {}


def test_an_answer_that_makes_nothing_leaves_no_trace(traced: Any) -> None:
    traces, send = traced
    probe = send("POST", "/ask", "ann")
    assert traces.clean(probe) == {}
