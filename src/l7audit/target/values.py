"""Real values for path parameters: taken from a listing, or from something made for the purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.compose import MARK
from l7audit.target.fresh import may_be_taken, renewed
from l7audit.target.operation import Operation
from l7audit.target.surface import Surface
from l7audit.target.words import words

if TYPE_CHECKING:
    from l7audit.target.sessions import Sessions
    from l7audit.target.target_model import TargetModel

_MOST_LISTED = 200
_FIRST: WeakKeyDictionary[TargetModel, dict[str, list[dict[str, str]]]] = WeakKeyDictionary()
"""What each collection listed when it was first read, before a run made things of its own."""

_IDS = ("id", "uuid", "guid", "key", "slug", "name", "code", "number", "path")


def resolve(
    model: TargetModel,
    surface: Surface,
    sessions: Sessions,
    identity: Identity,
    *,
    own: bool = False,
    made: dict[tuple[str, str], dict[str, str]] | None = None,
) -> Surface | None:
    """The surface with its path filled, parameter by parameter from the left; None if it can't be.

    With `own` only by things made for the purpose, for requests that change them; `made` keeps
    those by who made them and where, so that the same will do for several. What is created is
    removed by `sessions.clean`.
    """
    for _ in range(len(surface.needs_values)):
        if not surface.needs_values:
            break
        name = surface.needs_values[0]
        start = surface.operation.template.partition("{" + name + "}")[0].rstrip("/")
        place = (identity.name, _filled(start, surface.values))
        listed = {} if own else _listed(model, start, surface, sessions, identity)
        found = listed or dict((made or {}).get(place, {}))
        found = found or _created(model, start, surface, sessions, identity)
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
    start = maker.operation.template.rstrip("/")
    if found := made_values(answer, ("id",)):
        _keep_remover(model, start, maker.with_values(found), sessions, identity)


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


def _listed(
    model: TargetModel, start: str, surface: Surface, sessions: Sessions, identity: Identity
) -> dict[str, str]:
    """Values of the first thing that the collection at `start` lists: of one that was there before
    us, if there is one, since below what was made for a purpose there is nothing yet."""
    lister = _at(model, start, "GET")
    if lister is None:
        return {}
    answer = _sent(model, lister, surface, sessions, identity)
    listed = things(answer.json_or_none(), _MOST_LISTED) if answer.ok else []
    named = [(f, _is_ours(t)) for t in listed if (f := values_in(t, surface.needs_values))]
    known = _FIRST.setdefault(model, {})
    first = known.setdefault(_filled(start, surface.values), [found for found, _ in named])
    named.sort(key=lambda pair: (pair[1], pair[0] not in first))
    return named[0][0] if named else {}


def _is_ours(thing: Any) -> bool:
    """Whether a thing holds a text that was made up here."""
    values = thing.values() if isinstance(thing, dict) else [thing]
    return any(isinstance(v, str) and v.startswith(MARK) for v in values)


def _created(
    model: TargetModel, start: str, surface: Surface, sessions: Sessions, identity: Identity
) -> dict[str, str]:
    """Values of a thing made for the purpose; where the usual texts are taken, of others."""
    maker = _at(model, start, "POST")
    if maker is None or Kind.RESOURCE_CREATE not in maker.kinds:
        return {}
    answer = _sent(model, maker, surface, sessions, identity)
    if may_be_taken(answer):
        fresh = renewed(model.surface(maker).with_values(surface.values))
        auth = sessions.auth(identity, fresh)
        answer = sessions.probe.send(fresh.request(auth=auth), identity.name)
    if found := made_values(answer, surface.needs_values[:1]):
        _keep_remover(model, start, surface.with_values(found), sessions, identity)
    return found


def _made_by(answer: Answer) -> list[Any]:
    """What a successful answer may describe as made: itself, or an object in it."""
    body = answer.json_or_none() if answer.ok else None
    inner = [v for v in body.values() if isinstance(v, dict)] if isinstance(body, dict) else []
    return [body, *inner]


def _keep_remover(
    model: TargetModel, start: str, known: Surface, sessions: Sessions, identity: Identity
) -> None:
    for operation in model.operations:
        one_below = operation.template.rstrip("/").rpartition("/")[0] == start
        if operation.method == "DELETE" and Kind.RESOURCE_DELETE in operation.kinds and one_below:
            values = list(known.values.values())
            names = [p.name for p in operation.path_parameters]
            remover = model.surface(operation).with_values(
                {**known.values, **({names[-1]: values[-1]} if names else {})}
            )
            auth = sessions.auth(identity, remover)
            sessions.keep_for_removal(remover.request(auth=auth), identity.name)
            return


def _at(model: TargetModel, template: str, method: str) -> Operation | None:
    return next(
        (o for o in model.operations if o.method == method and o.template.rstrip("/") == template),
        None,
    )


def _sent(
    model: TargetModel,
    operation: Operation,
    surface: Surface,
    sessions: Sessions,
    identity: Identity,
) -> Answer:
    ready = model.surface(operation).with_values(surface.values)
    return sessions.probe.send(ready.request(auth=sessions.auth(identity, ready)), identity.name)


def things(body: Any, most: int = 20) -> list[Any]:
    """The things of a listing, at most so many: the answer itself, or its longest list."""
    if isinstance(body, list):
        return body[:most]
    lists = [v for v in body.values() if isinstance(v, list)] if isinstance(body, dict) else []
    return max(lists, key=len, default=[])[:most]
