"""The reads on which origins are tried, and how they are asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.cors import judgement
from l7audit_suites.cors.lattice import LEAST, Family, Stranger, of_family, origin_of, strangers
from l7audit_suites.head.reads import Read, reads

CONCURRENCY = 8
_SAFELISTED = frozenset({"accept", "accept-language", "content-language", "content-type", "range"})


@dataclass(frozen=True, slots=True)
class Ground(Read):
    """A read that succeeds, and on which origins are tried."""

    def asked_by(self, origin: str) -> Request:
        """The read as a page of that origin makes it."""
        return self.request.with_headers({"Origin": origin})

    def preflight(self, origin: str, method: str = "", headers: Iterable[str] = ()) -> Request:
        """What a browser asks before it makes the read for a page of that origin.

        Without `method` and `headers` it announces the read as it is.
        """
        announced = list(headers) or self.unsafe_headers
        asked = {"Origin": origin, "Access-Control-Request-Method": method or self.request.method}
        if announced:
            asked["Access-Control-Request-Headers"] = ",".join(sorted(h.lower() for h in announced))
        return Request("OPTIONS", self.request.path, tuple(asked.items()))

    @property
    def unsafe_headers(self) -> list[str]:
        """The read's own headers that a preflight has to announce."""
        return [n for n, _ in self.request.headers if n.lower() not in _SAFELISTED]


def grounds(check: Check, protected: int = 3, public: int = 1) -> list[Ground]:
    """Reads that succeed, protected ones first; ends the check where there is none at all."""
    found = [
        Ground(r.surface, r.request, r.success, r.protected)
        for r in reads(check, protected, public)
    ]
    check.witness(
        "the read is answered to a page of a friendly origin",
        lambda: check.send(found[0].asked_by(friend(check))),
        once=True,  # that the read is answered in the end, too, is a witness already
    )
    return found


def friend(check: Check) -> str:
    """An origin that has nothing to fear: an allowed one, or the target's own."""
    allowed = check.target.allowed_origins
    return allowed[0] if allowed else origin_of(check.target.base_url)


def lattice(check: Check) -> tuple[Stranger, ...]:
    """The strangers for this target's policy."""
    own = origin_of(check.target.base_url)
    return strangers(check.target.allowed_origins, own, check.random, check.sample(LEAST))


def few_strangers(check: Check) -> list[Stranger]:
    """One of each family, where a check is not about the match itself."""
    everybody = lattice(check)
    return [of_family(everybody, family)[0] for family in Family]


def ask(check: Check, requests: Sequence[Request]) -> list[Answer]:
    """All answers in order; those held back for haste are asked for once more, with patience."""
    answers = check.burst(requests, CONCURRENCY)
    return [
        check.send(request) if answer.throttled else answer
        for request, answer in zip(requests, answers, strict=True)
    ]


def undecided(check: Check, answers: Iterable[Answer]) -> None:
    """Ends the check where an answer broke: that is neither a grant nor a refusal."""
    broken = [a for a in answers if not judgement.decided(a)]
    if broken:
        check.observe("Some origins got no answer that shows the policy.", *broken[:3])
        check.inconclusive(
            f"{len(broken)} of the answers broke or were held back, so they show no policy."
        )
