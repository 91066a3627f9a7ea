"""Input that is bound to be refused, for each kind of place where input goes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.operation import Operation
from l7audit.target.schemas import Schema, alternative, properties, type_of
from l7audit.target.surface import Surface
from l7audit.target.words import says, words
from l7audit_suites.authz.families import families
from l7audit_suites.authz.told import learn_secrets, named
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

_ALL, _MOST_ASKED = 5000, 4

_WHOLE = {"body": 3, "address": 2}
"""Operations whose bodies or addresses are spoilt in every way: what reads them is mostly the same
for all, so that others get less."""

_BODIES: tuple[tuple[str, bytes], ...] = (
    ("cut JSON", b'{"l7audit": '),
    ("no JSON", b"\x00\xff\xfe l7audit"),
    ("a list", b"[]"),
    ("deep JSON", b"[" * 2000),
    ("empty", b""),
)
_VALUES: tuple[Any, ...] = (None, _HUGE, {"l7audit": 1}, "\n  ".join(TRACE_LIKE))
_MEMBERS = 3
"""Members that are spoilt at once, each with another value."""

_UNDECODED = "%ff%fe"
"""No UTF-8: what decodes it is the same for all operations, so that few are asked for it."""

_IDS = ("l7audit'", str(_HUGE), "%00")
_DECODED = ("cursor", "page", "after", "before", "token", "sort", "order", "filter", "since")
_TEXTS = ("bDdhdWRpdA", "-1", str(_HUGE), "%00")
_NO_TEXTS = ("bDdhdWRpdA",)
"""For what is no text: all of one operation's are spoilt at once, since what reads them by their
types is the same for all."""

_NUMBERS = ("-1", str(_HUGE))
"""For numbers, each by itself: they get past what looks at types, and each is used in its own
way."""

_CREDENTIALS = ("Bearer", "Bearer a.b.c", "Bearer eyJhbGciOiJ4In0.e30.", "Basic !", "\u00e9")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A malformed request, and where it goes. `answer` is there where it was sent already."""

    place: Place
    request: Request
    answer: Answer | None = None
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
    whole: Counter[str] = Counter()
    for kind in _KINDS:
        for surface in check.model.surfaces(kind, limit=_MOST.get(kind, 2)):
            if str(surface.place()) not in taken and _harmless(surface):
                taken.add(str(surface.place()))
                read_by = "body" if surface.operation.bodies else "address"
                found += _of(check, surface, every=whole[read_by] < _WHOLE[read_by])
                whole[read_by] += 1
    for surface in _asked(check):
        if str(surface.place()) not in taken:
            taken.add(str(surface.place()))
            found += _of(check, surface, every=whole["address"] < _WHOLE["address"])
            whole["address"] += 1
    for surface in check.model.surfaces(Kind.PROTECTED_READ, limit=1):
        for text in _CREDENTIALS:
            request = surface.request(headers={"Authorization": text})
            found.append(Mistake(surface.place("credential"), request))
    return found


def _asked(check: Check) -> list[Surface]:
    """Reads of no further kind that are asked something by their query."""
    kinds = (Kind.PROTECTED_READ, Kind.PUBLIC_READ)
    reads = [s for kind in kinds for s in check.model.surfaces(kind, limit=_ALL)]
    return [s for s in reads if any(_queries(s.operation))][:_MOST_ASKED]


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
        found = list(_malformed(surface, auth, every=every))
        if not found:
            return
        # Whoever is let through to the input: a refusal for lack of a right says nothing of it.
        answer = check.send(found[0].request, identity=one.name)
        if not answer.refused:
            # What is asked below nothing is refused for that, before it is looked at.
            below = bool(surface.needs_values) and bool(surface.kinds & _BELOW)
            ready = check.model.resolve(surface, check.sessions, one) if below else None
            if ready is not None:
                found = list(_malformed(ready, auth, every=every))
            else:
                found[0] = replace(found[0], answer=answer)
            yield from (replace(m, surface=ready or surface, who=one) for m in found)
            return


def _malformed(surface: Surface, auth: Auth, *, every: bool = True) -> Iterator[Mistake]:
    operation = surface.operation
    plain = surface.request(auth)
    if operation.bodies and operation.method != "DELETE":
        for name, content in _BODIES if every else _BODIES[:1]:
            yield Mistake(surface.place(f"body: {name}"), replace(plain, content=content))
        if every:
            typed = plain.with_headers({"Content-Type": "application/x-l7audit"})
            yield Mistake(surface.place("body: unknown type"), typed)
        names = list(properties(operation.json_schema))[:_MEMBERS]
        # What reads members by their types is the same for all, too.
        for turn in range(len(_VALUES)) if names and every else ():
            fields = {n: _VALUES[(turn + i) % len(_VALUES)] for i, n in enumerate(names)}
            yield Mistake(surface.place("members"), surface.request(auth, fields=fields))
    for parameter in operation.path_parameters[-1:]:
        if operation.template.rstrip("/").endswith("}") and operation.method == "GET":
            path = plain.path.partition("?")[0].rpartition("/")[0]
            for text in (*_IDS, _UNDECODED) if every else _IDS:
                # Raw, since these are encodings already.
                yield Mistake(
                    surface.place(f"path {parameter.name}"), plain.with_path(f"{path}/{text}")
                )
    for names, texts in _queries(operation):
        for text in (*texts, _UNDECODED) if every else texts:
            joint = "&" if "?" in plain.path else "?"
            query = "&".join(f"{name}={text}" for name in names)
            place = surface.place(f"query {', '.join(names)}")
            yield Mistake(place, plain.with_path(f"{plain.path}{joint}{query}"))


def _queries(operation: Operation) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """Names of parameters that are spoilt at once, and with what: first each of what is decoded or
    put into a query, since that is where forms are taken for granted."""
    found = [p for p in operation.parameters if p.place == "query"]
    free = [p.name for p in found if type_of(p.schema) in {"", "string"} and not _listed(p.schema)]
    free = sorted(free, key=lambda n: not says(words(n), *_DECODED))[:3]
    yield from (([name], _TEXTS) for name in free)
    if rest := [p for p in found if p.name not in free]:
        yield [p.name for p in rest], _NO_TEXTS
        numbers = [p.name for p in rest if type_of(p.schema) in {"integer", "number"}]
        yield from (([name], _NUMBERS) for name in numbers[:2])


def _listed(schema: Schema) -> bool:
    """Whether only some texts are taken."""
    return "enum" in alternative(schema) or "const" in alternative(schema)
