"""schemathesis: requests made up from the OpenAPI document, fitting and not fitting it.

It makes the requests and knows what answers should look like. Sending is our probe's: it stays
within the target's origins and the run's budget, and only what a weakness names reaches the
journal.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from l7audit.errors import CredentialError, ScanError
from l7audit.hookspecs import Scanner, hookimpl
from l7audit.model import Identity, Kind, Place, Safety
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.scanning import Ground, Scan, Weakness
from l7audit.target.operation import Operation
from l7audit.target.surface import Surface
from l7audit.target.values import keep, resolve
from l7audit_plugins.scanners import MEND
from l7audit_plugins.scanners.fuzz_cases import FEWEST, Amount, Made, made, settle
from l7audit_plugins.scanners.fuzz_judgement import (
    NEEDS_TWO,
    Rule,
    accepted,
    against_the_document,
    broken,
    weakness,
)

AMOUNT = Amount(most=200, drawn=3, operations=5)
FEW = Amount(most=100, drawn=1, operations=3)
"""At somebody's."""

SECONDS = 45.0
"""After so long no further operation is tried."""

CONCURRENCY = 4
_MOST_ASKED = 5

_READ = frozenset({"GET", "HEAD", "OPTIONS"})
_WRITES = frozenset({Kind.RESOURCE_CREATE, Kind.RESOURCE_CHANGE, Kind.SEARCH, Kind.UPLOAD})
# Sessions and credentials would end, limits would change, strangers' hosts would be called, and
# each answer of a language model is paid for.
_NEVER = frozenset({
    Kind.LOGIN, Kind.TOKEN, Kind.REVOKE_TOKEN, Kind.KEY_CREATE, Kind.KEY_REVOKE, Kind.KEY_ROTATE,
    Kind.SIGNING_KEY_CREATE, Kind.SIGNING_KEY_RETIRE, Kind.DATA_KEY_ROTATE, Kind.RATE_POLICY,
    Kind.URL_TAKING, Kind.CHAT,
})  # fmt: skip


def may_be_fuzzed(operation: Operation, safety: Safety) -> bool:
    """Whether requests that nobody wrote may be sent there: reads, and, where the profile allows
    it, what makes things or changes our own."""
    if operation.kinds & _NEVER:
        return False
    if operation.method in _READ:
        return True
    allowed = safety.rank >= Safety.INTRUSIVE.rank and operation.method != "DELETE"
    return allowed and bool(operation.kinds & _WRITES)


class Schemathesis(Scanner):
    """Requests made up from the OpenAPI document, fitting and not fitting it."""

    name = "schemathesis"
    distribution = "schemathesis"
    mend = MEND

    def scan(self, ground: Ground) -> Scan:
        """A hundred or two of requests to what may be fuzzed, and what their answers show."""
        settle(ground.folder)
        few = not ground.sessions.model.sample(AMOUNT.most)
        return fuzz(ground, FEW if few else AMOUNT, SECONDS)


