"""What was sent and is exported for spreadsheets: a text there, too, and nothing to be computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.target.operation import Operation
from l7audit.target.target_model import Surface
from l7audit.target.values import resolve
from l7audit_suites.input.baselines import perhaps_taking
from l7audit_suites.input.ground import Caller, ask_all, callers, word
from l7audit_suites.input.inlets import planted
from l7audit_suites.input.joining import by_door, together
from l7audit_suites.input.parts import Reach, reach
from l7audit_suites.input.sheets import ACCEPT, computed, formula, is_sheet, may_be_sheet

_MOST_SHEETS = 6


@dataclass(frozen=True, slots=True)
class Planted:
    """A formula with a mark, in the texts of something that was made or changed by a caller.
    `values` are those of the path it was made below."""

    caller: Caller
    mark: str
    values: Mapping[str, str]


@pytest.mark.control("INPUT-25")
def test_no_text_that_was_sent_is_a_formula_of_a_spreadsheet(check: Check) -> None:
    sheets = [o for o in check.model.operations if may_be_sheet(o)]
    sheets = [*sheets[:_MOST_SHEETS], *_on_demand(check, sheets)]
    if not sheets:
        check.not_applicable("Nothing is answered in a form that spreadsheets open.")
    ground = reach(check)
    plants = list(_plants(ground))
    looked = False
    for operation in sheets:
        for plant in plants:
            answer = _sheet(check, plant, check.model.surface(operation))
            if answer is None or not is_sheet(answer.media_type) or plant.mark not in answer.text:
                continue
            looked = True
            check.expect(
                not computed(answer.text, plant.mark),
                operation.place,
                "a text that a caller sent is a formula of the spreadsheet that is answered",
                answer,
                expected="a cell that begins with an apostrophe or a blank, or a refusal",
                seen="a cell that begins as it was sent: with an equals sign",
            )
            break
    if not looked:
        check.not_applicable("No text of ours was in what spreadsheets open.")


def _on_demand(check: Check, known: Sequence[Operation]) -> list[Operation]:
    """Listings that are answered as a spreadsheet to whoever asks for one."""
    who = callers(check)[0]
    listed = [
        s
        for s in check.model.surfaces(Kind.RESOURCE_LIST, limit=_MOST_SHEETS)
        if not s.needs_values and s.operation not in known
    ]
    answers = ask_all(check, [s.request(who.auth(s)).with_headers(ACCEPT) for s in listed])
    return [
        s.operation for s, a in zip(listed, answers, strict=True) if a.ok and is_sheet(a.media_type)
    ]


def _plants(ground: Reach) -> Iterator[Planted]:
    """A formula in every text at once, of each kind of thing that can be made or changed."""
    for room in ground.rooms:
        mark = word()
        inlets = perhaps_taking(room)
        made = planted(room, inlets, formula(mark)) if inlets else None
        for inlet in inlets if made is not None and not made.answer.ok else ():
            made = planted(room, [inlet], formula(mark))
            if made.answer.ok:
                break
        if made is not None and made.answer.ok:
            yield Planted(room.caller, mark, {})
    for door, parts in by_door(ground.acting):
        mark = word()
        tried = [parts, *([p] for p in parts)] if len(parts) > 1 else [parts]
        for group in tried:
            if door.kept(door.caller.send(together(group, [formula(mark)] * len(group)))).ok:
                yield Planted(door.caller, mark, door.surface.values)
                break


def _sheet(check: Check, plant: Planted, surface: Surface) -> Answer | None:
    """The sheet as who planted gets it, of the same place where there is one."""
    names = {p.name for p in surface.operation.path_parameters}
    known = surface.with_values({n: v for n, v in plant.values.items() if n in names})
    identity = plant.caller.identity
    if known.needs_values:
        if identity is None:
            return None
        try:
            filled = resolve(check.model, known, check.sessions, identity)
        except CredentialError:
            return None
        if filled is None:
            return None
        known = filled
    request = known.request(plant.caller.auth(known)).with_headers(ACCEPT)
    return plant.caller.send(request)
