"""Connections of our own: how many answers come to what was sent as one request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.probe.raw import Raw, Talk
from l7audit.probe.request import Request
from l7audit.target.surface import Surface
from l7audit_suites.pen.framing import BY_CODING, Opening, Payload
from l7audit_suites.pen.ground import beside_an_edge

_TRIES = 4
_QUIET = 0.12
"""Seconds that a further answer is waited for."""


@dataclass(frozen=True, slots=True)
class Line:
    """An operation, reached at the target's own address or at a replica's, and what stands
    behind its requests: `canary` is a whole request for a path that nobody has."""

    check: Check
    surface: Surface
    request: Request
    canary: bytes
    at: str

    @property
    def opening(self) -> Opening:
        return Opening.of(self.check.spelled(self.request))

    def ends(self) -> bool:
        """Whether the target ends a connection with its answer, and says so (RFC 9112, 9.6): then
        nothing that stands behind a request is ever read as another."""
        raw = Raw((self.canary * 2,), answers=2, quiet=0.0, base_url=self.request.base_url)
        (talk,) = held(self.check, [raw])
        said = [v.lower() for a in talk.answers for v in a.headers.values_of("Connection")]
        return talk.closed and len(talk.answers) == 1 and "close" in said

    def counts(self) -> bool:
        """Whether two plain requests on one connection get two answers."""
        plain = replace(self.request, content=b"").without_header("Content-Type")
        whole = self.check.spelled(plain) + self.canary
        raw = Raw((whole,), answers=2, quiet=0.0, base_url=self.request.base_url)
        return len(held(self.check, [raw])[0].answers) == 2


def splits_none(
    found: Iterable[Line], tries: Callable[[Opening, bytes], Iterable[Payload]]
) -> None:
    """Expects one answer, or none, to each payload at each of the lines."""
    tried = [(line, *payload) for line in found for payload in tries(line.opening, line.canary)]
    check = tried[0][0].check
    raws = [Raw((sent,), quiet=_QUIET, base_url=line.request.base_url) for line, _, sent in tried]
    for (line, name, _), talk in zip(tried, held(check, raws), strict=True):
        check.expect(
            len(talk.answers) < 2,
            line.surface.place(name),
            f"One request ({name}) was read as two{line.at}: what is sent as a body runs as a "
            "request of its own.",
            *talk.answers,
            expected="one answer, or a refusal and the end of the connection",
            seen=f"{len(talk.answers)} answers: {', '.join(map(str, talk.statuses))}",
            # The coding is what counts (RFC 9112 6.3), so only the end of the connection is missed:
            # that harms where somebody in front counts by the length.
            confidence=beside_an_edge(check) if name.endswith(BY_CODING) else Confidence.CONFIRMED,
            cause="a length beside a coding" if name.endswith(BY_CODING) else "",
        )


def held(check: Check, raws: Sequence[Raw]) -> list[Talk]:
    """All conversations; those that met a rate limit are held again."""
    talks: list[Talk] = [Talk()] * len(raws)
    todo = list(range(len(raws)))
    for attempt in range(_TRIES):
        time.sleep(float(attempt))
        for number, talk in zip(todo, check.talks([raws[n] for n in todo]), strict=True):
            talks[number] = talk
        todo = [n for n in todo if talks[n].statuses[:1] == (429,)]
        if not todo:
            return talks
    check.inconclusive("The rate limit answered, so that nothing else could be seen.")


def lines(check: Check, *, reading: bool = False) -> list[Line]:
    """The target's own address and the first replica's, each with its witness: two requests that
    are sent one behind the other get two answers there."""
    surface, request = _read(check) if reading else taker(check)
    found = []
    for base, at in [("", ""), *((r, " by a replica") for r in check.target.replicas[:1])]:
        behind = Request("GET", f"/l7audit-{check.random.randrange(16**10):010x}", base_url=base)
        moved = replace(request, base_url=base)
        line = Line(check, surface, moved, check.spelled(behind), at)
        if line.ends():
            if not base:
                check.not_applicable(
                    "The target ends each connection with its answer: no request stands behind "
                    "another there."
                )
            continue
        check.witness(f"two requests in a row get two answers{at}", line.counts)
        found.append(line)
    return found


def _read(check: Check) -> tuple[Surface, Request]:
    surface = check.surface(Kind.PUBLIC_READ)
    return surface, surface.request()


def taker(check: Check) -> tuple[Surface, Request]:
    """An operation that takes a body from anybody, or from somebody; else a read."""
    for kind in (Kind.LOGIN, Kind.TOKEN):
        for surface in check.model.surfaces(kind, limit=1):
            request = surface.request()
            return surface, replace(request, content=b"")
    for surface in check.model.surfaces(Kind.RESOURCE_CREATE, limit=1):
        if check.identities:
            auth = check.sessions.auth(check.identity(), surface)
            return surface, replace(surface.request(auth=auth), content=b"")
    return _read(check)
