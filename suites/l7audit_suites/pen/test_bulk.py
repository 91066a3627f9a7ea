"""Messages that are too much: refused with 4xx, and the service goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.raw import Raw, Talk
from l7audit.probe.request import Request
from l7audit.target.operation import is_json
from l7audit.target.surface import Surface
from l7audit_suites.authn.resemblance import differences
from l7audit_suites.pen import bulk
from l7audit_suites.pen.connections import held
from l7audit_suites.pen.framing import Opening
from l7audit_suites.pen.ground import beside_an_edge, burst, reads, somebody

_SECONDS = 8.0


def broke(answer: Answer) -> bool:
    """An error of the server; 501 and 505 are refusals, and 503 may be another's doing."""
    return answer.status is not None and answer.status >= 500 and answer.status not in _MEANT


_MEANT = {501, 503, 505}


@dataclass(frozen=True, slots=True)
class Taker:
    """An operation that takes JSON, and its answer to an empty object."""

    check: Check
    surface: Surface
    request: Request = field(repr=False)
    answer: Answer = field(repr=False)

    def as_usual(self, answer: Answer) -> bool:
        """Whether an answer is the one to the empty object, so that the document was read."""
        return answer.status == self.answer.status and not differences(answer, self.answer, ())

    def refuses_length(self, length: int) -> bool:
        """Whether an empty object with blanks up to that length is turned away, too: who stops
        reading what is too long may cut the connection before the refusal is heard."""
        plain = replace(self.request, content=self.request.content.ljust(length))
        return not self.as_usual(self.check.send(plain)) and self.as_usual(
            self.check.send(self.request)
        )


def takers(check: Check) -> list[Taker]:
    """Operations that take JSON, such that an empty object changes nothing. The witness is that
    they answer it. Ends the check without any."""
    found = []
    for kind in (Kind.LOGIN, Kind.RESOURCE_CREATE):
        for surface in check.model.surfaces(kind, limit=4):
            identity = somebody(check)
            if not is_json(surface.operation.media_type) or surface.needs_values:
                continue
            if not surface.operation.public and identity is None:
                continue
            auth = None
            if identity is not None and not surface.operation.public:
                auth = check.sessions.auth(identity, surface)
            request = replace(surface.request(auth), content=b"{}")
            answer = check.send(request)
            if answer.status is not None and 400 <= answer.status < 500 and not answer.refused:
                found.append(Taker(check, surface, request, answer))
                break
    if not found:
        check.not_applicable("No operation takes JSON and refuses an empty object.")
    first = found[0]
    check.witness("an empty object is answered", lambda: first.as_usual(check.send(first.request)))
    return found


@pytest.mark.control("PEN-11")
def test_a_head_that_is_too_large_is_refused(check: Check) -> None:
    (read, *_) = reads(check, public=1, protected=1)
    plain = check.spelled(read.request)
    tries = bulk.swollen_heads(plain)
    talks = dict(zip(tries, _heads(check, tries.values()), strict=True))
    # A bound of some hundred KiB is one, too: what got by is sent again, several times as large.
    larger = {n: head for n, head in bulk.swollen_heads(plain, 4).items() if _taken(talks[n])}
    tries |= larger
    talks |= dict(zip(larger, _heads(check, larger.values()), strict=True))
    for name, talk in talks.items():
        taken = _taken(talk)
        check.expect(
            taken is None and bool(talk.answers or talk.closed),
            read.place(name),
            f"A request head of {len(tries[name]) // bulk.KIB} KiB ({name}) is taken in.",
            *([taken] if taken else ()),
            expected="a refusal (431, 414, 413, 400) or the end of the connection",
            seen=str(taken.status) if taken else "neither an answer nor an end",
            confidence=beside_an_edge(check),
            cause="heads without a bound",
        )


def _heads(check: Check, heads: Iterable[bytes]) -> list[Talk]:
    return held(check, [Raw((head,), seconds=_SECONDS, quiet=0.0) for head in heads])


