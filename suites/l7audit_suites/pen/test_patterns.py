"""Patterns that lose their way: the time of an answer against the size of a text."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence
from l7audit.probe.answer import Answer
from l7audit.probe.patience import retry_after
from l7audit_suites.pen import slopes
from l7audit_suites.pen.inlets import Inlet, inlets, together
from l7audit_suites.pen.slopes import FAMILIES, Text, null

_REPEATS, _LEAST_ROUNDS = 3, 2
_MOST_WAITS, _WAIT = 20, 0.25
_MOST_VAIN = 4
_PATIENCE = 15.0
"""Seconds that are waited once for operations that take few texts in a time."""


class _Masked(Exception):  # noqa: N818 - no error: each part is then tried by itself
    """Parts that were taken together with harmless texts, and are refused with others: what one of
    them refuses may never come to the next."""


class _Restless(Exception):  # noqa: N818 - no error: its times say nothing of a text
    """An operation whose times vary by themselves."""


class _Throttled(Exception):  # noqa: N818 - no error: the target takes no more for now
    """An operation that takes no more texts for now; it says when it will in `seconds`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.seconds = max(_WAIT, retry_after(answer.headers) or 1.0)


@dataclass(slots=True)
class _Pace:
    """The seconds that harmless texts take, and how often a hostile one was slow in vain."""

    usual: float
    vain: int = 0

    def learn(self, harmless: Sequence[float]) -> None:
        """What seemed to grow did not: so long take harmless texts, too."""
        self.usual = max(self.usual, statistics.median(harmless))
        self.vain += 1
        if self.vain >= _MOST_VAIN:
            raise _Restless


Slow = tuple[str, list[Answer], list[float]]
"""The name of a family, the answers that show it, and seconds: hostile ones, then harmless ones."""


_Search = tuple[Inlet, Generator[float, None, None]]


@pytest.mark.control("PEN-22")
def test_no_pattern_loses_its_way(check: Check) -> None:
    tried = inlets(check)
    if not tried:
        check.not_applicable("No operation takes a text that could be tried.")
    check.witness("a short text is answered", partial(_answered, check, tried[0]))
    waiting = _gone_on([(inlet, _search(check, inlet)) for inlet in together(tried)])
    if any(seconds <= _PATIENCE for seconds, _ in waiting):
        # One long wait gives back more than many short ones, each of which is used up at once.
        time.sleep(_PATIENCE)
        waiting = _gone_on([search for _, search in waiting])
    if waiting:
        names = ", ".join(str(inlet.place) for _, (inlet, _) in waiting)
        check.observe(f"Few texts are taken in a time, so that not all were tried: {names}.")


def _gone_on(searches: Sequence[_Search]) -> list[tuple[float, _Search]]:
    """The searches that are throttled, with the seconds that they ask to wait; the others are
    done, and judged."""
    return [(wait, pair) for pair in searches if (wait := next(pair[1], None)) is not None]


def _search(check: Check, inlet: Inlet) -> Generator[float, None, None]:
    """Tries the inlet, or each of its parts, and judges it. Gives seconds to wait where it is
    throttled, to be gone on with afterwards."""
    while (short := inlet.ask(check, null(slopes.SMALL[-2]))).throttled:
        yield _Throttled(short).seconds
    try:
        if inlet.alone and not short.ok:
            raise _Masked
        check.witness("a short text is answered", (short.status or 500) < 500, once=True)
        slow = yield from _slow(check, inlet, short)
        if inlet.alone and slow is not None:
            raise _Masked
    except _Masked:
        for one in inlet.alone:
            yield from _search(check, one)
        return
    except _Restless:
        check.observe(f"The times of {inlet.place} vary by themselves: they tell of no pattern.")
        return
    name, answers, times = slow or ("", [], [])
    for one in inlet.alone or (inlet,):
        check.expect(
            slow is None,
            one.place,
            f"The time of an answer grows faster than a text ({name}) does: a pattern loses its "
            "way in it.",
            *answers,
            expected="a time that is in proportion to the text's length",
            seen=", ".join(f"{t * 1000:.0f} ms" for t in times),
            confidence=Confidence.STRONG,
        )


def _answered(check: Check, inlet: Inlet) -> bool:
    return (inlet.ask(check, null(12)).status or 500) < 500


def _slow(check: Check, inlet: Inlet, short: Answer) -> Generator[float, None, Slow | None]:
    """The first family of texts whose times grow beside those of harmless ones, of which `short`
    is one; larger texts are only sent while the smaller ones did no harm, so that nothing is
    brought down."""
    pace = _Pace(_seconds(short))
    for family in FAMILIES:
        if family.nested:
            found = yield from _told(check, inlet, family.small, slopes.SMALL, pace)
            if found is not None:
                return family.name, *found
    return (yield from _slow_large(check, inlet, short, pace))


