"""Patterns that lose their way: the time of an answer against the size of a text."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import quote

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.patience import retry_after
from l7audit.probe.request import Request
from l7audit.target.operation import is_json
from l7audit.target.schemas import properties, required, type_of
from l7audit.target.surface import Surface
from l7audit_suites.input.parts import reachable
from l7audit_suites.pen import slopes
from l7audit_suites.pen.ground import somebody
from l7audit_suites.pen.slopes import FAMILIES, Text, null

_SLOT = "l7audit0text"
_MOST = 8
_MOST_OF_ONE = 2
_REPEATS, _LEAST_ROUNDS = 3, 2
_MOST_WAITS, _WAIT = 20, 0.25
_ORDER = {"POST": 0, "PUT": 1, "PATCH": 2, "GET": 3}
_KINDS = (Kind.COSTLY, Kind.RESOURCE_LIST, Kind.LOGIN, Kind.RESOURCE_CREATE, Kind.URL_TAKING)


_PATIENCE = 15.0
"""Seconds that are waited once for operations that take few texts in a time."""


class _Throttled(Exception):  # noqa: N818 - no error: the target takes no more for now
    """An operation that takes no more texts for now; it says when it will in `seconds`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.seconds = max(_WAIT, retry_after(answer.headers) or 1.0)


@dataclass(frozen=True, slots=True)
class Inlet:
    """A part of a request that takes text. What is made all the same is `kept` for removal."""

    place: Place
    request: Request = field(repr=False)
    kept: Callable[[Answer], Answer] = field(default=lambda answer: answer, repr=False)

    def holding(self, text: str) -> Request:
        """The request with this text in its place."""
        path = self.request.path.replace(_SLOT, quote(text, safe=""))
        content = self.request.content.replace(_SLOT.encode(), text.encode())
        return replace(self.request, path=path, content=content)

    def ask(self, check: Check, text: str, *, patience: bool = False) -> Answer:
        """The answer to this text; what it made is removed at the check's end."""
        return self.kept(check.send(self.holding(text), patience=patience))


_Slow = tuple[str, list[Answer], list[float]]
_Search = tuple[Inlet, Generator[float, None, _Slow | None]]


@pytest.mark.control("PEN-22")
def test_no_pattern_loses_its_way(check: Check) -> None:
    inlets = list(islice(_inlets(check), _MOST))
    if not inlets:
        check.not_applicable("No operation takes a text that could be tried.")
    for number, inlet in enumerate(inlets):
        check.witness("a short text is answered", partial(_answered, check, inlet), once=number > 0)
    waiting = _gone_on(check, [(inlet, _slow(check, inlet)) for inlet in inlets])
    if any(seconds <= _PATIENCE for seconds in waiting.values()):
        # One long wait gives back more than many short ones, each of which is used up at once.
        time.sleep(_PATIENCE)
        waiting = _gone_on(check, list(waiting))
    if waiting:
        names = ", ".join(str(inlet.place) for inlet, _ in waiting)
        check.observe(f"Few texts are taken in a time, so that not all were tried: {names}.")


def _gone_on(check: Check, searches: Sequence[_Search]) -> dict[_Search, float]:
    """The searches that are throttled, with the seconds that they ask to wait; the others are
    done, and judged."""
    waits = {search: _searched(check, *search) for search in searches}
    return {search: wait for search, wait in waits.items() if wait is not None}


def _searched(
    check: Check, inlet: Inlet, search: Generator[float, None, _Slow | None]
) -> float | None:
    """Seconds to wait before a search can be gone on with; None where it is done, and judged."""
    try:
        return next(search)
    except StopIteration as done:
        slow: _Slow | None = done.value
    name, answers, times = slow or ("", [], [])
    check.expect(
        slow is None,
        inlet.place,
        f"The time of an answer grows faster than a text ({name}) does: a pattern loses its "
        "way in it.",
        *answers,
        expected="a time that is in proportion to the text's length",
        seen=", ".join(f"{t * 1000:.0f} ms" for t in times),
        confidence=Confidence.STRONG,
    )
    return None


def _answered(check: Check, inlet: Inlet) -> bool:
    return (inlet.ask(check, null(12)).status or 500) < 500


def _bounded(check: Check, inlet: Inlet) -> bool:
    """Whether a text is refused for its length alone, so that no long one comes to a pattern."""
    if not inlet.ask(check, null(slopes.SMALL[0]), patience=True).ok:
        return False
    answer = inlet.ask(check, null(slopes.LARGE[1]), patience=True)
    return answer.status is not None and 400 <= answer.status < 500


