"""Reads that answer, to try something on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.surface import Surface

CONCURRENCY = 4


@dataclass(frozen=True, slots=True)
class Read:
    """A read that was answered with success. `identity` says who asked; None for nobody."""

    surface: Surface
    request: Request = field(repr=False)
    answer: Answer = field(repr=False)
    identity: Identity | None = None

    def place(self, part: str = "") -> Place:
        return self.surface.place(part)


def reads(check: Check, public: int = 4, protected: int = 2) -> list[Read]:
    """Reads that succeed, public ones first; that the first of them does is the witness.

    Ends the check where there is none at all.
    """
    found = [*_public(check, public), *_protected(check, protected)]
    if not found:
        check.inconclusive("No read of the target answered with success.")
    check.witness("a read is answered with success", lambda: check.send(found[0].request))
    return found


def beside_an_edge(check: Check) -> Confidence:
    """How sure it is that what an edge would stop does harm: only a profile that knows what stands
    behind the edge shows that there is one, and that this is it."""
    return Confidence.CONFIRMED if check.target.replicas else Confidence.WEAK


def somebody(check: Check) -> Identity | None:
    """An identity with ordinary quotas, if the profile has one."""
    return next((i for i in check.identities if "limited" not in i.tags), None)


def _public(check: Check, most: int) -> list[Read]:
    surfaces = [
        s
        for s in check.model.surfaces(Kind.PUBLIC_READ, limit=2 * most)
        if Kind.STREAMING not in s.kinds and not s.needs_values
    ][:most]
    requests = [s.request() for s in surfaces]
    answers = burst(check, requests)
    return [Read(s, r, a) for s, r, a in zip(surfaces, requests, answers, strict=True) if a.ok]


def _protected(check: Check, most: int) -> list[Read]:
    identity = somebody(check)
    if identity is None or not most:
        return []
    found = []
    for surface in check.model.protected_reads(check.sessions, identity, limit=most):
        request = surface.request(check.sessions.auth(identity, surface))
        answer = check.send(request, identity=identity.name)
        if answer.ok:
            found.append(Read(surface, request, answer, identity))
    return found


def burst(check: Check, requests: Sequence[Request]) -> list[Answer]:
    """All answers in order; what was throttled is asked for again, with patience."""
    answers = check.burst(requests, CONCURRENCY)
    return [
        check.send(request) if answer.throttled or answer.status is None else answer
        for request, answer in zip(requests, answers, strict=True)
    ]
