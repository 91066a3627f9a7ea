"""Acts of one thing that usually come in an order, whether or not the document says so: what is
ordered is paid before it is handed out. Pure.

Some are paid at the counter, so the order of names proves nothing by itself: what a thing tells of
its own state has to, and that what was left out can't be made good any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from l7audit.target.operation import Operation
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.flow.preconditions import STATE, leads_to

_GRANTS = (
    "pay", "payment", "charge", "settle", "approve", "approval", "authorise", "authorize",
    "confirm", "confirmation", "verify", "verification", "sign", "deposit",
)  # fmt: skip
_HANDS_OUT = (
    "pickup", "pick up", "collect", "collection", "ship", "shipment", "dispatch", "deliver",
    "delivery", "hand over", "handover", "hand out", "fulfil", "fulfill", "fulfilment",
    "fulfillment", "complete", "completion", "finish", "release", "issue", "check in", "checkin",
)  # fmt: skip
_NOT_YET = {"unpaid", "pending", "open", "due", "none", "outstanding", "unconfirmed", "waiting"}
_DEPTH = 3
_SAME = 3
"""Letters from which on one word may be of the other."""


@dataclass(frozen=True, slots=True)
class Usual:
    """Two acts of one thing: what usually comes first, and what it is done for."""

    first: Surface
    then: Surface


def usual(acts: Sequence[Surface], but: Collection[Operation] = ()) -> Iterator[Usual]:
    """The acts that usually follow others, each with the first of those; `but` are those of which
    the document itself says what must come before."""
    grants = [a for a in acts if says(_last(a.operation), *_GRANTS)]
    for act in acts if grants else ():
        if (
            act not in grants
            and act.operation not in but
            and says(_last(act.operation), *_HANDS_OUT)
        ):
            yield Usual(grants[0], act)


def _last(operation: Operation) -> tuple[str, ...]:
    return words(operation.template.rstrip("/").rpartition("/")[2])


def tells(shown: Any, act: Operation) -> bool:
    """Whether a thing says that an act was done to it: by a state, a flag or a time of its name."""
    return any(
        (_is_state(name) and isinstance(value, str) and leads_to(act, value))
        or (_about(act, name) and (value is True or (_is_time(name) and bool(value))))
        for name, value in _members(shown, _DEPTH)
    )


def lacks(shown: Any, act: Operation, known: Sequence[str]) -> bool:
    """Whether a thing says that an act was not done to it: by a flag, an empty time or a state of
    that act's name, or since the act's state lies before its own in the document's order."""
    for name, value in _members(shown, _DEPTH):
        of_act = _about(act, name)
        if of_act and (value is False or (value is None and _is_time(name))):
            return True
        if of_act and _is_state(name) and _NOT_YET & set(words(str(value))):
            return True
        if _is_state(name) and value in known:
            before = known[: known.index(value)]
            if any(leads_to(act, state) for state in before):
                return True
    return False


def went_on(before: Any, after: Any) -> str:
    """The state that a thing came to, if it is another than it was in; empty otherwise."""
    earlier, later = dict(_states(before)), dict(_states(after))
    return next((v for n, v in later.items() if earlier.get(n, v) != v), "")


def _states(shown: Any) -> Iterator[tuple[str, str]]:
    for name, value in _members(shown, _DEPTH):
        if _is_state(name) and isinstance(value, str):
            yield name, value


def _about(act: Operation, name: str) -> bool:
    """Whether a member is called by an act: `paid_at`, `payment_status` by paying."""
    told = [w for w in _last(act) if len(w) >= _SAME]
    return leads_to(act, name) or any(
        one.startswith(other) or other.startswith(one)
        for one in words(name)
        for other in told
        if len(one) >= _SAME
    )


def _is_state(name: str) -> bool:
    return words(name)[-1:] != () and words(name)[-1] in STATE


def _is_time(name: str) -> bool:
    return words(name)[-1:] in {("at",), ("on",), ("time",), ("date",)}


def _members(node: Any, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in node.items() if isinstance(node, dict) and depth > 0 else ():
        yield str(name), value
        yield from _members(value, depth - 1)
