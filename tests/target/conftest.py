"""A probe that sends nothing: a function answers in the target's place."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from l7audit.model import Credential, Identity, Safety, Target
from l7audit.probe.answer import Answer, Headers
from l7audit.probe.probe import Probe
from l7audit.probe.redact import Redactor
from l7audit.probe.request import Request
from l7audit.probe.scope import Scope

Reply = Callable[[Request], Answer]


class AnsweringProbe(Probe):
    """Gives every request to `reply` and keeps it."""

    def __init__(self, reply: Reply, safety: Safety = Safety.INTRUSIVE) -> None:
        self.reply = reply
        self.safety = safety
        self.sent: list[Request] = []
        self.watchers: list[Callable[[Answer], None]] = []
        self.learned = Redactor()

    @property
    def redactor(self) -> Redactor:
        return self.learned

    @property
    def base_url(self) -> str:
        return "https://api.example"

    @property
    def scope(self) -> Scope:
        return Scope([self.base_url], self.safety)

    def watch(self, watcher: Callable[[Answer], None]) -> None:
        self.watchers.append(watcher)

    def send(self, request: Request, identity: str = "", patience: bool = True) -> Answer:
        del identity, patience
        self.sent.append(request)
        answer = replace(self.reply(request), request=request)
        for watcher in self.watchers:
            watcher(answer)
        return answer


def said(status: int = 200, body: Any = None, *headers: tuple[str, str]) -> Answer:
    """An answer with a JSON body."""
    content = b"" if body is None else json.dumps(body).encode()
    return Answer(Request("GET", "/"), status, Headers(headers), content)


@pytest.fixture
def answering() -> Callable[..., AnsweringProbe]:
    return AnsweringProbe


@pytest.fixture
def answer() -> Callable[..., Answer]:
    return said


@pytest.fixture
def alice() -> Identity:
    return Identity(
        name="alice",
        tenant="acme",
        credentials=[
            Credential(kind="password", name="alice@acme", secret="alice-password"),
            Credential(kind="client", name="alice-client", secret="alice-client-secret"),
            Credential(kind="api_key", name="X-Key", secret="alice-api-key"),
            Credential(kind="basic", name="alice", secret="alice-basic"),
        ],
    )


@pytest.fixture
def target(alice: Identity) -> Target:
    return Target(
        name="t",
        provider="external",
        base_url="https://api.example",
        capabilities=[],
        identities=[alice],
    )
