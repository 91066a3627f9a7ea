"""What the answer to making something tells: its name, and secrets that nobody may write down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.schemas import Schema
from l7audit.target.values import values_in


def named(answer: Answer, key: str) -> str:
    """What an answer gives for a path parameter; empty where it gives nothing."""
    body = answer.json_or_none()
    inner = [v for v in body.values() if isinstance(v, dict)] if isinstance(body, dict) else []
    for thing in [body, *inner]:
        if found := values_in(thing, (key,)):
            return found[key]
    return ""


def learn_secrets(check: Check, answer: Answer) -> None:
    """New secrets in an answer must be written nowhere."""
    for name, text in _texts(answer.json_or_none()):
        if meaning.is_fresh_secret(name, Schema()) and len(text) >= 12:
            check.probe.redactor.learn(text)


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    level = [value]
    for _ in range(3):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                yield from ((str(k), v) for k, v in node.items() if isinstance(v, str))
                below += node.values()
        level = below
