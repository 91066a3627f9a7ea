"""What the callers' own accounts were before anything hostile was sent: written back after each
check that changed one, so that a text of one check keeps nobody out of the next."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from l7audit.errors import AuditError
from l7audit.probe.answer import Answer
from l7audit.probe.probe import Probe
from l7audit.probe.request import Pairs, Request
from l7audit.target.accounts import identified, shown
from l7audit.target.operation import Operation
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel

_OF_THE_BODY = {"content-type", "content-length", "transfer-encoding", "accept"}


@dataclass(slots=True)
class _Changed:
    """An account that a check wrote to: by which operation, as whom, and which members."""

    operation: Operation
    headers: Pairs
    names: set[str] = field(default_factory=set)


class Originals:
    """Hears of every answer while a check runs. One check at a time."""

    def __init__(self, model: TargetModel) -> None:
        self._model = model
        self._accounts = model.learnt.accounts
        self._operations = {
            (o.method, model.prefix + o.template): o
            for o in model.operations
            if o.method in {"PUT", "PATCH"} and o.template in self._accounts
        }
        self._changed: dict[tuple[str, Pairs], _Changed] = {}

    def notice(self, answer: Answer) -> None:
        """Remembers whose account was written to."""
        request = answer.request
        operation = self._operations.get((request.method, urlsplit(request.path).path))
        if operation is None or not answer.ok:
            return
        headers = tuple(p for p in request.headers if p[0].lower() not in _OF_THE_BODY)
        changed = self._changed.setdefault(
            (operation.template, headers), _Changed(operation, headers)
        )
        changed.names |= _members(request.content)

    def put_back(self, probe: Probe) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Writes back what was there; answers operations and their members that stay changed.

        Errors: none: what can't be reached any more stays as it is, and is told.
        """
        changed, self._changed = self._changed, {}
        for one in changed.values():
            try:
                stays = self._restored(probe, one)
            except AuditError:
                stays = tuple(sorted(one.names))
            if stays:
                yield str(one.operation.place), stays

    def _restored(self, probe: Probe, one: _Changed) -> tuple[str, ...]:
        """Writes back the account, all at once or else member by member; what still differs."""
        path = self._model.prefix + one.operation.template
        there = shown(probe.send(Request("GET", path, one.headers)).json_or_none())
        known = (a for a in self._accounts[one.operation.template] if identified(a, there))
        original = next(known, None)
        if original is None:
            return ()  # nobody's whom the profile names: the account was made by a check
        differs = {
            n: original[n]
            for n in sorted(one.names)
            if n in original and there.get(n) != original[n]
        }
        if not differs:
            return ()
        if self._written(probe, one, original, differs):
            return ()
        return tuple(
            n for n, v in differs.items() if not self._written(probe, one, original, {n: v})
        )

    def _written(
        self, probe: Probe, one: _Changed, original: Mapping[str, Any], members: Mapping[str, Any]
    ) -> bool:
        surface: Surface = self._model.surface(one.operation)
        whole = one.operation.method == "PUT"
        body = {n: v for n, v in original.items() if n in surface.body()} if whole else {}
        request = surface.request(json={**body, **members})
        return probe.send(request.with_headers(one.headers)).ok


def _members(content: bytes) -> set[str]:
    """The members that a body gives an account."""
    try:
        return set(shown(json.loads(content)))
    except ValueError:
        return set()
