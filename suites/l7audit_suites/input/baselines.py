"""What becomes of a harmless word wherever a text goes in: learnt once a process, so that what
takes no word is not tried with more than one, and what shows none is not searched for another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.target_model import TargetModel
from l7audit_suites.input.ground import Workshop, ask_all, word
from l7audit_suites.input.inlets import Inlet, of_making, planting
from l7audit_suites.input.joining import joined, together


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a word was answered: `taken` with success, or something `broke` on it, or nothing was
    found by it (`unfound`); `headed`: the word stood in a header of the answer."""

    taken: bool
    broke: bool
    unfound: bool
    headed: bool


_KNOWN: WeakKeyDictionary[TargetModel, dict[Place, Baseline]] = WeakKeyDictionary()


def baselines(check: Check, inlets: Sequence[Inlet]) -> list[Baseline]:
    """What is known of each inlet; what is not yet is asked for. Inlets of one operation that are
    independent of one another are asked together, and one by one only where that is refused."""
    return _learnt(check, inlets, None)


def taking(room: Workshop) -> list[Inlet]:
    """The texts of a thing that take any word."""
    inlets = list(of_making(room))
    return [i for i, t in zip(inlets, _learnt(room.check, inlets, room), strict=True) if t.taken]


def perhaps_taking(room: Workshop) -> list[Inlet]:
    """The texts of a thing but for those that were seen to take no word: for whoever has only one
    text to try, and asks nothing first."""
    known = _KNOWN.setdefault(room.check.model, {})
    inlets = list(of_making(room))
    return [i for i in inlets if i.place not in known or known[i.place].taken]


def headed(room: Workshop) -> list[Inlet]:
    """The texts of a thing that are seen in headers of the answer to its making."""
    inlets = list(of_making(room))
    return [i for i, t in zip(inlets, _learnt(room.check, inlets, room), strict=True) if t.headed]


def _learnt(check: Check, inlets: Sequence[Inlet], room: Workshop | None) -> list[Baseline]:
    known = _KNOWN.setdefault(check.model, {})
    groups = joined([i for i in inlets if i.place not in known])
    first = _asked(check, groups, room)
    again = [[i] for group in groups if len(group) > 1 for i in group if not first[i.place].taken]
    now = first | _asked(check, again, room)
    return [known.get(i.place) or now[i.place] for i in inlets]


def _asked(
    check: Check, groups: Sequence[Sequence[Inlet]], room: Workshop | None
) -> dict[Place, Baseline]:
    known = _KNOWN.setdefault(check.model, {})
    words = [[word() for _ in group] for group in groups]
    requests = [_request(group, sent, room) for group, sent in zip(groups, words, strict=True)]
    found: dict[Place, Baseline] = {}
    for group, sent, answer in zip(groups, words, ask_all(check, requests), strict=True):
        kept = room.keep(answer).answer if room is not None else group[0].kept(answer)
        told = dict(zip((i.place for i in group), _baselines(kept, sent), strict=True))
        found |= told
        decided = kept.status is not None and not kept.throttled
        if decided and (len(group) == 1 or kept.ok):
            known |= told
    return found


def _request(group: Sequence[Inlet], sent: Iterable[str], room: Workshop | None) -> Request:
    texts = [i.plain + text for i, text in zip(group, sent, strict=True)]
    return planting(room, group, texts) if room is not None else together(group, texts)


def _baselines(answer: Answer, sent: Iterable[str]) -> Iterable[Baseline]:
    status = answer.status or 0
    headers = "\n".join(value for _, value in answer.headers)
    return [Baseline(answer.ok, status >= 500, status == 404, text in headers) for text in sent]
