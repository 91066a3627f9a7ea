"""What a document says must come first: a state of the thing, or another act. Pure.

Only its own words count: `Hands a paid parcel over`, where `paid` is one of the states that the
thing goes through; `signs, after the consent`, where consent is given by an act of its own. The
order in which states are listed is none by itself: what is open may be closed without a pause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from l7audit.target.operation import Operation
from l7audit.target.schemas import Schema, walk
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words

STATE = ("status", "state", "phase", "stage")

_DEPTH = 4
_ALIKE = 4
"""Letters in which a state and what leads to it begin alike: `release`, `released`."""
_IRREGULAR = {"paid": "pay", "sent": "send", "sold": "sell", "held": "hold"}
_ONE = r"(?:an?|the|only|any|each|every|your|its)(?: (?:already|fully))?"
_MUST = r"(?:must|ha[sv]e? to|needs? to)(?: \w+)? (?:be|been|have been)(?: \w+)?"
_SINCE = r"(?:once|after|only when|only if|only after|as soon as)(?: (?:it|they|that|the \w+))?"
_IS = r"(?: (?:is|are|was|were|has been|have been))?"
_NOT = re.compile(
    r"\b(?:not|never|no|cannot|can't|un|without|until|unless|before|fails|refuses|except)\b"
    r"[^.;]{0,25}$"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must come before an act: a `state` of the thing, or else that `first` was done."""

    act: Surface
    state: str = ""
    first: Surface | None = None

    @property
    def told(self) -> str:
        return self.state if self.first is None else str(self.first.operation.place)


def states(schema: Schema) -> tuple[str, ...]:
    """The states of a thing in the document's order; empty where it lists none."""
    for name, part in walk(schema, _DEPTH):
        listed = part.get("enum")
        if words(name)[-1:] and words(name)[-1] in STATE and isinstance(listed, list):
            return tuple(s for s in listed if isinstance(s, str))
    return ()


def state_in(value: Any, known: Sequence[str], depth: int = 4) -> str:
    """The state that an answer shows a thing in; empty where it shows none of those known."""
    if not isinstance(value, dict) or depth <= 0:
        return ""
    for name, member in value.items():
        if words(str(name))[-1:] and words(str(name))[-1] in STATE and member in known:
            return str(member)
    return next((s for v in value.values() if (s := state_in(v, known, depth - 1))), "")


def conditions(acts: Sequence[Surface], known: Sequence[str]) -> Iterator[Condition]:
    """What the document says must come before each of these acts of one thing; the first state is
    where things begin."""
    for act in acts:
        told = plain(act.operation.told)
        named = [s for s in known[1:] if _asks_state(told, s) and not leads_to(act.operation, s)]
        if named:
            yield Condition(act, state=named[0])
            continue
        for other in acts:
            if other is not act and _asks_act(act.operation, other.operation):
                yield Condition(act, first=other)
                break


def leads_to(operation: Operation, state: str) -> bool:
    """Whether an operation's own name is that of a state."""
    verbs = {_IRREGULAR.get(w, w)[:_ALIKE] for w in words(state)}
    return any(w.startswith(tuple(verbs)) for w in called(operation))


def called(operation: Operation) -> tuple[str, ...]:
    """The words of its last fixed segment and of its name."""
    fixed = [s for s in operation.template.split("/") if s and "{" not in s]
    return (*words(fixed[-1] if fixed else ""), *words(operation.name))


def plain(told: str) -> str:
    """A text in small letters, with what parts sentences and nothing else beside its words."""
    return " ".join(re.sub(r"[^\w.;',]+", " ", told.lower()).split())


def _asks_state(told: str, state: str) -> bool:
    word = re.escape(" ".join(words(state)))
    return _says_so(told, rf"\b{_ONE} {word} \w+", rf"\b{_MUST} {word}\b") or _says_so(
        told, rf"\b{_SINCE}{_IS} {word}\b"
    )


def _asks_act(act: Operation, other: Operation) -> bool:
    """Whether the one says that it comes after the other, or the other that it comes before it."""
    before, after = _noun(other), _noun(act)
    if not before or not after or before == after:
        return False
    theirs = plain(other.told)
    return _says_so(plain(act.told), rf"\b{_SINCE}(?: (?:the|an?|its|their))? {before}\b") or (
        bool(re.search(r"\b(?:must|has to|have to|needs to)\b", theirs))
        and bool(re.search(rf"\bbefore(?: (?:the|an?|its|their))? {after}\b", theirs))
    )


def _noun(operation: Operation) -> str:
    """What an act is called in its path, in either number; empty for a word of too few letters."""
    last = words(operation.template.rstrip("/").rpartition("/")[2])
    return rf"{re.escape(' '.join(last))}s?" if last and len(last[-1]) > _ALIKE - 1 else ""


def _says_so(told: str, *patterns: str) -> bool:
    found = (m for p in patterns for m in re.finditer(p, told))
    return any(not _NOT.search(told[: m.start()]) for m in found)


def ends(operation: Operation) -> bool:
    """Whether it is what a thing ends with, which is done last."""
    return says(
        called(operation), "cancel", "cancellation", "refund", "close", "void", "reject", "expire",
        "return", "archive", "discard", "withdraw", "terminate", "revoke", "decline",
    )  # fmt: skip
