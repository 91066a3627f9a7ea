"""Operations that belong together because they are about one kind of thing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from l7audit.model import Kind
from l7audit.target import meaning
from l7audit.target.operation import Operation
from l7audit.target.origins import origins
from l7audit.target.schemas import properties
from l7audit.target.target_model import Surface, TargetModel
from l7audit.target.words import Words, words

_NOT_THINGS = {
    Kind.LOGIN, Kind.TOKEN, Kind.REVOKE_TOKEN, Kind.RATE_POLICY, Kind.HEALTH, Kind.METRICS,
    Kind.SIGNING_KEY_CREATE, Kind.SIGNING_KEY_RETIRE, Kind.DATA_KEY_ROTATE,
}  # fmt: skip
_MOST_HOMES = 3


@dataclass(frozen=True, slots=True)
class Family:
    """What can be done with the things of one collection; None for what can't.

    `collection` is its template. `put` writes a thing at an address that the caller chooses;
    `below` are further operations of one thing, such as actions; `views` are reads below one.
    `others` are pairs of what else may make and list its things, where that is elsewhere.
    """

    collection: str
    create: Surface | None = None
    put: Surface | None = None
    list: Surface | None = None
    read: Surface | None = None
    change: Surface | None = None
    delete: Surface | None = None
    below: tuple[Surface, ...] = ()
    views: tuple[Surface, ...] = ()
    others: tuple[tuple[Surface | None, Surface | None], ...] = ()

    @property
    def maker(self) -> Surface | None:
        """What makes a thing: by POST to the collection, or by PUT at an address of our own."""
        return self.create or self.put

    @property
    def alternatives(self) -> tuple[Family, ...]:
        """The family, and then as it is if its things are made and listed in another place."""
        found = (replace(self, create=c, list=ls, others=()) for c, ls in self.others)
        return (self, *found)

    @property
    def nested(self) -> bool:
        """Whether its things lie below a thing of another family."""
        return "{" in self.home

    @property
    def home(self) -> str:
        """The template where its things are made and listed: the collection, or one of the same
        name below another thing, for things that have an address of their own."""
        one = self.create or self.list
        return one.operation.template.rstrip("/") if one is not None else self.collection

    @property
    def people(self) -> bool:
        """Whether its things log in by a password: making one costs the target a slow hash."""
        maker = self.maker
        takes = properties(maker.operation.body_schema) if maker else {}
        gives = properties(maker.operation.answer_schema) if maker else {}
        return any(meaning.is_password(n, part) for n, part in (*takes.items(), *gives.items()))

    @property
    def parent(self) -> str:
        """The collection of the family above; empty without one."""
        return self.home.rpartition("/{")[0]

    @property
    def called(self) -> Words:
        """The words of the collection's own segment, in singular."""
        return words(self.collection.rpartition("/")[2])

    @property
    def key(self) -> str:
        """The path parameter that names one of its things."""
        one = next(s for s in (self.read, self.change, self.put, self.delete) if s is not None)
        return one.operation.template.rstrip("/").rpartition("{")[2].removesuffix("}")


def families(model: TargetModel) -> list[Family]:
    """The families whose things can be made, looked at and removed; nested ones last."""
    return [f for f in seen_families(model) if f.maker and f.delete]


def seen_families(model: TargetModel) -> list[Family]:
    """The families whose things can be looked at, whoever makes them; nested ones last."""
    collections = _collections(model.operations)
    found = [_family(model, base, collections) for base in collections]
    known = {f.collection for f in found}
    whole = [
        f
        for f in found
        if (f.read or f.list)
        and (f.read or f.change or f.put or f.delete)
        and (not f.parent or f.parent in known or listing(model, f.parent) is not None)
    ]
    return sorted(whole, key=lambda f: (f.home.count("{"), f.collection))


def listing(model: TargetModel, collection: str) -> Surface | None:
    """What lists the things of a collection; None where nothing does, or only below another thing.
    What people make below a thing that is nobody's is theirs all the same."""
    if "{" in collection:
        return None
    for operation in model.operations:
        if operation.method == "GET" and operation.template.rstrip("/") == collection:
            return model.surface(operation)
    return None


def _collections(operations: Iterable[Operation]) -> list[str]:
    """The templates that hold things: those with a parameter right below them."""
    bases = {
        o.template.rstrip("/").rpartition("/")[0]
        for o in operations
        if o.template.rstrip("/").endswith("}") and not o.kinds & _NOT_THINGS
    }
    return sorted(base for base in bases if base)


def _family(model: TargetModel, base: str, collections: Collection[str]) -> Family:
    at_base: dict[str, Surface] = {}
    at_item: dict[str, Surface] = {}
    below: list[Surface] = []
    views: list[Surface] = []
    for operation in model.operations:
        template = operation.template.rstrip("/")
        if operation.public or operation.kinds & _NOT_THINGS or not template.startswith(base):
            continue
        rest = [s for s in template[len(base) :].split("/") if s]
        if template == base:
            at_base.setdefault(operation.method, model.surface(operation))
        elif not template.startswith(base + "/{"):
            continue
        elif len(rest) == 1:
            at_item.setdefault(operation.method, model.surface(operation))
        elif len(rest) == 2 and operation.method != "GET" and template not in collections:
            below.append(model.surface(operation))
        elif operation.method == "GET" and operation.template.count("{") == base.count("{") + 1:
            views.append(model.surface(operation))
    create, listing = at_base.get("POST"), at_base.get("GET")
    put = at_item.get("PUT")
    homes = [] if create or put or not at_item else _elsewhere(model, at_item)
    first, *others = homes or [(create, listing)]
    create, listing = first[0], listing or first[1]
    return Family(
        collection=base,
        create=create,
        put=put if create is None else None,
        list=listing,
        others=tuple((maker, at_base.get("GET") or lister) for maker, lister in others),
        read=at_item.get("GET"),
        change=at_item.get("PATCH") or put,
        delete=at_item.get("DELETE"),
        below=tuple(below),
        views=tuple(views),
    )


def _elsewhere(
    model: TargetModel, at_item: Mapping[str, Surface]
) -> list[tuple[Surface | None, Surface | None]]:
    """What makes and what lists things that have an address of their own, pair by pair: where a
    thing below a thing needs no more than its own id to be named, documents often say so."""
    item = next(iter(at_item.values())).operation.template
    found = {
        method: [
            o
            for o in origins(model.operations, item, method)
            if not o.public and not o.kinds & _NOT_THINGS and o.template.count("{") <= 1
        ][:_MOST_HOMES]
        for method in ("POST", "GET")
    }
    lists = {o.template.rstrip("/"): model.surface(o) for o in found["GET"]}
    flat = next((s for s in lists.values() if not s.operation.path_parameters), None)
    makers = [model.surface(o) for o in found["POST"] if Kind.RESOURCE_CREATE in o.kinds]
    if makers:
        return [(m, lists.get(m.operation.template.rstrip("/"), flat)) for m in makers]
    return [(None, lister) for lister in lists.values()]
