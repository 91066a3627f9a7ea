"""Doors: operations that somebody may call with success, whatever they need to be called.

A workshop is where a thing is made and read back. A door only has to answer: an action, a lookup,
a thing below another thing. Who may open it is asked once a process; values for its path are found
anew by each check, since what a check made is removed at its end.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.filling import filled
from l7audit.target.fresh import may_be_taken, renewed
from l7audit.target.operation import Operation
from l7audit.target.schemas import properties
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.values import keep, resolve, things
from l7audit.target.words import all_words, says
from l7audit_suites.input.fresh import needs_new
from l7audit_suites.input.ground import Caller, ask_all, callers
from l7audit_suites.input.pointing import pointed, told_texts

_LEFT = {
    Kind.LOGIN, Kind.TOKEN, Kind.REVOKE_TOKEN, Kind.JWKS, Kind.OPENAPI, Kind.KEY_CREATE,
    Kind.KEY_REVOKE, Kind.KEY_ROTATE, Kind.SIGNING_KEY_CREATE, Kind.SIGNING_KEY_RETIRE,
    Kind.DATA_KEY_ROTATE, Kind.RATE_POLICY, Kind.RESOURCE_DELETE, Kind.CHAT, Kind.STREAMING,
    Kind.METRICS, Kind.HEALTH,
}  # fmt: skip
"""Entrances, keys and limits belong to other areas; streams do not end."""

_ENDING = (
    "logout", "log out", "sign out", "signout", "unregister", "deactivate", "deactivation",
    "shutdown", "shut down", "restart", "reset", "purge", "truncate", "transfer", "pay", "payment",
    "checkout", "register", "signup", "sign up", "invite",
)  # fmt: skip
_LOOKING = ("search", "find", "lookup", "query", "filter")
_MOST_CALLERS = 3
_MOST_DOORS = 40
_NOTHING = 404


@dataclass(frozen=True, slots=True)
class Door:
    """An operation, a caller who may call it, and the answer to the plain call.

    `renews`: each call needs texts of its own, since the usual ones are taken already. `ajar`: the
    plain call found nothing, as a lookup does that knows no such text.
    """

    caller: Caller
    surface: Surface
    answer: Answer
    renews: bool = False
    ajar: bool = False

    @property
    def operation(self) -> Operation:
        return self.surface.operation

    @property
    def acts(self) -> bool:
        """Whether a call changes what is there: a thing is made, or put in another's place."""
        return _acts(self.operation)

    def ask(self) -> Answer:
        """The answer to the plain call, asked again."""
        surface = with_texts(self).surface
        return self.kept(self.caller.send(surface.request(self.caller.auth(surface))))

    def kept(self, answer: Answer) -> Answer:
        """The answer; what it made is removed at the check's end."""
        if self.caller.identity is not None and Kind.RESOURCE_CREATE in self.surface.kinds:
            check = self.caller.check
            keep(check.model, self.surface, answer, check.sessions, self.caller.identity)
        return answer


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was learnt of one door: who opened it, and the rest as `Door` has it."""

    name: str
    answer: Answer
    renews: bool
    ajar: bool


@dataclass(slots=True)
class _Known:
    """What was learnt of a target's doors, so that each is opened once; None for what nobody
    opens."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    opens: dict[Place, _Seen | None] = field(default_factory=dict)


_KNOWN: WeakKeyDictionary[TargetModel, _Known] = WeakKeyDictionary()


def _acts(operation: Operation) -> bool:
    kinds = {Kind.RESOURCE_CREATE, Kind.RESOURCE_CHANGE}
    return operation.method in {"PUT", "PATCH"} or bool(kinds & operation.kinds)


def doors(check: Check, *, acting: bool = True, but: Collection[Place] = ()) -> list[Door]:
    """Every operation that takes something and answers somebody, reads first; without those that
    change what is there unless `acting`, and without those in `but`, which are open already.

    Ends the check where nobody gets in at all.
    """
    who = _knocking(check)
    known = _KNOWN.setdefault(check.model, _Known())
    with known.lock:
        remembered = dict(known.opens)
    tried = [o for o in _worth_it(check) if o.place not in but and (acting or not _acts(o))]
    found: dict[Place, Door] = {}
    undecided: set[Place] = set()
    for caller in who:
        for operation in tried:
            seen = remembered.get(operation.place)
            if seen is not None and seen.name == caller.name:
                surface = ready(check, caller, operation)
                if surface is not None:
                    door = Door(caller, surface, seen.answer, seen.renews, seen.ajar)
                    found[operation.place] = door
        waiting = [o for o in tried if o.place not in remembered and o.place not in found]
        for door in _opened(check, caller, waiting, undecided):
            found[door.operation.place] = door
    with known.lock:
        for operation in tried:
            place = operation.place
            if place in remembered or (place in undecided and place not in found):
                continue
            new = found.get(place)
            known.opens[place] = (
                _Seen(new.caller.name, new.answer, new.renews, new.ajar) if new else None
            )
    return [found[o.place] for o in tried if o.place in found]