def _slow_large(
    check: Check, inlet: Inlet, short: Answer, pace: _Pace
) -> Generator[float, None, Slow | None]:
    """The same of large texts, for each part that doesn't refuse a text for its length alone."""
    long = inlet.ask(check, null(slopes.LARGE[-1]), patience=True)
    if short.ok and long.status is not None and 400 <= long.status < 500:
        for one in inlet.alone:
            slow = yield from _slow_large(check, one, short, pace)
            if slow is not None:
                return slow
        return None
    pace.usual = min(pace.usual, _seconds(long))
    for family in FAMILIES:
        found = yield from _told(check, inlet, family.large, slopes.LARGE, pace)
        if found is not None:
            return family.name, *found
    return None


def _told(
    check: Check, inlet: Inlet, text: Text, sizes: Sequence[int], pace: _Pace
) -> Generator[float, None, tuple[list[Answer], list[float]] | None]:
    """The answers and times of a family's texts where they grow."""
    left: Sequence[int] = sizes
    noticed: Sequence[int] = ()
    while left:
        try:
            noticed = noticed or _noticed(check, inlet, text, left, pace.usual)
            found = _measured(check, inlet, text, noticed, pace) if noticed else None
        except _Throttled as throttled:
            yield throttled.seconds
            continue
        if found is not None:
            return found
        # One slow answer was the weather; what is longer may still lose its way.
        left, noticed = _longer(noticed, left) if noticed else (), ()
    return None


def _longer(noticed: Sequence[int], sizes: Sequence[int]) -> Sequence[int]:
    """The sizes that are left after one that was not slow after all, the next but a little longer;
    none where it was the last."""
    last = noticed[-1]
    left = [size for size in sizes if size > last]
    near = [last + slopes.LONGER] if left and last + slopes.LONGER < min(left) else []
    return (last, *near, *left) if left else ()


def _noticed(
    check: Check, inlet: Inlet, text: Text, sizes: Sequence[int], usual: float
) -> Sequence[int]:
    """The first size that takes its time beyond the usual seconds, with one before it; none where
    all are quick. Where a small text begins to tell the next is but a little longer: what doubles
    with each letter would else take a service's breath. The last is left out where the one before
    it shows nothing."""
    waiting, before = deque(sizes[1:]), sizes[0]
    while waiting:
        size = waiting.popleft()
        beyond = _beyond(check, inlet, text(size), usual)
        if beyond > slopes.NOTICED:
            return before, size
        longer = size + slopes.LONGER
        if beyond > slopes.BEGUN and waiting and longer < waiting[0] <= slopes.SMALL[-1]:
            waiting.appendleft(longer)
        elif beyond < slopes.TOLD and len(waiting) == 1:
            return ()
        before = size
    return ()


def _beyond(check: Check, inlet: Inlet, text: str, usual: float) -> float:
    """Seconds that the answer to a text takes beyond the usual ones."""
    answer = inlet.ask(check, text)
    if answer.throttled:
        raise _Throttled(answer)
    if inlet.alone and answer.status is not None and 400 <= answer.status < 500:
        raise _Masked
    beyond = _seconds(answer) - usual
    if beyond > slopes.NOTICED:
        _recovered(check, inlet)
    return beyond


def _recovered(check: Check, inlet: Inlet) -> None:
    """Waits until harmless texts are answered again: what is measured while nobody answers is no
    time of a pattern."""
    for _ in range(_MOST_WAITS):
        if (inlet.ask(check, null(12)).status or 500) < 500:
            return
        time.sleep(_WAIT)


def _measured(
    check: Check, inlet: Inlet, text: Text, sizes: Sequence[int], pace: _Pace
) -> tuple[list[Answer], list[float]] | None:
    """The answers and times where they grow beside a null text's, the least of some each."""
    requests = [inlet.holding(text(n)) for n in sizes] + [inlet.holding(null(n)) for n in sizes]
    rounds: list[list[Answer]] = []
    for _ in range(_REPEATS):
        answers = [inlet.kept(a) for (a,) in check.probe.timed(requests, 1)]
        throttled = next((a for a in answers if a.throttled), None)
        if throttled is not None and len(rounds) < _LEAST_ROUNDS:
            raise _Throttled(throttled)
        if throttled is not None:
            break
        rounds.append(answers)
    least = [min(map(_seconds, answers)) for answers in zip(*rounds, strict=True)]
    hostile, harmless = least[: len(sizes)], least[len(sizes) :]
    if not slopes.grows(hostile, harmless, sizes):
        pace.learn([_seconds(a) for answers in rounds for a in answers[len(sizes) :]])
        return None
    return [rounds[-1][len(sizes) - 1], rounds[-1][-1]], [*hostile, *harmless]


def _seconds(answer: Answer) -> float:
    return answer.milliseconds / 1000.0
