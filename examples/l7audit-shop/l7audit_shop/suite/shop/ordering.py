"""Where a target takes orders, told by words and schemas, never by a path."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target.schemas import Schema, properties, type_of
from l7audit.target.surface import Surface
from l7audit.target.values import values_in
from l7audit.target.words import says, words

MONEY = ("price", "total", "amount", "cost", "sum", "fee")
PIECES = ("quantity", "qty", "count", "pieces")


@dataclass(frozen=True, slots=True)
class Ordering:
    """Where orders are made, and where one is read again."""

    make: Surface
    read: Surface
    pieces: str
    money: tuple[str, ...]

    def order(self, check: Check, buyer: Identity, **fields: Any) -> Answer:
        """Tries to make an order with these members; what comes of it is removed afterwards."""
        auth = check.sessions.auth(buyer, self.make)
        answer = check.send(self.make.request(auth=auth, fields=fields), identity=buyer.name)
        for remover in check.model.surfaces(Kind.RESOURCE_DELETE, limit=50):
            known = self._known(answer)
            if known and remover.operation.template == self.read.operation.template:
                request = remover.with_values(known).request(auth=auth)
                check.sessions.keep_for_removal(request, buyer.name)
        return answer

    def again(self, check: Check, buyer: Identity, made: Answer) -> Answer:
        """An order that was made, as this buyer reads it."""
        surface = self.read.with_values(self._known(made))
        auth = check.sessions.auth(buyer, surface)
        return check.send(surface.request(auth=auth), identity=buyer.name)

    def _known(self, made: Answer) -> dict[str, str]:
        name = self.read.operation.path_parameters[-1].name
        return values_in(made.json_or_none(), (name,)) if made.ok else {}


def ordering(check: Check) -> Ordering:
    """Where the target takes orders. Ends the check as not applicable where it takes none."""
    reads = check.surfaces(Kind.RESOURCE_READ, limit=50)
    for make in check.surfaces(Kind.RESOURCE_CREATE, limit=50):
        pieces = _members(make.operation.json_schema, "integer", PIECES)
        for read in reads:
            below = read.operation.template.rpartition("/")[0] == make.operation.template
            money = _members(read.operation.answer_schema, "", MONEY)
            if below and pieces and money:
                return Ordering(make, read, pieces[0], tuple(money))
    check.not_applicable("The target's document has no operation that orders a quantity of things.")


def _members(schema: Schema, kind: str, names: Collection[str]) -> list[str]:
    """The members that say one of the names, of a type where one is wanted."""
    found = properties(schema).items()
    return [n for n, part in found if says(words(n), *names) and kind in ("", type_of(part))]


def money_of(order: Answer, members: Collection[str]) -> dict[str, float]:
    """What an order says about money."""
    told = order.json_or_none()
    found = told if isinstance(told, dict) else {}
    return {n: found[n] for n in members if type(found.get(n)) in (int, float)}


def shared(mine: Answer, theirs: Answer) -> list[str]:
    """The members of an order that somebody else's answer repeats."""
    one, two = mine.json_or_none(), theirs.json_or_none()
    if not isinstance(one, dict) or not isinstance(two, dict):
        return []
    return sorted(n for n, value in one.items() if n in two and two[n] == value)
