"""Operations that take a URL and may call it: how one is given, and how the call is set off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.schemas import properties, required
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.input.doors import ready
from l7audit_suites.input.ground import Caller, Made, Workshop, callers, filled_for, workshop
from l7audit_suites.input.urls import PUBLIC

LATER = 0.15
"""Seconds that a call may come after the answer."""

_CALLED = (
    "webhook", "hook", "callback", "fetch", "import", "notify", "notification", "feed", "crawl",
    "proxy", "preview", "ping", "subscription", "deliver", "delivery", "download", "scrape",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """One operation that takes a URL. `give` hands it one and says what was answered and, where
    something came into being, what; `stores`: it keeps the URL, so that a call may come later.
    `setter` is who keeps it among his settings, where no thing of a collection does.
    """

    check: Check
    surface: Surface
    name: str
    give: Callable[[str], Made]
    room: Workshop | None
    setter: Caller | None = None

    @property
    def stores(self) -> bool:
        return self.room is not None or self.setter is not None

    @property
    def part(self) -> str:
        return f"URL {self.name}"

    def takes(self) -> Answer:
        """The answer to a public URL, for a witness."""
        return self.give(PUBLIC).answer

    def triggers(self) -> list[Surface]:
        """Operations that act on what was made: one of them may call its URL."""
        item = self.room and (self.room.reader or self.room.remover)
        item = self.surface if self.setter is not None else item
        if item is None:
            return []
        start = item.operation.template.rstrip("/")
        return [
            self.check.model.surface(operation)
            for operation in self.check.model.operations
            if operation.method == "POST"
            and operation.template.rpartition("/")[0] == start
            and not any(required(schema) for schema in operation.bodies.values())
            and not {Kind.KEY_ROTATE, Kind.KEY_REVOKE} & operation.kinds
        ]

    def called(self) -> bool:
        """Whether the URL is there to be called, and is no mere link."""
        operation = self.surface.operation
        told = (*words(operation.template), *words(operation.name), *words(self.name))
        return bool(self.triggers()) or says(told, *_CALLED)

    def set_off(self, made: Made) -> list[Answer]:
        """Asks for the call in every way there is."""
        caller = self.setter or (self.room.caller if self.room is not None and made.path else None)
        if caller is None or not made.answer.ok:
            return []
        answers = []
        for trigger in self.triggers():
            names = [p.name for p in trigger.operation.path_parameters]
            path = dict(zip(names, made.path.values(), strict=False))
            answers.append(caller.send(trigger.request(auth=caller.auth(trigger), path=path)))
        return answers


def ways(check: Check, *, needed: bool = True) -> list[Way]:
    """How this target can be given a URL. Ends the check where there is no way and one is
    `needed`."""
    found: list[Way] = []
    if needed:
        surfaces = check.surfaces(Kind.URL_TAKING, limit=8)
    else:
        surfaces = check.model.surfaces(Kind.URL_TAKING, limit=8)
    for surface in surfaces:
        for name in _members(surface)[:1]:
            way = _way(check, surface, name)
            if way is not None:
                found.append(way)
    if not found and needed:
        check.inconclusive("No identity of the profile could give the target a harmless URL.")
    return found


def _members(surface: Surface) -> list[str]:
    return [
        n for n, p in properties(surface.operation.json_schema).items() if meaning.takes_url(n, p)
    ]


def _way(check: Check, surface: Surface, name: str) -> Way | None:
    if Kind.RESOURCE_CREATE in surface.kinds:
        room = workshop(check, surface, fields={name: PUBLIC})
        return _making(check, surface, name, room) if room is not None else None
    if surface.operation.method in {"PUT", "PATCH"} and not surface.operation.path_parameters:
        return _setting(check, surface, name)
    if surface.operation.method in {"PUT", "PATCH"} and not _names_its_thing(surface):
        return _below(check, surface, name)
    if Kind.RESOURCE_CHANGE in surface.kinds:
        return _changing(check, surface, name)
    if surface.operation.method == "POST" and surface.operation.path_parameters:
        return _below(check, surface, name)
    if surface.operation.method == "POST":
        # It may call at once, so nobody's address but our own is given to it.
        who = callers(check)
        return Way(check, surface, name, lambda url: _posted(surface, who, name, url), None)
    return None


def _names_its_thing(surface: Surface) -> bool:
    """Whether the path ends in what names a thing, and not in a part of one, as a picture's does:
    a part is mostly fetched at once, so that nobody's address but our own is given to it."""
    return surface.operation.template.rstrip("/").endswith("}")


def _below(check: Check, surface: Surface, name: str) -> Way | None:
    """The way of an action on a thing or of a part of it: the first caller who has such a thing
    asks for it."""
    for caller in callers(check):
        found = ready(check, caller, surface.operation)
        if found is not None:
            return Way(check, found, name, partial(_posted, found, [caller], name), None)
    return None


def _making(check: Check, surface: Surface, name: str, room: Workshop) -> Way:
    return Way(check, surface, name, lambda url: room.make(fields={name: url}), room)


def _setting(check: Check, surface: Surface, name: str) -> Way | None:
    """The way of a caller's own settings, which nothing but another call changes again."""
    who = next(iter(callers(check)))

    def give(url: str) -> Made:
        return Made(who.send(surface.request(who.auth(surface), fields={name: url})), {})

    if not give(PUBLIC).answer.ok:
        return None
    check.observe(f"A URL of ours stays at {surface.place()}, unless its owner's is put back.")
    return Way(check, surface, name, give, None, who)


def _changing(check: Check, surface: Surface, name: str) -> Way | None:
    collection = surface.operation.template.rstrip("/").rpartition("/")[0]
    for maker in check.model.surfaces(Kind.RESOURCE_CREATE, limit=32):
        if maker.operation.template.rstrip("/") != collection or not _members(maker):
            continue
        public = {_members(maker)[0]: PUBLIC}
        room = workshop(check, maker, fields=public)
        if room is None:
            return None

        return _on(check, surface, name, room, room.make(fields=public))
    return None


def _on(check: Check, surface: Surface, name: str, room: Workshop, made: Made) -> Way:
    """The way of changing one thing's URL again and again."""
    names = [p.name for p in surface.operation.path_parameters]
    path = dict(zip(names, made.path.values(), strict=False))

    def give(url: str) -> Made:
        auth = room.caller.auth(surface)
        return Made(room.caller.send(surface.request(auth, path=path, fields={name: url})), path)

    return Way(check, surface, name, give, room)


def _posted(surface: Surface, who: Sequence[Caller], name: str, url: str) -> Made:
    """The first answer that is not about who asks."""
    for caller in who[:-1]:
        answer = _given(surface, caller, name, url)
        if not answer.refused:
            return Made(answer, {})
    return Made(_given(surface, who[-1], name, url), {})


def _given(surface: Surface, caller: Caller, name: str, url: str) -> Answer:
    own = filled_for(caller, surface)
    return caller.send(own.request(caller.auth(own), fields={name: url}))
