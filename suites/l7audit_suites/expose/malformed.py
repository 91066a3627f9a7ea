"""Input that is bound to be refused, for each kind of place where input goes in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.schemas import properties
from l7audit.target.surface import Surface
from l7audit.target.words import says, words
from l7audit_suites.authz.families import families
from l7audit_suites.authz.things import learn_secrets, named
from l7audit_suites.expose.readings import callers

TRACE_LIKE = (
    "Traceback (most recent call last)",
    'File "/srv/l7audit/own.py", line 7',
    "/srv/l7audit/own.py",
)
"""Texts of the caller's own that look like a trace's: whoever repeats them tells nothing."""

_HUGE = 10**40
_KINDS = (
    Kind.LOGIN, Kind.TOKEN, Kind.RESOURCE_CREATE, Kind.RESOURCE_CHANGE, Kind.RESOURCE_READ,
    Kind.RESOURCE_LIST, Kind.SEARCH, Kind.CHAT, Kind.UPLOAD,
)  # fmt: skip
_BELOW = {Kind.RESOURCE_LIST, Kind.RESOURCE_CREATE, Kind.SEARCH}
_MOST = {Kind.RESOURCE_READ: 8, Kind.RESOURCE_LIST: 6}
"""Operations of a kind that are tried; of others two."""

_WHOLE = 3
"""Operations whose bodies are spoilt in every way: what reads them is mostly the same for all, so
that others get one spoilt body each."""

_BODIES: tuple[tuple[str, bytes], ...] = (
    ("cut JSON", b'{"l7audit": '),
    ("no JSON", b"\x00\xff\xfe l7audit"),
    ("a list", b"[]"),
    ("deep JSON", b"[" * 2000),
    ("empty", b""),
)
_IDS = ("l7audit", "-1", str(_HUGE), "%00", "%ff%fe", "'")
_VALUES: tuple[Any, ...] = (None, _HUGE, {"l7audit": 1}, "\n  ".join(TRACE_LIKE))
_DECODED = ("cursor", "page", "after", "before", "token", "sort", "order", "filter", "since")
_QUERIES = ("bDdhdWRpdA", "-1", str(_HUGE), "%ff%fe", "%00")
_CREDENTIALS = ("Bearer", "Bearer a.b.c", "Bearer eyJhbGciOiJ4In0.e30.", "Basic !", "\u00e9")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A malformed request, and where it goes."""

    place: Place
    request: Request
    surface: Surface | None = None
    who: Identity | None = None

    def tidy(self, check: Check, answer: Answer) -> None:
        """Has removed what came into being all the same."""
        if not answer.ok or self.surface is None or self.who is None:
            return
        for family in families(check.model):
            if family.create is None or family.create.operation != self.surface.operation:
                continue
            key = named(answer, family.key)
            if key and family.delete is not None:
                learn_secrets(check, answer)
                remover = family.delete.with_values({**self.surface.values, family.key: key})
                request = remover.request(auth=check.sessions.auth(self.who, remover))
                check.sessions.keep_for_removal(request, self.who.name)


def mistakes(check: Check) -> list[Mistake]:
    """Malformed requests to two operations of each kind, by somebody who may use them."""
    found = [
        Mistake(Place(operation="GET /?", part="unknown path"), Request("GET", "/l7audit-nothing")),
        Mistake(Place(operation="GET /?", part="odd path"), Request("GET", "/%ff%00/l7audit")),
    ]
    taken: set[str] = set()
    whole = 0
    for kind in _KINDS:
        for surface in check.model.surfaces(kind, limit=_MOST.get(kind, 2)):
            if str(surface.place()) not in taken and _harmless(surface):
                taken.add(str(surface.place()))
                found += _of(check, surface, every=whole < _WHOLE)
                whole += bool(surface.operation.bodies)
    for surface in check.model.surfaces(Kind.PROTECTED_READ, limit=1):
        for text in _CREDENTIALS:
            request = surface.request(headers={"Authorization": text})
            found.append(Mistake(surface.place("credential"), request))
    return found


def _harmless(surface: Surface) -> bool:
    """Whether what is taken in spite of its form can be removed, or changes nothing at all."""
    operation = surface.operation
    odd = {Kind.RATE_POLICY, Kind.ADMIN} & operation.kinds and operation.method != "GET"
    return not odd and operation.method in {"GET", "POST", "PATCH"}


def _of(check: Check, surface: Surface, *, every: bool) -> Iterator[Mistake]:
    if surface.kinds & {Kind.LOGIN, Kind.TOKEN}:
        yield from _malformed(surface, Auth.none(), every=every)
        return
    for one in callers(check):
        try:
            auth = check.sessions.auth(one, surface)
        except CredentialError:
            continue
        # Whoever is let through to the input: a refusal for lack of a right says nothing of it.
        if not check.send(_first(surface, auth), identity=one.name).refused:
            # What is asked below nothing is refused for that, before it is looked at.
            below = bool(surface.needs_values) and bool(surface.kinds & _BELOW)
            ready = (
                check.model.resolve(surface, check.sessions, one) if below else None
            ) or surface
            for mistake in _malformed(ready, auth, every=every):
                yield replace(mistake, surface=ready, who=one)
            return


def _malformed(surface: Surface, auth: Auth, *, every: bool = True) -> Iterator[Mistake]:
    operation = surface.operation
    plain = surface.request(auth)
    if operation.bodies and operation.method != "DELETE":
        for name, content in _BODIES if every else _BODIES[:1]:
            yield Mistake(surface.place(f"body: {name}"), replace(plain, content=content))
        typed = plain.with_headers({"Content-Type": "application/x-l7audit"})
        if every:
            yield Mistake(surface.place("body: unknown type"), typed)
        for name in list(properties(operation.json_schema))[:2]:
            for value in _VALUES:
                request = surface.request(auth, fields={name: value})
                yield Mistake(surface.place(f"member {name}"), request)
    for parameter in operation.path_parameters[-1:]:
        for text in _IDS:
            # Raw, since these are encodings already.
            path = plain.path.partition("?")[0].rpartition("/")[0]
            if operation.template.rstrip("/").endswith("}") and operation.method == "GET":
                request = plain.with_path(f"{path}/{text}")
                yield Mistake(surface.place(f"path {parameter.name}"), request)
    # First what is decoded or put into a query: that is where forms are taken for granted.
    names = [p.name for p in operation.parameters if p.place == "query"]
    for name in sorted(names, key=lambda n: not says(words(n), *_DECODED))[:3]:
        for text in _QUERIES:
            joint = "&" if "?" in plain.path else "?"
            request = plain.with_path(f"{plain.path}{joint}{name}={text}")
            yield Mistake(surface.place(f"query {name}"), request)


def _first(surface: Surface, auth: Auth) -> Request:
    """A request that changes nothing whoever sends it."""
    mistake = next(iter(_malformed(surface, auth)), None)
    return mistake.request if mistake is not None else surface.request(auth)
