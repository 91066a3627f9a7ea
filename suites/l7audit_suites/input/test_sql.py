"""SQL injection, by the place where a text goes in."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.target.values import things
from l7audit_suites.input.baselines import baselines
from l7audit_suites.input.computing import compute_nothing
from l7audit_suites.input.entrances import Entrance, conditions, entrance
from l7audit_suites.input.ground import word
from l7audit_suites.input.hunt import answered, confirm, hunt
from l7audit_suites.input.inlets import Inlet, of_items, of_paths
from l7audit_suites.input.markers import SQL
from l7audit_suites.input.pairs import CASES, SORTS, condition
from l7audit_suites.input.parts import reach
from l7audit_suites.input.statements import judged, unbroken

_MOST_NAMES = 6
_DECIDES = "a condition of SQL in this input decides what is answered"


@pytest.mark.control("INPUT-01")
def test_sql_in_a_query_or_path_is_data(check: Check) -> None:
    ground = reach(check, stocked=True, acting=False)
    inlets = [i for i in ground.asking if not i.sorts and i.where == "query"]
    inlets += of_paths(ground.rooms)
    inlets += of_items(check, inlets)
    if not inlets:
        check.not_applicable("No read of the target takes a query parameter or an id.")
    hunt(check, inlets, _DECIDES)


@pytest.mark.control("INPUT-02")
def test_sql_in_a_search_is_data(check: Check) -> None:
    inlets = [
        i
        for i in reach(check, stocked=True, acting=False).asking
        if (i.where in {"body", "header", "cookie"} or Kind.SEARCH in i.surface.kinds)
        and not i.sorts
    ]
    door = entrance(check)
    if not inlets and door is None:
        check.not_applicable("Nobody logs in, and no call that changes nothing takes a text.")
    if door is not None:
        check.witness("the right password opens", door.opened(door.answer))
        _opens_for_no_condition(check, door)
    first = next((i for i in inlets if answered(i.ask(i.plain or "lq"))), None)
    if first is not None:
        check.witness(
            "a harmless search is answered", lambda: answered(first.ask(first.plain or "lq"))
        )
    hunt(check, inlets, _DECIDES)


def _opens_for_no_condition(check: Check, door: Entrance) -> None:
    """Expects that a login is opened by nothing that stands in an account's name."""
    place = door.place
    for pair in conditions(door):
        true = door.send(door.request(pair.true, word()))
        if not door.opened(true):
            continue
        false = door.send(door.request(pair.false, word()))
        check.expect(
            door.opened(false),
            place,
            "a condition of SQL in the account's name lets somebody in without a password",
            true,
            false,
            expected="a refusal, whatever the condition says",
            seen="a session where the condition holds, and none where it does not",
        )
        return
    judged(check, place, lambda text: door.send(door.request(f"{text}@example.org", word())), word)


@pytest.mark.control("INPUT-03")
def test_a_sort_order_is_no_sql(check: Check) -> None:
    inlets = [i for i in reach(check, stocked=True, acting=False).asking if i.sorts]
    if not inlets:
        check.not_applicable("No read of the target takes a sort order.")
    first = inlets[0]
    check.witness(
        "a list is answered in the order that it names itself",
        lambda: first.caller.send(first.request(first.plain or None)),
    )
    for inlet in inlets:
        named = list(dict.fromkeys([*([inlet.plain] if inlet.plain else []), *_members(inlet)]))
        # What ends in an error where it does not hold needs no name that tells things apart.
        tried = [*((CASES, name) for name in named), *((form, named[0]) for form in SORTS if named)]
        guilty = any(_turns(inlet, form, name) for form, name in tried)
        check.expect(not guilty, inlet.place, _DECIDES)


def _turns(inlet: Inlet, form: str, name: str) -> bool:
    """Whether a condition decides the order; what is refused though it holds is not asked on."""
    held = condition(inlet.caller.check.random, form, name).true
    return inlet.ask(held).ok and confirm(inlet, form, name, _DECIDES)


def _members(inlet: Inlet) -> list[str]:
    """Names that things of the list have: those it may be sorted by, first where things differ."""
    answer = inlet.caller.send(inlet.request(None))
    listed = [t for t in things(answer.json_or_none()) if isinstance(t, dict)]
    names = [n for n, v in listed[0].items() if isinstance(v, str | int)] if listed else []
    names.sort(key=lambda n: -len({str(t.get(n)) for t in listed}))
    return names[:_MOST_NAMES]


@pytest.mark.control("INPUT-04")
def test_sql_in_what_is_stored_is_data(check: Check) -> None:
    ground = reach(check)
    what = "a text that is stored is computed by the database"
    made = compute_nothing(check, [], ground.rooms, SQL, what)
    known = zip(ground.acting, baselines(check, ground.acting), strict=True)
    unbroken(check, [part for part, t in known if t.taken or t.broke or t.unfound])
    check.observe("Things were made with texts that hold SQL.", made=made)