def fuzz(ground: Ground, amount: Amount, seconds: float) -> Scan:
    """As `Schemathesis.scan`, with so many requests in at most so many seconds."""
    model = ground.sessions.model
    safety = ground.sessions.probe.scope.safety
    operations = {
        f"{o.method} {o.template}": o for o in model.operations if may_be_fuzzed(o, safety)
    }
    if not ground.document or not operations:
        raise ScanError("The target's document names no operation that may be fuzzed here.")
    tally = Tally()
    if len(operations) > (few := amount.most // FEWEST):
        tally.notes["operations_left_out"] = len(operations) - few
        operations = {label: operations[label] for label in chosen(operations, few, ground.seed)}
    requests = made(ground.document, model.prefix, frozenset(operations), ground.seed, amount)
    if not requests:
        raise ScanError("schemathesis makes no request of the target's document.")
    began = time.monotonic()
    for label in dict.fromkeys(m.label for m in requests):
        if time.monotonic() - began > seconds:
            tally.notes["not_reached"] = tally.notes.get("not_reached", 0) + 1
            continue
        surface = model.surface(operations[label])
        _Stand(ground, surface, tally).fuzz([m for m in requests if m.label == label])
    return tally.scan()


def chosen(operations: Mapping[str, Operation], most: int, seed: int) -> list[str]:
    """So many of the operations: reads that need no thing to be there as far as two thirds go,
    since they are the cheapest and the same in every run, and of all others what the seed draws."""
    plain = [
        label
        for label, o in sorted(operations.items())
        if o.method in _READ and not o.path_parameters
    ][: most * 2 // 3]
    others = sorted(operations.keys() - set(plain))
    drawn = random.Random(f"{seed}:fuzzed").sample(others, min(len(others), most - len(plain)))
    return [*plain, *drawn]


@dataclass
class Tally:
    """What has been sent and seen."""

    places: list[Place] = field(default_factory=list)
    weaknesses: dict[Place, Weakness] = field(default_factory=dict)
    accepted: int = 0
    refused: int = 0
    notes: dict[str, int] = field(default_factory=dict)

    def count(self, answer: Answer) -> None:
        """Counts by class of status: `2xx`, or `no answer`."""
        said = f"{answer.status // 100}xx" if answer.status else "no answer"
        self.notes[said] = self.notes.get(said, 0) + 1
        size, took = len(answer.body), round(answer.milliseconds)
        self.notes["largest_bytes"] = max(size, self.notes.get("largest_bytes", 0))
        self.notes["slowest_milliseconds"] = max(took, self.notes.get("slowest_milliseconds", 0))

    def scan(self) -> Scan:
        """The report. The specimens are requests that fit and were taken, and ones that did not
        fit, by the document's own schema, and were answered."""
        return Scan(
            looked_at=tuple(self.places),
            unit="operations",
            specimen="requests that fit are accepted, and ones that do not fit are answered",
            found=bool(self.accepted and self.refused),
            weaknesses=tuple(self.weaknesses.values()),
            notes=self.notes,
        )


class _Stand:
    """One operation, with whoever may call it."""

    def __init__(self, ground: Ground, surface: Surface, tally: Tally) -> None:
        self._sessions = ground.sessions
        self._surface = surface
        self._tally = tally
        self._identity: Identity | None = None
        self._auth = Auth.none()
        self._real = ""

    def fuzz(self, requests: Sequence[Made]) -> None:
        """Sends all of them, in the name of somebody who may."""
        if not self._enter():
            return
        sent = [self._dressed(m, number) for number, m in enumerate(requests)]
        probe, name = self._sessions.probe, self._identity.name if self._identity else ""
        answers = probe.burst(sent, CONCURRENCY, name)
        self._tally.places.append(self._surface.place())
        for one, answer in zip(requests, answers, strict=True):
            if answer.throttled:
                answer = probe.send(answer.request, name)
            self._tally.count(answer)
            if not answer.throttled:
                self._judge(one, answer)

    def _enter(self) -> bool:
        """Finds who is let in, and real values for the path. False where what would be changed
        can't be something of our own."""
        operation = self._surface.operation
        changes = operation.method not in _READ
        for identity in self._callers():
            try:
                auth = self._sessions.auth(identity, self._surface)
            except CredentialError:
                continue
            model = self._sessions.model
            ready = (
                resolve(model, self._surface, self._sessions, identity, own=changes)
                if self._surface.needs_values
                else self._surface
            )
            if ready is None:
                continue
            request = ready.request(auth)
            answer = self._sessions.probe.send(request, identity.name)
            self._keep(answer, identity)
            self._identity, self._auth = identity, auth
            if self._surface.needs_values:
                self._real = request.path.partition("?")[0]
            if answer.status not in {401, 403}:
                return True
        if operation.public:
            self._identity, self._auth = None, Auth.none()
            return not (changes and self._surface.needs_values)
        return self._identity is not None and not (changes and not self._real and _slots(operation))

    def _callers(self) -> list[Identity]:
        if self._surface.operation.public:
            return []
        odd = {"limited", "expired", "revoked"}
        known = self._sessions.model.target.identities
        return [i for i in known if i.credentials and not odd & set(i.tags)][:_MOST_ASKED]

    def _dressed(self, one: Made, number: int) -> Request:
        """The request with credentials, and each second read (each change) of something real."""
        request = one.request
        if self._real and (number % 2 == 0 or self._surface.operation.method not in _READ):
            _, mark, query = request.path.partition("?")
            request = replace(request, path=f"{self._real}{mark}{query}")
        return request.with_auth(self._auth)

    def _keep(self, answer: Answer, identity: Identity | None) -> None:
        """Has what came into being removed."""
        if answer.ok and identity and Kind.RESOURCE_CREATE in self._surface.kinds:
            keep(self._sessions.model, self._surface, answer, self._sessions, identity)

    def _judge(self, one: Made, answer: Answer) -> None:
        tally = self._tally
        self._keep(answer, self._identity)
        tally.accepted += one.positive and answer.ok
        tally.refused += bool(one.wrong) and answer.status is not None
        for found in self._seen(one, answer):
            tally.weaknesses.setdefault(found.place, found)

    def _seen(self, one: Made, answer: Answer) -> Iterator[Weakness]:
        rule = broken(answer)
        if rule in NEEDS_TWO:
            again = self._sessions.probe.send(answer.request, patience=False)
            if broken(again) is rule:
                seen = _status(answer)
                yield weakness(rule, self._place(rule), _SAID[rule], seen, answer, again)
        elif rule is not None:
            size = f"{len(answer.body):,} bytes" + (" and more" if answer.truncated else "")
            yield weakness(rule, self._place(rule), _SAID[rule], size, answer)
        if difference := against_the_document(one, answer):
            rule, said = difference
            yield weakness(rule, self._place(rule), _SAID[rule], said, answer)
        if accepted(one, answer):
            place = self._surface.place(f"{Rule.ACCEPTED}: {one.wrong}")
            message = f"{_SAID[Rule.ACCEPTED]} ({one.wrong})"
            yield weakness(Rule.ACCEPTED, place, message, _status(answer), answer)

    def _place(self, rule: Rule) -> Place:
        return self._surface.place(str(rule))


_SAID = {
    Rule.BROKE: "a generated request makes the service fail",
    Rule.LOST: "a generated request is answered by a lost connection",
    Rule.ENDLESS: "a generated request is not answered in time",
    Rule.LARGE: "a generated request is answered without a bound",
    Rule.UNDOCUMENTED: "a success has a status that the document does not tell",
    Rule.OTHER_SHAPE: "an answer does not have the shape that the document tells",
    Rule.ACCEPTED: "what does not fit the document's schema is accepted",
}


def _slots(operation: Operation) -> bool:
    return bool(operation.path_parameters)


def _status(answer: Answer) -> str:
    return str(answer.status) if answer.status is not None else answer.error


@hookimpl
def l7audit_register_scanner() -> Schemathesis:
    """schemathesis under its own name."""
    return Schemathesis()