def _taken(talk: Talk) -> Answer | None:
    """The answer that shows that a head was read; None where it was refused."""
    return next((a for a in talk.answers if a.ok or broke(a)), None)


@pytest.mark.control("PEN-12")
def test_a_body_that_is_too_large_is_not_read_to_its_end(check: Check) -> None:
    for taker in takers(check):
        body = bulk.padded(taker.request.content)
        opening = Opening.of(check.spelled(taker.request))
        length = b"Content-Length: %d" % len(body)
        tries = {
            "announced": opening.framed(length, body=body),
            "in chunks": opening.framed(b"Transfer-Encoding: chunked", body=bulk.chunked(body)),
        }
        raws = [Raw((sent,), seconds=_SECONDS, quiet=0.0) for sent in tries.values()]
        for name, talk in zip(tries, held(check, raws), strict=True):
            taken = next((a for a in talk.answers if taker.as_usual(a) or broke(a)), None)
            check.expect(
                taken is None and bool(talk.answers or talk.closed),
                taker.surface.place(f"a long body {name}"),
                f"A body of {len(body) // bulk.KIB} KiB ({name}) "
                + (
                    "breaks the service."
                    if taken is not None and broke(taken)
                    else "is read and judged as a short one is: nothing bounds it."
                ),
                *([taken] if taken else ()),
                expected="413, or the end of the connection",
                seen=str(taken.status) if taken else "neither an answer nor an end",
            )


@pytest.mark.control("PEN-13")
def test_a_hard_document_breaks_nothing(check: Check) -> None:
    for taker in takers(check):
        tries = bulk.hard_documents()
        requests = [replace(taker.request, content=sent) for sent in tries.values()]
        for name, answer in zip(tries, burst(check, requests), strict=True):
            check.expect(
                not broke(answer)
                if answer.status is not None
                else taker.refuses_length(len(tries[name])),
                taker.surface.place(name),
                f"A JSON document of {len(tries[name]) // bulk.KIB + 1} KiB ({name}) breaks the "
                "service.",
                answer,
                expected="a refusal",
                # A failure that is told is one that somebody caught in the end: nobody else
                # notices it. What ends the connection may have ended a process.
                confidence=Confidence.WEAK if answer.status is not None else Confidence.STRONG,
            )


@pytest.mark.control("PEN-14")
def test_a_folded_body_does_not_unfold_without_bound(check: Check) -> None:
    for taker in takers(check):
        tries = bulk.bombs(taker.request.content)
        requests = [
            replace(taker.request, content=sent).with_headers({"Content-Encoding": coding})
            for coding, sent in tries.items()
        ]
        for coding, answer in zip(tries, burst(check, requests), strict=True):
            unfolded = taker.as_usual(answer) or broke(answer)
            check.expect(
                not unfolded,
                taker.surface.place(f"Content-Encoding: {coding}"),
                f"{len(tries[coding]) // bulk.KIB} KiB of {coding} are unfolded to "
                f"{bulk.INFLATED // bulk.KIB // bulk.KIB} MiB and read.",
                answer,
                expected="415, or 413 at the bound of bodies",
            )


@pytest.mark.control("PEN-15")
def test_many_ranges_are_not_answered_with_many_times_the_content(check: Check) -> None:
    for read in reads(check, public=3, protected=1):
        whole = len(read.answer.body)
        tries = bulk.many_ranges()
        requests = [read.request.with_headers({"Range": value}) for value in tries.values()]
        for name, answer in zip(tries, burst(check, requests), strict=True):
            check.expect(
                len(answer.body) <= 4 * whole + bulk.KIB and not broke(answer),
                read.place(f"Range: {name}"),
                f"{bulk.RANGES} ranges ({name}) make an answer of {len(answer.body)} bytes from a "
                f"content of {whole}.",
                answer,
                expected="416, or the content once",
                seen=f"{answer.status} with {len(answer.body)} bytes",
            )
