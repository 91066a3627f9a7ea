"""Where a path goes into a request: a part of the address, of the query or of the body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target import meaning
from l7audit.target.schemas import properties
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit_suites.path.climbs import gives_away

SLOT = "l7audit0slot"
CONCURRENCY = 4
_MOST = 3
_SIGNS = ("%2f", "%5c")
_BARRED = {400, 414, 422}
_BARS: WeakKeyDictionary[TargetModel, dict[Place, list[str]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Inlet:
    """An operation that takes a path, called by somebody. `where` names the part that takes it;
    `usual` is a path that may be there, which the target answers in its usual way: with the status
    `usually`."""

    surface: Surface | None
    where: str
    request: Request = field(repr=False)
    usual: str = SLOT
    usually: int | None = None

    def place(self, name: str) -> Place:
        """The part, tried in that way."""
        if self.surface is None:
            return Place(operation="GET /?", part=name)
        return self.surface.place(f"{self.where}: {name}")

    @property
    def cause(self) -> str:
        """What all ways out of the folder by this part have in common."""
        asked = "GET /?" if self.surface is None else f"{self.surface.operation.place}"
        return f"the path in {self.where or 'the address'} of {asked}"

    def with_path(self, raw: str) -> Request:
        """The request with a raw path in its slot; within JSON it is decoded once."""
        path = self.request.path.replace(SLOT, raw)
        content = self.request.content.replace(SLOT.encode(), unquote(raw).encode("utf-8"))
        if b"\0" in content:
            content = content.replace(b"\0", b"\\u0000")
        return replace(self.request, path=path, content=content)


def inlets(check: Check) -> list[Inlet]:
    """The reads that take a path, and the target's own address; each with its witness: a path
    that leads nowhere special is answered, and shows no file of the system."""
    found = [*_parts(check, check.model.surfaces(Kind.PATH_TAKING, limit=8))][:_MOST]
    found.append(Inlet(None, "address", Request("GET", f"/{SLOT}")))
    for number, inlet in enumerate(found):
        answer = check.send(inlet.with_path(inlet.usual))
        found[number] = replace(inlet, usually=answer.status)
        check.witness(
            "an ordinary path is answered and shows no file of the system",
            answer.status is not None and answer.status < 500 and not gives_away(answer.body),
        )
    return found


def bars(check: Check, inlet: Inlet) -> list[str]:
    """Encoded signs that no value may hold there, learnt once a process: where a harmless one with
    such a sign is refused as malformed, and one without is not, nothing with it is looked up."""
    known = _BARS.setdefault(check.model, {})
    place = inlet.place("")
    if place not in known:
        harmless = [inlet.with_path(f"l7audit{sign}0slot") for sign in _SIGNS]
        told = zip(_SIGNS, ask(check, harmless), strict=True)
        known[place] = [s for s, a in told if a.status in _BARRED - {inlet.usually}]
    return known[place]


def _parts(check: Check, surfaces: list[Surface]) -> Iterator[Inlet]:
    identity = somebody(check)
    for surface in surfaces:
        operation = surface.operation
        if operation.method not in {"GET", "POST"} or Kind.UPLOAD in operation.kinds:
            continue
        auth = None
        if not operation.public:
            if identity is None:
                continue
            auth = check.sessions.auth(identity, surface)
        for parameter in operation.parameters:
            if not meaning.takes_path(parameter.name, parameter.schema):
                continue
            given: dict[str, Any] = {parameter.name: SLOT}
            if parameter.place == "path":
                below = _below(check, surface.with_values(given), identity)
                yield Inlet(surface, "path", below.request(auth))
            elif parameter.place == "query":
                below = _below(check, surface, identity)
                yield Inlet(surface, "query", below.request(auth, query=given))
        for name, part in properties(operation.json_schema).items():
            if meaning.takes_path(name, part):
                below = _below(check, surface, identity)
                yield Inlet(surface, "body", below.request(auth, fields={name: SLOT}))


def _below(check: Check, surface: Surface, identity: Identity | None) -> Surface:
    """The surface below things that there are: below nothing no path is looked at."""
    if identity is None or not surface.needs_values:
        return surface
    return check.model.resolve(surface, check.sessions, identity) or surface


def somebody(check: Check) -> Identity | None:
    """An identity with ordinary quotas, if the profile has one."""
    return next((i for i in check.identities if "limited" not in i.tags), None)


def ask(check: Check, requests: list[Request]) -> list[Answer]:
    """All answers; what was throttled is asked for again, with patience."""
    answers = check.burst(requests, CONCURRENCY)
    return [
        check.send(request) if answer.throttled or answer.status is None else answer
        for request, answer in zip(requests, answers, strict=True)
    ]
