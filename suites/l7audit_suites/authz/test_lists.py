"""Listings and searches: they show what is the caller's, whatever he asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind
from l7audit.target import meaning
from l7audit.target.operation import Operation, Parameter
from l7audit.target.persons import PERSON, Facts, facts_in, facts_of
from l7audit.target.schemas import properties, type_of
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.authz.personal import personal
from l7audit_suites.authz.shared_listings import shown_to_everybody
from l7audit_suites.authz.sharing import private_to_read, told
from l7audit_suites.authz.test_objects import relation, undecided, who
from l7audit_suites.authz.things import Thing, ask, made_things, without_people

_SEARCHES = ("q", "query", "search", "term", "keyword", "phrase", "text", "filter")
_SIZES = ("limit", "page size", "per page", "size", "count", "take", "first", "max result")
_GUESSES: tuple[tuple[str, ...], ...] = (
    ("owner", "owner_id", "user", "user_id", "userId", "created_by"),
    ("tenant", "tenant_id", "tenantId", "org_id", "organization_id", "workspace_id"),
)
_ALL = {"all": "true", "all_tenants": "true", "scope": "all", "include": "all", "admin": "true"}


@pytest.mark.control("AUTHZ-04")
def test_listings_and_searches_show_nobody_else_s_things(check: Check) -> None:
    looked = 0
    for thing in made_things(check, without_people, found=True):
        for surface, given in _showing(check, thing):
            own = ask(check, surface, thing.owner, **given)
            if not thing.listed_in(own):
                continue
            for stranger in thing.cast.strangers:
                answer = ask(check, surface, stranger, **given)
                plain = surface.operation == getattr(thing.family.list, "operation", None)
                hidden = _hidden if plain else private_to_read
                sure = Confidence.CONFIRMED if hidden(check, thing, stranger) else None
                if sure is None and thing.above and private_to_read(check, thing.above, stranger):
                    sure = _below(check, thing.above, stranger)
                sure = sure or personal(check, thing, stranger)
                if undecided(check, answer) or sure is None:
                    continue
                looked += 1
                check.expect(
                    not thing.listed_in(answer),
                    surface.place(relation(thing, stranger)),
                    f"{who(thing, stranger)} finds a thing that is another's.",
                    answer,
                    own,
                    expected="what is the caller's own, or shared with him",
                    seen="the id of a thing that he may not read",
                    confidence=sure,
                )
    looked += shown_to_everybody(check)
    if not looked:
        check.inconclusive("No listing shows its owner what he made.")


def _hidden(check: Check, thing: Thing, stranger: Identity) -> bool:
    """Whether the stranger may not know of the thing: by the profile's word, or since the target
    itself refuses it to him when he asks for it alone."""
    rule = told(check, "read")
    if rule == "everybody":
        return False
    if thing.cast.is_foreign(stranger) or rule == "owner":
        return True
    return thing.family.read is not None and not thing.shows(thing.view(check, stranger))


def _below(check: Check, above: Thing, stranger: Identity) -> Confidence:
    """How sure it is that what lies below a thing that the stranger does not find is not for him:
    where he may read the thing all the same, his listing may merely be of what is his."""
    kept = above.family.read is not None and not above.shows(above.view(check, stranger))
    return Confidence.CONFIRMED if kept else Confidence.WEAK


def _showing(check: Check, thing: Thing) -> Iterator[tuple[Surface, dict[str, Any]]]:
    """The thing's own listing, as long as it may be, other forms of it, such as an export, and
    searches for its mark."""
    if thing.family.list is not None:
        surface = thing.at(thing.family.list)
        query = dict(filter(None, map(_longest, surface.operation.parameters)))
        yield surface, {"query": query} if query else {}
    for operation in check.model.operations:
        if operation.method == "GET" and _of_all(operation.template, thing.family.home):
            yield thing.at(check.model.surface(operation)), {}
    for operation in check.model.operations:
        given = _search(operation, thing.marker)
        # What is named by the mark itself would be found in a mere echo of the search.
        if not thing.marker or thing.id == thing.marker:
            continue
        if given is not None and not thing.family.nested:
            yield check.model.surface(operation), given


def _of_all(template: str, home: str) -> bool:
    """Whether a template stands below the listing, and is of no single thing."""
    return template.startswith(home + "/") and "{" not in template[len(home) :]


def _longest(parameter: Parameter) -> tuple[str, Any] | None:
    """The value that makes a page as long as the document allows."""
    most = parameter.schema.get("maximum")
    if parameter.place == "query" and says(words(parameter.name), *_SIZES):
        return (parameter.name, min(most, 1000)) if isinstance(most, int) else None
    return None


def _search(operation: Operation, marker: str) -> dict[str, Any] | None:
    """What makes an operation search for the mark; None for one that does not search."""
    if operation.path_parameters or operation.public:
        return None
    if operation.method == "GET":
        for parameter in operation.parameters:
            if parameter.place == "query" and _is_search(parameter.name, parameter.schema):
                return {"query": {parameter.name: marker}}
    named = says((*words(operation.name), *words(operation.template)), "search", "query", "find")
    if operation.method == "POST" and named and Kind.RESOURCE_CREATE not in operation.kinds:
        for name, part in properties(operation.json_schema).items():
            if _is_search(name, part):
                return {"fields": {name: marker}}
    return None


def _is_search(name: str, schema: dict[str, Any]) -> bool:
    return says(words(name), *_SEARCHES) and type_of(schema) in {"", "string"}


@pytest.mark.control("AUTHZ-05")
def test_a_filter_does_not_widen_a_listing(check: Check) -> None:
    looked = 0
    for thing in made_things(check, without_people, found=True):
        if thing.family.list is None or thing.family.nested or not (thing.marker or thing.found):
            continue
        surface = thing.at(thing.family.list)
        shown = (thing.seen if thing.found else thing.made).json_or_none()
        facts = facts_of(check.sessions, thing.owner, shown)
        for stranger in thing.cast.strangers:
            sure = _kept(check, thing, stranger)
            plain = ask(check, surface, stranger) if sure else None
            if plain is None or not plain.ok or thing.listed_in(plain):
                continue
            for query in _filters(surface.operation, thing, facts, facts_in(shown)):
                answer = ask(check, surface, stranger, query=query)
                if undecided(check, answer):
                    continue
                looked += 1
                named = ", ".join(query)
                check.expect(
                    not (thing.listed_in(answer) and thing.marker in answer.text),
                    surface.place(f"filter {named}, {relation(thing, stranger)}"),
                    f"{who(thing, stranger)} finds a thing that is another's by asking for it "
                    f"with a filter: {named}.",
                    answer,
                    plain,
                    expected="nothing beyond what the listing shows without the filter",
                    seen="another's thing",
                    confidence=Confidence.STRONG if thing.found else sure or Confidence.CONFIRMED,
                )
    if not looked:
        check.inconclusive("No listing hides one's things from another.")


def _kept(check: Check, thing: Thing, stranger: Identity) -> Confidence | None:
    """How sure it is that the thing is none of the stranger's; None where it may be his. That it
    is not in his listing says less where its own read asks nobody whose it is."""
    if _hidden(check, thing, stranger):
        return Confidence.CONFIRMED
    return Confidence.STRONG if private_to_read(check, thing, stranger) else None


def _filters(
    operation: Operation, thing: Thing, facts: Facts, own: Facts
) -> Iterator[dict[str, str]]:
    """Queries that ask for somebody else's things: by the declared parameters, by the members of
    the thing that name its `own` owner, and by customary names, several at once where nobody
    minds."""
    declared = {p.name for p in operation.parameters if p.place == "query"}
    values = {name: thing.id for name in declared if words(name)[-1:] == ("id",)}
    for name in declared:
        about = facts.person if says(words(name), *PERSON) else ()
        about = facts.tenant if says(words(name), *meaning.TENANT) else about
        values.update((name, value) for value in about[:1])
    values.update(own.members)
    yield from ({name: value} for name, value in values.items())
    for guesses, known in zip(_GUESSES, (facts.person, facts.tenant), strict=True):
        free = [name for name in guesses if name not in values]
        yield from (dict.fromkeys(free, value) for value in known[:1])
    yield {name: value for name, value in _ALL.items() if name not in declared}
    yield {name: thing.id for name in ("id", "ids") if name not in declared}
