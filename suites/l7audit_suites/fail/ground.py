"""What clients work on: a thing of somebody's own to be read, and others like it to be made."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from l7audit.harness.check import Check
from l7audit.model import Component, Identity, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.values import things, values_in
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.markers import new_marker
from l7audit_suites.authz.people import Cast, casts
from l7audit_suites.authz.things import Thing, ask, keep_for_removal, make
from l7audit_suites.authz.told import named
from l7audit_suites.fail.clients import PACE, Clients, Next
from l7audit_suites.fail.timeline import Attempt

BEFORE = 0.5
"""Seconds in which clients work before the fault, and again after it was mended."""

_FEWEST = 20
_MOST_LISTED = 50
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Ground:
    """A thing with its marker in the request that made it and in how it is read."""

    check: Check
    cast: Cast
    thing: Thing

    @property
    def owner(self) -> Identity:
        return self.thing.owner

    @property
    def reading(self) -> Request:
        """What shows the thing to its owner."""
        return self.thing.seen.request

    def read(self) -> tuple[Request, str]:
        """For clients that read."""
        return self.reading, ""

    def write(self) -> tuple[Request, str]:
        """For clients that write: a thing like it, with a marker of its own."""
        marker = new_marker()
        made = self.thing.made.request
        old, new = self.thing.marker.encode(), marker.encode()
        return replace(made, content=made.content.replace(old, new)), marker

    def place(self, part: str, *, writing: bool = False) -> Place:
        family = self.thing.family
        surface = family.maker if writing else family.read or family.list
        assert surface is not None  # `ground` takes no family without
        return surface.place(part)

    def kept(self, attempts: Sequence[Attempt]) -> dict[str, Thing]:
        """What was acknowledged, by marker; removed at the check's end."""
        found = {}
        for attempt in attempts:
            if attempt.answer is None or not (name := named(attempt.answer, self._key)):
                continue
            found[attempt.marker] = replace(
                self.thing.called(name), marker=attempt.marker, made=attempt.answer
            )
        for thing in found.values():
            keep_for_removal(self.check, thing, self.owner)
        return found

    def look(self, thing: Thing) -> Answer:
        """How something that was made looks to its owner."""
        return thing.view(self.check)

    def looks(self, kept: Mapping[str, Thing]) -> dict[str, Answer]:
        """As `look`, of all of them by their markers, several at a time."""
        surface = self.thing.family.read
        assert surface is not None  # `ground` takes no family without
        auth = self.check.sessions.auth(self.owner, surface)
        requests = [thing.at(surface).request(auth) for thing in kept.values()]
        return dict(zip(kept, self.check.burst(requests, _AT_ONCE), strict=True))

    def made_again(self, kept: Mapping[str, Thing]) -> dict[str, Answer]:
        """By marker, how a thing looks that is still listed after the one that was acknowledged is
        removed: it was made more often than asked for. Ends the check where the listing does not
        tell what there is."""
        family, check = self.thing.family, self.check
        if family.list is None or family.delete is None:
            check.inconclusive("What was made can't be listed, so not counted.")
        for thing in kept.values():
            ask(check, thing.at(family.delete), self.owner)
        newest = make(check, family, self.cast)
        listing = ask(check, self.thing.at(family.list), self.owner)
        told = newest is not None and newest.listed_in(listing)
        check.witness("the listing holds what was made last", told, once=True)
        found: dict[str, Answer] = {}
        for one in things(listing.json_or_none())[:_MOST_LISTED]:
            name = values_in(one, (family.key,)).get(family.key, "")
            left = self.thing.called(name)
            look = self.look(left)
            if found_again := [m for m in kept if look.ok and m in look.text]:
                found[found_again[0]] = look
                keep_for_removal(check, left, self.owner)
        return found

    @property
    def _key(self) -> str:
        return self.thing.family.key


def ground(check: Check) -> Ground:
    """The first family whose things can be made, known again and removed. Ends the check where
    there is none."""
    found = next(_grounds(check), None)
    if found is None:
        check.inconclusive("Nobody can make and read a thing here: clients have nothing to do.")
    check.witness("the owner reads his thing", lambda: found.look(found.thing))
    return found


def _grounds(check: Check) -> Iterator[Ground]:
    for cast in casts(check):
        for family in filter(_suits, families(check.model)):
            thing = make(check, family, cast)
            if thing is not None and thing.marker.encode() in thing.made.request.content:
                yield Ground(check, cast, thing)


def _suits(family: Family) -> bool:
    return not (family.nested or family.people or family.create is None or family.read is None)


def components(check: Check, least: int = 2) -> Sequence[Component]:
    """What may be killed. Ends the check where there are fewer than that: one that stands alone
    can't be stood in for."""
    if len(check.target.components) < least:
        check.inconclusive(f"Fewer than {least} components are granted to be killed.")
    return check.target.components


@contextmanager
def working(ground: Ground, following: Next, pace: float = PACE) -> Iterator[Clients]:
    """Clients that have been at work for a moment when the block begins, and go on for another
    after it. Ends the check where limits keep them from working."""
    with Clients(ground.check, ground.owner, following, pace=pace) as clients:
        time.sleep(BEFORE)
        yield clients
        time.sleep(BEFORE)
    if clients.mostly_throttled or len(clients.timeline().served) < _FEWEST:
        ground.check.inconclusive("Too few of the clients' requests were served at all.")


def aimed(request: Request, component: Component) -> Next:
    """The same request, past the balancer at a component."""
    straight = replace(request, base_url=component.url)
    return lambda: (straight, "")
