"""Whether a finding is still there, judged by the check that saw it and by nothing else.

Two answers may differ for many reasons (ids, times, limits, lost credentials) and be alike for as
many. So what counts is what the check says when it runs again: the same violation, or a clean look
at the same place between witnesses that held. Everything else is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit

from l7audit.assess.verdicts import Attempt, Problem, control_evidence
from l7audit.journal import AnyRecord, Aside, Exchange, Violation
from l7audit.model import Control, Place, Verdict

SHOWN = 3
"""The most exchanges of a finding that are set side by side."""

CLOSING = "closing"
_GONE = frozenset({404, 405, 410})
_SILENT = _GONE | {429}


class Answer(StrEnum):
    """What a replay says."""

    FIXED = "FIXED"
    STILL_THERE = "STILL THERE"
    CANT_TELL = "CAN'T TELL"


@dataclass(frozen=True, slots=True)
class Known:
    """A finding as a run's journal tells it; `checks` are those that saw it."""

    control: Control
    problem: Problem
    checks: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        return self.problem.fingerprint


@dataclass(frozen=True, slots=True)
class Pair:
    """An exchange of the finding, and its counterpart in the new try where there is one."""

    then: Exchange
    now: Exchange | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer, in a sentence why, with the exchanges side by side."""

    answer: Answer
    reason: str
    pairs: tuple[Pair, ...] = ()


def known_findings(records: Iterable[AnyRecord]) -> list[Known]:
    """All findings of a journal, in the order of controls and places. Errors: `JournalError`."""
    kept = [r for r in records if not isinstance(r, Exchange | Aside)]
    found = []
    for evidence in control_evidence(kept):
        for problem in evidence.problems:
            fingerprint = problem.fingerprint
            saw = [c.id for c in evidence.checks if _sees(c.violations, fingerprint)]
            found.append(Known(evidence.control, problem, tuple(saw)))
    return found


@dataclass(frozen=True, slots=True)
class Again:
    """What the new try left: the last attempt of each check, and the exchanges that matter.

    `same_suites` says that the checks' code is what it was.
    """

    attempts: Mapping[str, Attempt]
    exchanges: Sequence[Exchange]
    same_suites: bool


def judge(known: Known, then: Sequence[Exchange], again: Again) -> Judgement:
    """What the new try says of a finding whose exchanges were `then`."""
    attempts = [again.attempts.get(check) for check in known.checks]
    sent = [e for e in again.exchanges if e.check in known.checks]
    seen = [
        v
        for attempt in attempts
        if attempt is not None
        for v in attempt.violations
        if v.fingerprint == known.fingerprint
    ]
    if seen:
        return _still_there(seen[0], then, sent)
    pairs = tuple(Pair(e, _counterpart(e, sent)) for e in then[:SHOWN])
    for spot in known.problem.spots:
        for check, attempt in zip(known.checks, attempts, strict=True):
            if why := _unanswered(spot.place, check, attempt):
                return Judgement(Answer.CANT_TELL, why, pairs)
    if why := _out_of_reach(known.problem.place, then, sent):
        return Judgement(Answer.CANT_TELL, why, pairs)
    if not again.same_suites:
        why = (
            "The check does not see it any more, but the suites have changed since that run, so "
            "it may be the check that changed."
        )
        return Judgement(Answer.CANT_TELL, why, pairs)
    held = sum(len(a.witnesses) for a in attempts if a is not None)
    more = len(known.problem.spots) - 1
    where = f"{known.problem.place}" + (f" and {more} other places" if more > 0 else "")
    why = f"The check looked at {where} again and saw nothing wrong; "
    why += "its witness held." if held == 1 else f"its witness held each of {held} times."
    return Judgement(Answer.FIXED, why, pairs)


def _sees(violations: Iterable[Violation], fingerprint: str) -> bool:
    return any(v.fingerprint == fingerprint for v in violations)


def _still_there(
    violation: Violation, then: Sequence[Exchange], sent: Sequence[Exchange]
) -> Judgement:
    by_id = {e.id: e for e in sent}
    now = [by_id[i] for i in violation.exchanges if i in by_id]
    pairs = [Pair(e, _counterpart(e, now)) for e in then[:SHOWN]]
    if now and not any(map(_says, now)) and any(map(_says, then)):
        why = f"It was only answered by {_statuses(now)}, which is not what was seen then."
        return Judgement(Answer.CANT_TELL, why, tuple(pairs))
    return Judgement(Answer.STILL_THERE, violation.statement, tuple(pairs))


def _unanswered(place: Place, check: str, attempt: Attempt | None) -> str:
    """Why a check's new attempt does not answer for this place, or nothing where it does."""
    if attempt is None or not attempt.ends:
        return f"{check} did not run to its end."
    end = attempt.ends[-1]
    if lost := [w for w in attempt.witnesses if not w.held]:
        return (
            end.reason
            if end.verdict is Verdict.INCONCLUSIVE
            else (f"A witness did not hold: {lost[0].statement}.")
        )
    if end.verdict is Verdict.NOT_APPLICABLE:
        return f"It was not tested: {end.reason}"
    if end.verdict not in (Verdict.PASS, Verdict.FAIL):
        return end.reason or f"{check} gave no answer."
    if not attempt.witnesses:
        return "No witness shows that the check could have seen it."
    if end.verdict is Verdict.FAIL and not any(w.phase == CLOSING for w in attempt.witnesses):
        return "The check failed elsewhere, and its witness was not asked again after that."
    # Of a check that failed elsewhere only the very place is known to be sound.
    looked = [p for p in end.looked_at if p == place]
    if end.verdict is Verdict.PASS:
        looked += [p for p in end.looked_at if p.operation == place.operation]
    if not looked:
        where = ", ".join(dict.fromkeys(str(p) for p in end.looked_at[:3])) or "nowhere"
        return f"{place} was not tested this time; the check looked at {where}."
    return ""


