"""Fuzzes the reference API through its own document: does it hold what it promises?

Run by hand: python benchmarks/fuzz.py [requests]. Every operation gets requests that fit and ones
that do not, as several identities; rate limits are first raised through the API itself, or they
would answer in its place. The exit code is 1 where it failed, answered otherwise than the document
says (refusals included), took what does not fit, or gave an answer without a bound.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from l7audit import profile as profiles
from l7audit.harness.document import fetch
from l7audit.model import Identity, Safety, Target
from l7audit.probe.answer import Answer
from l7audit.probe.probe import Probe
from l7audit.probe.request import Auth, Request
from l7audit.profile import Budget
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel
from l7audit.target.values import resolve
from l7audit_plugins.providers.embedded import Embedded
from l7audit_plugins.scanners.fuzz_cases import Amount, Made, made, settle
from l7audit_plugins.scanners.fuzz_judgement import (
    NEEDS_TWO,
    accepted,
    against_the_document,
    broken,
)

REQUESTS = 20_000
SEED = 20_250_813
CONCURRENCY = 8
IDENTITIES = 21
CHUNK = 64
"""Requests that are sent in one burst."""

SOME = 1_000
"""With fewer requests for each identity not every boundary is tried."""

NEVER = {"POST /v1/chat/completions": 200}
"""Operations of which only so many requests are sent: a language model is behind them."""


@dataclass
class Outcome:
    """What was sent and seen."""

    sent: int = 0
    positive: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    largest: tuple[int, str] = (0, "")
    slowest: tuple[float, str] = (0.0, "")

    def note(self, what: str, one: Made, answer: Answer) -> None:
        """Counts a violation, and keeps the first of its kind as an example."""
        self.violations[what] += 1
        sent = (
            f"{answer.request.method} {answer.request.path[:200]} {answer.request.content[:200]!r}"
        )
        said = f"{answer.status} {answer.error}{answer.body[:200]!r}"
        self.examples.setdefault(what, f"{sent}\n      {said}")


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    with tempfile.TemporaryDirectory() as folder:
        settle(Path(folder) / "hypothesis")
        profile = profiles.load(profiles.DEFAULT)
        with Embedded().open(profile, Path(folder), print) as target:
            outcome = fuzz(target, wanted)
    report(outcome)
    sys.exit(1 if outcome.violations or outcome.sent < wanted else 0)


def fuzz(target: Target, wanted: int) -> Outcome:
    """Sends at least so many requests and judges the answers."""
    budget = Budget(requests=10_000_000, per_second=100_000, timeout=20)
    probe = Probe(target, lambda _: None, limits=budget, safety=Safety.INTRUSIVE)
    try:
        document = fetch(target, probe)
        model = TargetModel.of(document, target, seed=SEED)
        sessions = Sessions(model, probe)
        who = sorted(target.identities, key=lambda i: "limited" in i.tags)[:IDENTITIES]
        _raise_limits(sessions, who)
        labels = frozenset(f"{o.method} {o.template}" for o in model.operations)
        began = time.perf_counter()
        requests = _enough(document, model, labels, wanted // len(who) + 1)
        print(f"{len(requests)} requests made in {time.perf_counter() - began:.1f} s")  # noqa: T201
        outcome = Outcome()
        for identity in who:
            auth, real = sessions.auth(identity), _real(model, sessions, identity)
            for chunk in _chunks(requests, identity == who[0]):
                _send(probe, identity, auth, real, chunk, outcome)
            print(f"{outcome.sent} sent, {sum(outcome.violations.values())} violations")  # noqa: T201
        return outcome
    finally:
        probe.close()


def _raise_limits(sessions: Sessions, who: Sequence[Identity]) -> None:
    """Every policy to the most that may be asked for, by whoever may."""
    wide = {"capacity": 1_000_000, "refill": 100_000}
    each = ("standard", "chat", "search", "upload")
    names = {
        "enterprise": each,
        "free": each,
        "anonymous": ("public", "login", "logins", "token", "reset", "reset-code"),
    }
    for tier, name in ((t, n) for t, some in names.items() for n in some):
        path = f"/v1/rate-policies/{tier}/{name}"
        request = Request(
            "PUT", path, (("Content-Type", "application/json"),), msgspec.json.encode(wide)
        )
        answers = [sessions.probe.send(request.with_auth(sessions.auth(i))) for i in who]
        if not any(a.ok for a in answers):
            raise SystemExit(f"The limit {tier} {name} could not be raised: {answers[0].text}")


def _enough(
    document: str, model: TargetModel, labels: frozenset[str], wanted: int
) -> tuple[Made, ...]:
    """All boundaries, and as many at random as are missing; of few requests a fair share each."""
    most, drawn = (wanted, 0) if wanted < SOME else (1_000_000, 0)
    while True:
        amount = Amount(most=most, drawn=drawn, operations=len(labels) if drawn else 0)
        found = made(document, model.prefix, labels, SEED, amount)
        usable = sum(len(c) for c in _chunks(found, first=False))
        if usable >= wanted:
            return found
        drawn += max(2, (wanted - usable) // len(labels))


def _real(model: TargetModel, sessions: Sessions, identity: Identity) -> dict[str, str]:
    """Paths of things that are there, for the operations that read one."""
    found = {}
    for operation in model.operations:
        surface = model.surface(operation)
        if operation.method == "GET" and surface.needs_values:
            ready = resolve(model, surface, sessions, identity)
            if ready is not None:
                found[f"GET {operation.template}"] = ready.request().path.partition("?")[0]
    return found


def _chunks(requests: Sequence[Made], first: bool) -> Iterator[list[Made]]:
    sent: Counter[str] = Counter()
    kept: list[Made] = []
    for one in requests:
        sent[one.label] += 1
        if one.label in NEVER and (not first or sent[one.label] > NEVER[one.label]):
            continue
        kept.append(one)
    for at in range(0, len(kept), CHUNK):
        yield kept[at : at + CHUNK]


def _send(
    probe: Probe,
    identity: Identity,
    auth: Auth,
    real: dict[str, str],
    chunk: Sequence[Made],
    outcome: Outcome,
) -> None:
    dressed = []
    for number, one in enumerate(chunk):
        request = one.request
        if number % 2 and one.label in real:
            _, mark, query = request.path.partition("?")
            request = replace(request, path=f"{real[one.label]}{mark}{query}")
        dressed.append(request.with_auth(auth))
    for one, answer in zip(chunk, probe.burst(dressed, CONCURRENCY, identity.name), strict=True):
        outcome.sent += 1
        outcome.positive += one.positive
        outcome.statuses[f"{answer.status // 100}xx" if answer.status else "none"] += 1
        outcome.largest = max(outcome.largest, (len(answer.body), one.label))
        outcome.slowest = max(outcome.slowest, (answer.milliseconds, one.label))
        for what in _judged(probe, one, answer):
            outcome.note(f"{one.label}: {what}", one, answer)


def _judged(probe: Probe, one: Made, answer: Answer) -> Iterator[str]:
    rule = broken(answer)
    if rule in NEEDS_TWO:
        again = broken(probe.send(answer.request))
        yield str(rule) if again is rule else f"{rule}, once"
    elif rule is not None:
        yield str(rule)
    elif difference := against_the_document(one, answer, refusals=True):
        yield f"{difference[0]}: {difference[1]}"
    if accepted(one, answer):
        yield f"accepted what does not fit: {one.wrong}"
    if answer.throttled:
        yield "throttled, though no limit should be met"


def report(outcome: Outcome) -> None:
    """The figures, and an example of each violation."""
    lines = [
        f"requests       {outcome.sent} ({outcome.positive} that fit)",
        f"by status      {dict(sorted(outcome.statuses.items()))}",
        f"largest answer {outcome.largest[0]:,} bytes ({outcome.largest[1]})",
        f"slowest answer {outcome.slowest[0]:,.0f} ms ({outcome.slowest[1]})",
        f"violations     {sum(outcome.violations.values())}",
    ]
    for what, count in outcome.violations.most_common():
        lines += [f"  {count:5d} {what}", f"      {outcome.examples[what]}"]
    for line in lines:
        print(line)  # noqa: T201


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
