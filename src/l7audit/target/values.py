"""Real values for path parameters: taken from a listing, or from something made for the purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from l7audit.model import Identity, Kind, Place, Safety
from l7audit.probe.answer import Answer
from l7audit.target.compose import MARK
from l7audit.target.fresh import may_be_taken, renewed
from l7audit.target.operation import Operation
from l7audit.target.origins import items, origins
from l7audit.target.surface import Surface
from l7audit.target.words import words

if TYPE_CHECKING:
    from l7audit.target.sessions import Sessions
    from l7audit.target.target_model import TargetModel

_MOST_LISTED = 200
_MOST_ORIGINS = 3
_LONG = 8
_MOST_TOLD = 4096
_MADE_UP = re.compile(
    rf"{MARK[:-1]}|\blq[0-9b-df-hj-np-tv-xz]{{6}}|(\.\.[/\\]){{2}}|/etc/passwd|windows[/\\]win\.ini"
)
"""Marks and words of our own, ways out of a folder, and what they lead to."""

DEPTH = 2
"""How many things are made for one another, at most."""

_FIRST: WeakKeyDictionary[TargetModel, dict[str, list[dict[str, str]]]] = WeakKeyDictionary()
"""What each collection listed when it was first read, before a run made things of its own."""

_FITS: WeakKeyDictionary[TargetModel, dict[tuple[str, str, str], bool]] = WeakKeyDictionary()
"""Whether what somebody finds or makes at one place is what is looked at at another."""

_TAKEN: WeakKeyDictionary[TargetModel, set[Place]] = WeakKeyDictionary()
"""Where the usual texts were taken when something was made for the purpose."""

_IDS = ("id", "uuid", "guid", "key", "slug", "name", "code", "number", "path")


def resolve(
    model: TargetModel,
    surface: Surface,
    sessions: Sessions,
    identity: Identity,
    *,
    own: bool = False,
    made: dict[tuple[str, str], dict[str, str]] | None = None,
    depth: int = DEPTH,
) -> Surface | None:
    """The surface with its path filled, parameter by parameter from the left; None if it can't be.

    With `own` only by things made for the purpose, for requests that change them; `made` keeps
    those by who made them and where, so that the same will do for several. What is created is
    removed by `sessions.clean`. `depth` bounds how far below other things it is looked for.
    """
    for _ in range(len(surface.needs_values)):
        if not surface.needs_values:
            break
        name = surface.needs_values[0]
        start = surface.operation.template.partition("{" + name + "}")[0].rstrip("/")
        place = (identity.name, _filled(start, surface.values))
        at = Vacancy(model, surface, sessions, identity, depth)
        listed = {} if own else _listed(at)
        found = listed or dict((made or {}).get(place, {})) or created(at)
        if not found:
            return None
        if not listed and made is not None:
            made[place] = found
        surface = surface.with_values(found)
    return surface


def _filled(start: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        start = start.replace("{" + name + "}", value)
    return start


def keep(
    model: TargetModel, maker: Surface, answer: Answer, sessions: Sessions, identity: Identity
) -> None:
    """Has what an answer says was made removed by `sessions.clean`."""
    if found := made_values(answer, ("id",)):
        _keep_remover(model, maker, found["id"], sessions, identity)


def made_values(answer: Answer, wanted: tuple[str, ...]) -> dict[str, str]:
    """What a successful answer says of path parameters to what was made, as `values_in`: by
    itself, or in an object that it holds."""
    return next((found for thing in _made_by(answer) if (found := values_in(thing, wanted))), {})


def values_in(thing: Any, wanted: tuple[str, ...]) -> dict[str, str]:
    """What one thing of a listing says of path parameters: for each wanted name the member of the
    same words, or the one that ends so, or, for the first, its id."""
    if isinstance(thing, str | int) and not isinstance(thing, bool):
        return {wanted[0]: str(thing)}
    if not isinstance(thing, dict):
        return {}
    members = {
        words(str(name)): str(value)
        for name, value in thing.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    }
    found = {}
    for name in wanted:
        told = words(name)
        same = members.get(told) or members.get(told[-1:])
        if same:
            found[name] = same
    if wanted[0] not in found:
        known = next((members[(word,)] for word in _IDS if (word,) in members), "")
        if known:
            found[wanted[0]] = known
    return found if wanted[0] in found else {}


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A surface whose next path parameter is looked for, and in whose name. `above` are templates
    of things that are being made for others already."""

    model: TargetModel
    surface: Surface
    sessions: Sessions
    identity: Identity
    depth: int
    above: frozenset[str] = frozenset()

    @property
    def item(self) -> str:
        """The template up to the parameter that is looked for."""
        slot = "{" + self.surface.needs_values[0] + "}"
        return self.surface.operation.template.partition(slot)[0] + slot

    def origins(self, method: str) -> Iterator[Surface]:
        """What lists or makes things of which one stands there, ready to be sent."""
        for operation in origins(self.model.operations, self.item, method)[:_MOST_ORIGINS]:
            ready: Surface | None = self._near(operation)
            if ready is not None and ready.needs_values and self.depth > 0:
                ready = resolve(
                    self.model, ready, self.sessions, self.identity, depth=self.depth - 1
                )
            if ready is not None and not ready.needs_values:
                yield ready

    def fits(self, origin: Surface, found: Mapping[str, str]) -> bool:
        """Whether a thing of an origin is one of those that stand there: what is listed or made
        elsewhere may only be called alike, and then it is not shown here."""
        if self.item.startswith(f"{origin.operation.template.rstrip('/')}/{{"):
            return True
        known = _FITS.setdefault(self.model, {})
        place = (self.identity.name, str(origin.place()), self.item)
        if place not in known:
            reads = [o for o in self.model.operations if o.method == "GET"]
            read = next((o for o in reads if o.template.rstrip("/") == self.item), None)
            shown = read is None or self.sent(self._near(read).with_values(found)).ok
            known[place] = shown
        return known[place]

    def resolved(self) -> Surface | None:
        """The surface with its whole path filled."""
        return resolve(self.model, self.surface, self.sessions, self.identity, depth=self.depth)

    def sent(self, ready: Surface) -> Answer:
        """The answer to the identity."""
        auth = self.sessions.auth(self.identity, ready)
        return self.sessions.probe.send(ready.request(auth=auth), self.identity.name)

    def _near(self, operation: Operation) -> Surface:
        return self.model.surface(operation).with_values(_shared(self.surface, operation))


