"""Names of members that a mapper reads as lookups: tried beside what an operation declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.schemas import properties, type_of
from l7audit.target.values import things
from l7audit_suites.input.doors import Door, listed, shown_texts
from l7audit_suites.input.ground import word
from l7audit_suites.input.likeness import same
from l7audit_suites.input.pairs import LOOKUP, Pair, Told, decides, differs

_MOST_NAMES = 3
_MOST_DOORS = 8
_MOST_OPEN, _MOST_WITHIN = 1, 2
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Lookup:
    """An undeclared member of a door's request, by the name of one that it knows; `above` is the
    member that takes any object, where it stands in one, and then a text of a thing `begins` so:
    such an object may leave out what is empty, so that only a beginning tells."""

    door: Door
    name: str
    above: str = ""
    begins: str = ""

    def request(self, text: str) -> Request:
        """The request that asks for what starts with a text."""
        surface, caller = self.door.surface, self.door.caller
        auth = caller.auth(surface)
        if self.door.operation.method == "GET":
            return surface.request(auth, query={self.name: text})
        if self.above:
            return surface.request(auth, fields={self.above: {self.name: text}})
        return surface.request(auth, json={self.name: text})

    def _asked(self, text: str) -> Answer:
        return self.door.caller.send(self.request(text))

    def shown(self) -> tuple[Answer, ...]:
        """The answers that show that the name decides; none where it does not, twice."""
        pair = Pair(self.begins[:1], word())
        false = self._asked(pair.false)
        ignored = bool(listed(self.door)) and same(false, self.door.answer, [pair.false])
        if not false.ok or ignored:
            return ()  # it is refused, or it changes nothing of what is listed
        first = Told(pair, self._asked(pair.true), false)
        if not (first.true.ok and first.false.ok and differs(first)) or _in_common(first):
            return ()
        pair = Pair(self.begins[:2], word())
        second = Told(pair, self._asked(pair.true), self._asked(pair.false))
        if not decides(first, second):
            return ()
        return (first.true, first.false, second.true, second.false)


def ignored(group: Sequence[Lookup]) -> bool:
    """Whether a door passes over all of these names: asked for what none of its things begins with,
    by all at once, it lists what it lists without them."""
    door, text = group[0].door, word()
    if len(group) < 2 or not listed(door) or any(one.above for one in group):
        return False
    names = {one.name: text for one in group}
    auth = door.caller.auth(door.surface)
    if door.operation.method == "GET":
        request = door.surface.request(auth, query=names)
    else:
        request = door.surface.request(auth, json=names)
    answer = door.caller.send(request)
    return answer.ok and same(answer, door.answer, [text])


def _in_common(told: Told) -> bool:
    """Whether what starts with a word of ours is listed, too, where everything is: nothing there
    does, so that something else made the answers differ, such as a thing that came or went."""
    everything, ours = (things(a.json_or_none()) for a in (told.true, told.false))
    return any(thing in ours for thing in everything)


def lookups(doors: Sequence[Door]) -> Iterator[Lookup]:
    """Lookups that no document tells of, for listings and searches."""
    asking = [d for d in doors if not d.acts and _finds(d)]
    for door in asking[:_MOST_DOORS]:
        operation = door.operation
        declared = {p.name for p in operation.parameters} | set(properties(operation.json_schema))
        if any("__" in name for name in declared):
            continue  # it says by itself that names are lookups
        for name in _names(door)[:_MOST_NAMES]:
            yield Lookup(door, LOOKUP.format(name=name))
        for above in _open(door)[:_MOST_OPEN]:
            first = next((t for t in listed(door) if isinstance(t, dict)), {})
            for name in shown_texts(door)[:_MOST_WITHIN]:
                if len(text := str(first.get(name, ""))) > _SHORTEST:
                    yield Lookup(door, LOOKUP.format(name=name), above, text)


def _open(door: Door) -> list[str]:
    """The members that take any object: filters, mostly."""
    members = properties(door.operation.json_schema).items()
    return [n for n, part in members if type_of(part) == "object" and not properties(part)]


def _finds(door: Door) -> bool:
    listing = {Kind.RESOURCE_LIST, Kind.SEARCH} & door.surface.kinds
    return bool(listing) or isinstance(door.answer.json_or_none(), list) or bool(listed(door))


def _names(door: Door) -> list[str]:
    """Texts that its things have, or that it is asked by."""
    first = next((t for t in listed(door) if isinstance(t, dict)), {})
    shown = [n for n, v in first.items() if isinstance(v, str)]
    members = properties(door.operation.json_schema).items()
    asked = [n for n, part in members if type_of(part) in {"", "string"}]
    asked += [p.name for p in door.operation.parameters if p.place == "query"]
    known = [n for n in asked if n in shown or not shown]
    return list(dict.fromkeys([*known, *(n for n in shown if n.lower() != "id"), *asked]))
