"""Senders that never come to an end: whoever is quick must not wait for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence
from l7audit.probe.raw import Raw, Talk
from l7audit.target.surface import Surface
from l7audit_suites.pen.connections import taker
from l7audit_suites.pen.framing import Opening
from l7audit_suites.pen.ground import Read, reads

HOLDERS, FEW = 48, 24
"""Slow connections: more than a pool of workers has, fewer than any edge should mind; at somebody's
as many as pools have that were left as they come."""

HELD = 2.5
"""Seconds for which they are held at most; twice as long where the machine needs as long to open
them."""

_PAUSE = 0.5
_SETTLED = 0.7
_PROBES = 4
_PATIENCE = 1.4


@pytest.mark.control("PEN-20")
def test_slow_heads_keep_nobody_waiting(check: Check) -> None:
    (read, *_) = reads(check, public=1, protected=1)
    head = check.spelled(read.request)[:-2]
    slow = (head, *(b"X-Audit-%d: a\r\n" % n for n in range(int(2 * HELD / _PAUSE))))
    holds(check, read, read.surface, slow, "request heads")


@pytest.mark.control("PEN-21")
def test_slow_bodies_keep_nobody_waiting(check: Check) -> None:
    (read, *_) = reads(check, public=1, protected=1)
    surface, request = taker(check)
    opening = Opening.of(check.spelled(request)).framed(b"Content-Length: 1000", body=b"{")
    slow = (opening, *(b" " for _ in range(int(2 * HELD / _PAUSE))))
    holds(check, read, surface, slow, "request bodies")


def holds(check: Check, read: Read, surface: Surface, slow: Sequence[bytes], what: str) -> None:
    """Expects quick requests to be answered while slow ones are held, as they are without them."""
    holders = check.sample(HOLDERS, FEW, force=True)
    quick = Raw((check.spelled(replace(read.request)),), quiet=0.0, seconds=_PATIENCE)
    before = [check.talk(quick) for _ in range(_PROBES)]
    if not all(map(_fine, before)):
        check.inconclusive("Requests on new connections are not all answered in quiet times.")
    check.witness("a request on a new connection is answered", lambda: _fine(check.talk(quick)))
    for stretch in (1, 2):
        asked, during, talks = _beside(check, quick, [slow] * holders, stretch)
        holding = sum(0 < t.began <= asked and _held_to(t, during) for t in talks)
        if holding >= holders // 2:
            break
    else:
        check.inconclusive(f"Only {holding} of {holders} slow connections could be held at a time.")
    check.observe(f"{holding} of {holders} slow connections were held while others asked.")
    lost = [t for t in during if not _fine(t)]
    check.expect(
        len(lost) < len(during) // 2,
        surface.place(f"slow {what}"),
        f"{holders} connections that send their {what} slowly keep others from being answered.",
        *[a for t in lost for a in t.answers],
        expected="every request on a new connection answered",
        seen=f"{len(lost)} of {len(during)} were not",
        confidence=Confidence.STRONG,
    )


def _beside(
    check: Check, quick: Raw, slow: Sequence[Sequence[bytes]], stretch: int
) -> tuple[float, list[Talk], list[Talk]]:
    """When quick requests were sent while slow ones were held, what they gave, and those others."""
    seconds = HELD * stretch
    enough = threading.Event()
    raws = [
        Raw(tuple(each), pause=_PAUSE, answers=0, seconds=seconds, enough=enough) for each in slow
    ]
    with ThreadPoolExecutor(1) as beside:
        held = beside.submit(check.talks, raws)
        time.sleep(_SETTLED * stretch)
        asked = time.perf_counter()
        try:
            during = check.talks([quick] * _PROBES)
        finally:
            enough.set()
        return asked, during, held.result()


def _held_to(talk: Talk, during: Sequence[Talk]) -> bool:
    """Whether a slow one lasted while the others asked; what the target ended counts as held."""
    return talk.closed or bool(talk.answers) or talk.over >= max(t.over for t in during)


def _fine(talk: Talk) -> bool:
    return any(a.ok or a.throttled for a in talk.answers)
