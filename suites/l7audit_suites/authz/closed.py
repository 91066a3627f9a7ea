"""What an ordinary caller is refused, asked for without any effect: plain reads, and writes whose
body lacks what it needs. Whatever gets past the guard then shows by what is answered: a read's
content, or words about the body. Nobody of power is needed for that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.operation import Operation
from l7audit.target.persons import facts_of
from l7audit.target.schemas import required
from l7audit.target.surface import Surface
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.acts import ends_something, of_people
from l7audit_suites.authz.admitted import admitted
from l7audit_suites.authz.power import kept_to_some, realm
from l7audit_suites.authz.things import ask, opened, opens

_ABOUT_INPUT = {400, 422}
_MOST_READS = 24
_MOST_WRITES = 5
_NOT_ASKED = {
    Kind.STREAMING, Kind.URL_TAKING, Kind.UPLOAD, Kind.COSTLY, Kind.RATE_POLICY, Kind.LOGIN,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Closed:
    """An operation, and somebody whom it is closed to; `good` is the answer to somebody of power,
    None where nobody is known."""

    surface: Surface
    one: Identity
    plain: Answer = field(repr=False)
    good: Answer | None = field(default=None, repr=False)

    @property
    def reads(self) -> bool:
        return self.surface.operation.method == "GET"

    @property
    def confidence(self) -> Confidence:
        """That a body was looked at is less than that something was read."""
        return Confidence.CONFIRMED if self.reads else Confidence.STRONG

    @property
    def seen(self) -> str:
        """What an answer shows that is `past_the_guard`."""
        if not self.reads:
            return "its body is found wanting, which he was refused to send at all"
        return "what he is refused" if self.good is None else "what somebody of power gets"

    def request(self, check: Check) -> Request:
        """The refused request."""
        auth = check.sessions.auth(self.one, self.surface)
        return self.surface.request(auth) if self.reads else self.surface.request(auth, json={})

    def sent(self, check: Check, request: Request) -> Answer:
        """A request in the name of whom it is closed to."""
        return check.send(request, identity=self.one.name)

    def past_the_guard(self, answer: Answer) -> bool:
        """Whether the request to which this is the answer got where the plain one did not."""
        if not self.reads:
            return answer.status in _ABOUT_INPUT and not answer.refused
        if self.good is not None:
            return judge(answer, self.good) is Seen.ACCEPTED
        return opened(self.surface, answer)

    def still(self, check: Check) -> bool:
        """Whether it is closed as before."""
        return self.sent(check, self.request(check)).status == self.plain.status


def closed_reads(
    check: Check, one: Identity, powerful: Sequence[Identity] = (), theirs: Sequence[Surface] = ()
) -> Iterator[Closed]:
    """Plain reads that are closed to somebody; first of what is known to be `theirs`, who have the
    power, then of what is called administrative. Without any of them only a plain 403 counts."""
    found = check.model.surfaces(Kind.PROTECTED_READ, limit=_MOST_READS)
    reads = {s.place(): s for s in (*theirs, *sorted(found, key=lambda s: not _admin(s)))}
    for surface in reads.values():
        plain_read = surface.operation.method == "GET" and not surface.needs_values
        if not plain_read or surface.kinds & _NOT_ASKED or admitted(check, surface, one):
            continue
        plain = ask(check, surface, one)
        if plain.ok or not (plain.refused or plain.status == 404):
            continue
        seen = (ask(check, surface, person) for person in powerful)
        good = next((a for a in seen if opened(surface, a)), None)
        if good is not None or (plain.refused and plain.status not in {401, 404}):
            yield Closed(surface, one, plain, good)


def closed_writes(check: Check, one: Identity) -> Iterator[Closed]:
    """Writes that somebody is refused with an empty body; few are asked for, those first that are
    said to be for others or lie where he was refused to read."""
    found = [check.model.surface(o) for o in check.model.operations if _needs_a_body(o)]
    shut = _shut_realms(check, one)

    def unlikely(surface: Surface) -> bool:
        operation = surface.operation
        return not (_admin(surface) or kept_to_some(operation) or realm(operation.template) in shut)

    named = (_of_himself(check, s, one) for s in sorted(found, key=unlikely))
    ready = [s for s in named if not s.needs_values and not s.kinds & _NOT_ASKED]
    for surface in ready[:_MOST_WRITES]:
        plain = ask(check, surface, one, json={})
        if plain.refused and plain.status == 403:
            yield Closed(surface, one, plain)


def let_in(check: Check, one: Identity) -> bool:
    """Whether any plain read is open to somebody: who is refused everything is not known at all."""
    reads = check.model.surfaces(Kind.PROTECTED_READ, limit=_MOST_READS)
    return any(opens(check, s, one) for s in reads if not s.needs_values)


def _shut_realms(check: Check, one: Identity) -> set[str]:
    """Where a plain read was refused to somebody in this process."""
    reads = check.model.surfaces(Kind.PROTECTED_READ, limit=_MOST_READS)
    shut = (s for s in reads if not s.needs_values and admitted(check, s, one) is False)
    return {realm(s.operation.template) for s in shut} - {""}


def _admin(surface: Surface) -> bool:
    return Kind.ADMIN in surface.kinds


def _needs_a_body(operation: Operation) -> bool:
    """Whether it does nothing without what its body has to say."""
    return (
        operation.method in {"POST", "PUT", "PATCH"}
        and not operation.public
        and bool(required(operation.json_schema))
        and not ends_something(operation)
    )


def _of_himself(check: Check, surface: Surface, one: Identity) -> Surface:
    """The write to somebody's own entry, where it is of people."""
    names = surface.needs_values
    if len(names) != 1 or not of_people(surface.operation, names[0]):
        return surface
    person = facts_of(check.sessions, one).under(names[0])[:1]
    return surface.with_values({names[0]: person[0]}) if person else surface