def _out_of_reach(place: Place, then: Sequence[Exchange], sent: Sequence[Exchange]) -> str:
    """Why a clean look means nothing: the operation is gone, or only says that it is busy."""
    near = [e for e in sent if _is_of(e, place) or any(_alike(e, old) for old in then)]
    if not near or any(map(_says, near)) or (then and not any(map(_says, then))):
        return ""
    what = "is gone" if all(e.status in _GONE for e in near) else "gave no usable answer"
    return f"{place.operation} {what} ({_statuses(near)}), so it could not be tested."


def _says(exchange: Exchange) -> bool:
    """Whether an answer speaks of what was asked: not of its absence, a limit or a breakdown."""
    return exchange.status is not None and exchange.status < 500 and exchange.status not in _SILENT


def _statuses(exchanges: Sequence[Exchange]) -> str:
    told = dict.fromkeys(str(e.status) if e.status else "no answer" for e in exchanges)
    return ", ".join(list(told)[:4])


# --- which exchange is whose counterpart -------------------------------------------------------


def matters(exchange: Exchange, known: Known, then: Sequence[Exchange]) -> bool:
    """Whether an exchange of the new try says anything of this finding."""
    if exchange.check not in known.checks:
        return False
    return _is_of(exchange, known.problem.place) or any(_alike(exchange, old) for old in then)


def _counterpart(then: Exchange, sent: Sequence[Exchange]) -> Exchange | None:
    """The new exchange whose request is the most like the old one's; none is like enough."""
    alike = [e for e in sent if e.method == then.method and _alike(e, then)]
    wanted = {name.lower() for name, _ in then.request.headers}
    return max(alike, key=lambda e: _likeness(e, then, wanted), default=None)


def _likeness(now: Exchange, then: Exchange, wanted: set[str]) -> tuple[bool, int, bool, int]:
    names = {name.lower() for name, _ in now.request.headers}
    same = len(set(now.request.headers) & set(then.request.headers))
    return (
        now.identity == then.identity,
        -len(names ^ wanted),
        now.request.body == (then.request.body),
        same,
    )


def _alike(one: Exchange, other: Exchange) -> bool:
    """Whether two exchanges ask for the same thing, be it under another id or at another host."""
    first, second = urlsplit(one.url), urlsplit(other.url)
    ours, theirs = first.path.split("/"), second.path.split("/")
    if len(ours) != len(theirs):
        return False
    if {n for n, _ in parse_qsl(first.query)} != {n for n, _ in parse_qsl(second.query)}:
        return False
    return all(a == b or (_is_id(a) and _is_id(b)) for a, b in zip(ours, theirs, strict=True))


def _is_id(segment: str) -> bool:
    return any(c.isdigit() for c in segment)


def _is_of(exchange: Exchange, place: Place) -> bool:
    """Whether an exchange asked for the operation of a place, with whatever method."""
    _, _, template = place.operation.partition(" ")
    if not template.startswith("/"):
        return False
    parts = re.split(r"\{[^{}]*\}", template)
    pattern = "[^/]+".join(map(re.escape, parts))
    return re.search(f"{pattern}/?$", urlsplit(exchange.url).path) is not None
