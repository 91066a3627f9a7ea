"""What a check makes at somebody's target: noticed by the answers, removed, or else listed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from l7audit.errors import AuditError
from l7audit.model import Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.probe import Probe
from l7audit.probe.request import Request
from l7audit.target.operation import Operation
from l7audit.target.target_model import TargetModel
from l7audit.target.values import values_in

MOST = 200
"""The most things of one check that are removed; those beyond are listed."""

_MAKES = {Kind.RESOURCE_CREATE, Kind.KEY_CREATE}
_LETS_IN = {Kind.LOGIN, Kind.TOKEN, Kind.REVOKE_TOKEN}
_NO_CREDENTIAL = {"content-type", "content-length", "transfer-encoding", "accept", "host", "origin"}


@dataclass(frozen=True, slots=True)
class Made:
    """Something that was made: by which operation, where it is if that is known, and by whom."""

    place: Place
    path: str
    request: Request


class Traces:
    """Hears of every answer while a check runs. One check at a time."""

    def __init__(self, model: TargetModel) -> None:
        self._operations = [
            (re.compile(_pattern(model.prefix + o.template)), o)
            for o in model.operations
            if o.method in {"POST", "PUT", "DELETE"}
        ]
        self._made: list[Made] = []
        self._gone: set[str] = set()

    def notice(self, answer: Answer) -> None:
        """Remembers what was made, and what is gone again."""
        request, path = answer.request, urlsplit(answer.request.path).path
        if request.method == "DELETE" and (answer.ok or answer.status in {404, 410}):
            self._gone.add(path)
        if request.method not in {"POST", "PUT"} or not answer.ok:
            return
        operation = self._at(request.method, path)
        makes = operation is not None and bool(operation.kinds & _MAKES)
        if operation is not None and operation.kinds & _LETS_IN:
            return  # a session ends by itself
        if not makes and answer.status != 201:
            return
        place = operation.place if operation else Place(operation=f"{request.method} {path[:80]}")
        there = path if request.method == "PUT" else self._where(answer, path)
        self._made.append(Made(place, there, request))

    def clean(self, probe: Probe) -> Counter[str]:
        """Removes what is left as whoever made it; how many of what place could not be removed.

        Errors: none: what can't be reached any more is left behind.
        """
        left: Counter[str] = Counter()
        made, self._made = self._made, []
        for number, each in enumerate(reversed(made)):
            if each.path in self._gone:
                continue
            if number >= MOST or not self._removed(probe, each):
                left[str(each.place)] += 1
        self._gone = set()
        return left

    def _removed(self, probe: Probe, made: Made) -> bool:
        if not made.path or self._at("DELETE", made.path) is None:
            return False
        kept = tuple(p for p in made.request.headers if p[0].lower() not in _NO_CREDENTIAL)
        query = urlsplit(made.request.path).query  # a key may be in it
        path = made.path + (f"?{query}" if query else "")
        try:
            answer = probe.send(Request("DELETE", path, kept, base_url=made.request.base_url))
        except AuditError:
            return False
        return answer.ok or answer.status in {404, 410}

    def _where(self, answer: Answer, path: str) -> str:
        """The path of what was made: what `Location` says, else below its collection by its id."""
        said = urlsplit(answer.headers.get("Location")).path
        if said.startswith("/") and self._at("DELETE", said) is not None:
            return said
        body = answer.json_or_none()
        inner = [v for v in body.values() if isinstance(v, dict)] if isinstance(body, dict) else []
        for thing in [body, *inner]:
            for pattern, operation in self._operations:
                if operation.method != "DELETE" or not operation.path_parameters:
                    continue
                name = operation.path_parameters[-1].name
                found = values_in(thing, (name,))
                below = f"{path.rstrip('/')}/{quote(found[name], safe='')}" if found else ""
                if below and pattern.fullmatch(below):
                    return below
        return ""

    def _at(self, method: str, path: str) -> Operation | None:
        return next(
            (
                o
                for pattern, o in self._operations
                if o.method == method and pattern.fullmatch(path)
            ),
            None,
        )


def _pattern(template: str) -> str:
    fixed = re.split(r"\{[^{}]*\}", template.rstrip("/"))
    return "[^/]+".join(map(re.escape, fixed)) + "/?"