def _slow(check: Check, inlet: Inlet) -> Generator[float, None, _Slow | None]:
    """The first family of texts whose times grow; larger texts are only sent while the smaller
    ones did no harm, so that nothing is brought down. Gives seconds to wait where it is throttled.
    """
    for sizes in (slopes.SMALL, slopes.LARGE):
        if sizes is slopes.LARGE and _bounded(check, inlet):
            break
        usual = _seconds(inlet.ask(check, null(sizes[-1])))
        for name, text in FAMILIES.items():
            left: Sequence[int] = sizes
            noticed: Sequence[int] = ()
            while left:
                try:
                    noticed = noticed or _noticed(check, inlet, text, left, usual)
                    found = _measured(check, inlet, text, noticed) if noticed else None
                except _Throttled as throttled:
                    yield throttled.seconds
                    continue
                if found is not None:
                    return name, *found
                # One slow answer was the weather; what is longer may still lose its way.
                left, noticed = _beyond(noticed, left) if noticed else (), ()
    return None


def _beyond(noticed: Sequence[int], sizes: Sequence[int]) -> Sequence[int]:
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
    with each letter would else take a service's breath."""
    waiting, before = deque(sizes[1:]), sizes[0]
    while waiting:
        size = waiting.popleft()
        answer = inlet.ask(check, text(size))
        if answer.throttled:
            raise _Throttled(answer)
        beyond = _seconds(answer) - usual
        if beyond > slopes.NOTICED:
            _recovered(check, inlet)
            return before, size
        longer = size + slopes.LONGER
        if beyond > slopes.BEGUN and waiting and longer < waiting[0] <= slopes.SMALL[-1]:
            waiting.appendleft(longer)
        before = size
    return ()


def _recovered(check: Check, inlet: Inlet) -> None:
    """Waits until harmless texts are answered again: what is measured while nobody answers is no
    time of a pattern."""
    for _ in range(_MOST_WAITS):
        if (inlet.ask(check, null(12)).status or 500) < 500:
            return
        time.sleep(_WAIT)


def _measured(
    check: Check, inlet: Inlet, text: Text, sizes: Sequence[int]
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
        return None
    return [rounds[-1][len(sizes) - 1], rounds[-1][-1]], [*hostile, *harmless]


def _seconds(answer: Answer) -> float:
    return answer.milliseconds / 1000.0


def _inlets(check: Check) -> Iterator[Inlet]:
    """Texts of whatever somebody may call, then those of several kinds of operations in turn."""
    seen: set[Place] = set()
    taken: Counter[Place] = Counter()
    named: set[tuple[str, str]] = set()
    parts = sorted(reachable(check), key=lambda p: _ORDER.get(p.surface.operation.method, 0))
    for part in parts:  # what is sent in bodies before what is asked for
        operation = part.surface.place()
        # What a thing is made and changed with mostly goes through the same patterns.
        name = (part.surface.operation.template.partition("/{")[0], part.name)
        if (
            taken[operation] < _MOST_OF_ONE
            and name not in named
            and Kind.STREAMING not in part.surface.kinds
        ):
            taken[operation] += 1
            named.add(name)
            seen.add(part.place)
            yield Inlet(part.place, part.request(_SLOT), part.kept)
    for kind in _KINDS:
        for surface in check.model.surfaces(kind, limit=3):
            if surface.needs_values or Kind.STREAMING in surface.kinds:
                continue
            for inlet in islice(_of(check, surface), 2):
                if inlet.place not in seen:
                    seen.add(inlet.place)
                    yield inlet


def _of(check: Check, surface: Surface) -> Iterator[Inlet]:
    identity, operation = somebody(check), surface.operation
    if not operation.public and identity is None:
        return
    auth = None if operation.public or identity is None else check.sessions.auth(identity, surface)
    if operation.method == "GET":
        for parameter in operation.parameters:
            if parameter.place == "query" and _free(parameter.schema):
                request = surface.request(auth, query={parameter.name: _SLOT})
                yield Inlet(surface.place(f"query {parameter.name}"), request)
    elif is_json(operation.media_type):
        needed = set(required(operation.json_schema))
        for name, part in properties(operation.json_schema).items():
            if _free(part) and needed - {name}:
                body: dict[str, Any] = {name: _SLOT}
                request = surface.request(auth, json=body)
                yield Inlet(surface.place(f"body {name}"), request)


def _free(schema: dict[str, Any]) -> bool:
    return type_of(schema) == "string" and "enum" not in schema and "const" not in schema