def _knocking(check: Check) -> list[Caller]:
    """Who tries doors, the first of each role first: the same people in every check, so that what
    was learnt in one holds for the next."""
    order = [i.name for i in check.identities]
    found = sorted(callers(check, len(order)), key=lambda c: order.index(c.name))
    first = {c.identity.role: c for c in reversed(found) if c.identity is not None}.values()
    return sorted(found, key=lambda c: c not in first)[:_MOST_CALLERS]


def _worth_it(check: Check) -> list[Operation]:
    """Operations that take a text and harm nobody who tries."""
    listed = [
        o
        for o in check.model.operations
        if o.method in {"GET", "POST", "PUT", "PATCH"}
        and not _LEFT & o.kinds
        and not (Kind.ADMIN in o.kinds and o.method != "GET")
        and (o.method == "GET" or not says(_named(o), *_ENDING))
        and (o.bodies or any(p.place != "path" for p in o.parameters))
        and not any(
            meaning.is_password(n, p) for s in o.bodies.values() for n, p in properties(s).items()
        )
    ]
    order = {"GET": 0, "POST": 1, "PUT": 2, "PATCH": 3}
    listed = [o if _acts(o) else pointed(o) for o in listed]
    return sorted(listed, key=lambda o: (order[o.method], str(o.place)))[:_MOST_DOORS]


def _named(operation: Operation) -> tuple[str, ...]:
    segments = [s for s in operation.template.split("/") if s and not s.startswith("{")]
    return tuple(all_words([operation.name, *segments]))


def _opened(
    check: Check, caller: Caller, operations: Sequence[Operation], undecided: set[Place]
) -> Iterator[Door]:
    """The doors among these operations that this caller opens. What may be open another time, and
    was too busy now, is told as `undecided`."""
    prepared = [s for o in operations if (s := ready(check, caller, o)) is not None]
    plain = [Door(caller, s, a) for s, a in _asked(check, caller, prepared)]
    undecided |= {d.operation.place for d in plain if _busy(d.answer)}
    for door in plain:
        if door.kept(door.answer).ok:
            makes = Kind.RESOURCE_CREATE in door.surface.kinds
            again = partial(_again, door)
            needs = makes and needs_new(check.model, door.surface, again)
            yield replace(door, renews=needs)
        elif door.answer.status == _NOTHING and _looks_up(door.surface):
            yield replace(door, ajar=True)
    taken = [
        renewed(d.surface) for d in plain if d.operation.method != "GET" and may_be_taken(d.answer)
    ]
    for surface, answer in _asked(check, caller, taken):
        door = Door(caller, surface, answer, renews=True)
        if door.kept(answer).ok:
            yield door


def _busy(answer: Answer) -> bool:
    return answer.status is None or answer.throttled or answer.status >= 500


def _looks_up(surface: Surface) -> bool:
    """Whether that nothing was found can only be about what was sent, not about a path."""
    return surface.operation.method == "POST" and not surface.operation.path_parameters


def _again(door: Door) -> Answer:
    return door.kept(door.caller.send(door.surface.request(door.caller.auth(door.surface))))


def _asked(
    check: Check, caller: Caller, surfaces: Sequence[Surface]
) -> list[tuple[Surface, Answer]]:
    requests = [s.request(caller.auth(s)) for s in surfaces]
    answers = ask_all(check, requests)
    return list(zip(surfaces, answers, strict=True))


def ready(check: Check, caller: Caller, operation: Operation) -> Surface | None:
    """The operation with values for its path, and with things of the caller's where it names some;
    what is written below is below a thing of ours, and a file that is put gets a name of its own.
    None where a value is lacking."""
    surface = check.model.surface(operation)
    if caller.identity is None:
        return None if surface.needs_values else surface
    try:
        found = _with_path(check, caller.identity, surface)
        return found and filled(check.model, found, check.sessions, caller.identity)
    except CredentialError:
        return None


def _with_path(check: Check, identity: Identity, surface: Surface) -> Surface | None:
    operation = surface.operation
    # What only looks for something finds nothing below a thing that was just made.
    writes = operation.method != "GET" and not says(_named(operation), *_LOOKING)
    find = partial(resolve, check.model, sessions=check.sessions, identity=identity)
    found = find(surface, own=writes, made=check.sessions.made)
    if found is None and writes and operation.method == "POST":
        found = find(surface)
    if found is None and operation.method == "PUT" and Kind.UPLOAD in operation.kinds:
        last = operation.path_parameters[-1].name
        found = find(surface.with_values({last: f"l7audit-{secrets.token_hex(5)}.txt"}))
    return found


def listed(door: Door) -> list[Any]:
    """The things that a door's answer lists."""
    return things(door.answer.json_or_none())


def shown_texts(door: Door) -> list[str]:
    """The names of the texts that a door's things have, as far as its answer or its document tells,
    their ids left out."""
    first = next((t for t in listed(door) if isinstance(t, dict)), {})
    found = [n for n, v in first.items() if isinstance(v, str)]
    return [n for n in found or told_texts(door.operation) if n.lower() != "id"]


def with_texts(door: Door) -> Door:
    """The door with new texts where each call needs its own."""
    return replace(door, surface=renewed(door.surface)) if door.renews else door