def _shared(surface: Surface, operation: Operation) -> dict[str, str]:
    """The values of a surface for the parameters that stand in the same place in another path."""
    ours, theirs = surface.operation.template, operation.template
    return {
        name: value
        for name, value in surface.values.items()
        if ours.partition("{" + name + "}")[:2] == theirs.partition("{" + name + "}")[:2]
    }


def _listed(at: Vacancy) -> dict[str, str]:
    """Values of the first thing that is listed where such things are: of one that was there before
    us, if there is one, since below what was made for a purpose there is nothing yet."""
    for lister in at.origins("GET"):
        found = _first(at, lister)
        if found and at.fits(lister, found):
            return found
    return {}


def _first(at: Vacancy, lister: Surface) -> dict[str, str]:
    answer = at.sent(lister)
    listed = things(answer.json_or_none(), _MOST_LISTED) if answer.ok else []
    named = [(f, is_ours(t)) for t in listed if (f := values_in(t, at.surface.needs_values))]
    place = _filled(lister.operation.template.rstrip("/"), lister.values)
    known = _FIRST.setdefault(at.model, {})
    first = known.setdefault(place, [found for found, _ in named])
    named.sort(key=lambda pair: (pair[1], pair[0] not in first))
    return named[0][0] if named else {}


def is_ours(thing: Any) -> bool:
    """Whether a thing holds a text that was made up here, or by what generates requests: a check
    that runs beside this one may have made it, and it is gone when that ends."""
    values = thing.values() if isinstance(thing, dict) else [thing]
    texts = [v[:_MOST_TOLD] for v in values if isinstance(v, str)]
    return any(_MADE_UP.search(t) or (len(t) >= _LONG and len(set(t)) == 1) for t in texts)


def created(at: Vacancy) -> dict[str, str]:
    """Values of a thing made for the purpose, and of what that asks for; where the usual texts are
    taken, of others. None where the profile does not let us write."""
    if at.sessions.probe.scope.safety.rank < Safety.INTRUSIVE.rank:
        return {}
    # Imported here: what things are made of is made in the same way.
    from l7audit.target.filling import Filler  # noqa: PLC0415

    above = at.above | {at.item}
    filler = Filler(at.model, at.sessions, at.identity, depth=at.depth - 1, above=above)
    for maker in at.origins("POST"):
        if Kind.RESOURCE_CREATE not in maker.kinds:
            continue
        maker = filler.filled(maker)
        answer = _made(at, maker)
        if found := made_values(answer, at.surface.needs_values[:1]):
            made = next(iter(found.values()))
            _keep_remover(at.model, maker, made, at.sessions, at.identity)
            if at.fits(maker, found):
                return found
    return {}


def _made(at: Vacancy, maker: Surface) -> Answer:
    """The answer to making a thing; with other texts where the usual ones were taken before."""
    taken = _TAKEN.setdefault(at.model, set())
    if maker.operation.place in taken:
        return at.sent(renewed(maker))
    answer = at.sent(maker)
    if may_be_taken(answer):
        answer = at.sent(renewed(maker))
        if answer.ok:
            taken.add(maker.operation.place)
    return answer


def _made_by(answer: Answer) -> list[Any]:
    """What a successful answer may describe as made: itself, or an object in it."""
    body = answer.json_or_none() if answer.ok else None
    inner = [v for v in body.values() if isinstance(v, dict)] if isinstance(body, dict) else []
    return [body, *inner]


def _keep_remover(
    model: TargetModel, maker: Surface, made: str, sessions: Sessions, identity: Identity
) -> None:
    start = maker.operation.template.rstrip("/")
    for operation in items(model.operations, start, "DELETE"):
        if Kind.RESOURCE_DELETE in operation.kinds:
            names = [p.name for p in operation.path_parameters]
            remover = model.surface(operation).with_values(
                {**_shared(maker, operation), **({names[-1]: made} if names else {})}
            )
            auth = sessions.auth(identity, remover)
            sessions.keep_for_removal(remover.request(auth=auth), identity.name)
            return


def things(body: Any, most: int = 20) -> list[Any]:
    """The things of a listing, at most so many: the answer itself, or its longest list."""
    if isinstance(body, list):
        return body[:most]
    lists = [v for v in body.values() if isinstance(v, list)] if isinstance(body, dict) else []
    return max(lists, key=len, default=[])[:most]
