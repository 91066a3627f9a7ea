"""SQL injection, by the place where a text goes in."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.target.values import things
from l7audit_suites.input.ground import Caller, Workshop, others, workshops
from l7audit_suites.input.hunt import confirm, hunt, plant
from l7audit_suites.input.inlets import Inlet, of_bodies, of_paths, of_queries, reads
from l7audit_suites.input.markers import SQL
from l7audit_suites.input.pairs import QUOTINGS, SORTS

_DECIDES = "a condition of SQL in this input decides what is answered"


def furnished(check: Check) -> tuple[list[Caller], list[Workshop]]:
    """One of each thing, made by the same caller, so that a search has something to find."""
    rooms = workshops(check)
    who = others(check, rooms)
    return who, rooms


@pytest.mark.control("INPUT-01")
def test_sql_in_a_query_or_path_is_data(check: Check) -> None:
    who, rooms = furnished(check)
    inlets = [i for i in of_queries(who, reads(rooms)) if not i.sorts]
    inlets += of_paths(rooms)
    if not inlets:
        check.not_applicable("No read of the target takes a query parameter or an id.")
    check.witness("what was made is listed", lambda: rooms[0].listed() or rooms[0].make().answer)
    hunt(check, inlets, QUOTINGS, _DECIDES)


@pytest.mark.control("INPUT-02")
def test_sql_in_a_search_is_data(check: Check) -> None:
    surfaces = check.surfaces(Kind.SEARCH)
    who, _ = furnished(check)
    inlets = list(of_bodies(who, [s for s in surfaces if s.operation.method == "POST"]))
    inlets += of_queries(who, [s for s in surfaces if s.operation.method == "GET"])
    if not inlets:
        check.inconclusive("No identity of the profile could search.")
    first = inlets[0]
    check.witness("a harmless search is answered", lambda: first.caller.send(first.request("lq")))
    hunt(check, [i for i in inlets if not i.sorts], QUOTINGS, _DECIDES)


@pytest.mark.control("INPUT-03")
def test_a_sort_order_is_no_sql(check: Check) -> None:
    who, rooms = furnished(check)
    inlets = [i for i in of_queries(who, reads(rooms)) if i.sorts]
    if not inlets:
        check.not_applicable("No read of the target takes a sort order.")
    first = inlets[0]
    check.witness(
        "a list is answered in the order that it names itself",
        lambda: first.caller.send(first.request(first.plain or None)),
    )
    for inlet in inlets:
        named = [inlet.plain] if inlet.plain else _members(inlet)
        tried = [(form, name) for form in SORTS for name in named]
        guilty = any(confirm(inlet, form, name, _DECIDES) for form, name in tried)
        check.expect(not guilty, inlet.place, _DECIDES)


def _members(inlet: Inlet) -> list[str]:
    """Names that things of the list have: those it may be sorted by."""
    answer = inlet.caller.send(inlet.request(None))
    thing = next(iter(things(answer.json_or_none())), None)
    return list(thing)[:2] if isinstance(thing, dict) else []


@pytest.mark.control("INPUT-04")
def test_sql_in_what_is_stored_is_data(check: Check) -> None:
    rooms = workshops(check)
    check.witness("a thing can be made", lambda: rooms[0].make().answer, once=True)
    made = plant(rooms, SQL, "a text that is stored is computed by the database")
    check.observe("Things were made with texts that hold SQL.", made=made)
