"""Operations that cost much: whether one caller may have them as often as he likes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target import meaning
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.rate.buckets import caller, protected_bucket, settle, unhurried
from l7audit_suites.rate.flood import lent, throttled

REQUESTS = 48
"""As many as are tried: more than anybody asks for within seconds what takes a while."""

AT_ONCE = 4
TIMES_A_READ = 6.0
MORE_THAN_A_READ = 10.0
"""What takes six times as long as a plain read, and 10 ms more, costs much; long lists do not."""

_MOST = 4
_TIMED = 3
_READS = 8
"""The quickest of more reads: they are short, and one that had to wait would hide what is dear."""


@dataclass(frozen=True, slots=True)
class _Costly:
    """An operation that costs much, and how that is known."""

    surface: Surface
    request: Request
    first: Answer
    known_by: str


@pytest.mark.control("RATE-17")
def test_what_costs_much_is_not_to_be_had_without_limit(check: Check) -> None:
    # What makes things that stay is left out: nobody wants as many of them.
    offered = [
        s for s in check.surfaces(Kind.COSTLY, limit=16) if Kind.RESOURCE_CREATE not in s.kinds
    ]
    who = caller(check, 1) if lent(check) else unhurried(check)
    bucket = protected_bucket(check, who)
    full = settle(check, bucket.request)
    plain = min(full.milliseconds, *(bucket.ask().milliseconds for _ in range(_READS)))
    found = [c for s in offered[:_MOST] if (c := _costly(check, s, who, plain)) is not None]
    if not found:
        check.not_applicable(f"Nothing that {who.name} may use takes much longer than a read.")
    for costly in found:
        answers = [costly.first]
        while not any(_shut(a) for a in answers[-AT_ONCE:]):
            if len(answers) >= REQUESTS:
                break
            answers += check.burst([costly.request] * AT_ONCE, AT_ONCE)
        if sum(a.ok or _shut(a) for a in answers) < len(answers) // 2:
            check.inconclusive("Most requests of the flood ended in an error.")
        check.expect(
            any(_shut(a) for a in answers),
            costly.surface.place(),
            "An operation that costs much may be used without limit.",
            answers[-1],
            expected=f"429 within {REQUESTS} requests",
            seen=f"{len(answers)} requests answered, each costly: {costly.known_by}",
            confidence=Confidence.STRONG,
        )


def _shut(answer: Answer) -> bool:
    """Held back, however it is said. What is answered may differ each time, as a model's words do;
    and what merely broke holds nobody back."""
    broke = answer.status is None or answer.status >= 500
    return throttled(answer) or (not answer.ok and not broke)


def _costly(check: Check, surface: Surface, who: Identity, plain: float) -> _Costly | None:
    """The operation as its caller may use it; None where it costs little, or is not for him."""
    filled = check.model.resolve(surface, check.sessions, who)
    if filled is None:
        return None
    request = filled.request(auth=check.sessions.auth(who, filled))
    first = check.send(request, identity=who.name)
    if not first.ok:
        return None
    if says(words(surface.operation.told), *meaning.DEAR):
        return _Costly(filled, request, first, "its document says so")
    again = [check.send(request, identity=who.name) for _ in range(_TIMED - 1)]
    took = min(a.milliseconds for a in [first, *again])
    if took < max(TIMES_A_READ * plain, plain + MORE_THAN_A_READ):
        check.observe(f"It takes {took:.0f} ms, a read {plain:.0f} ms: it costs little.", first)
        return None
    known_by = f"{took:.0f} ms, where a read takes {plain:.0f} ms"
    return _Costly(filled, request, first, known_by)
