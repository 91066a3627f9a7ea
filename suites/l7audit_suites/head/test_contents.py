"""What answers say of themselves: their type, their maker, their id; and errors like successes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Place
from l7audit.probe.answer import Answer, Headers
from l7audit_suites.head import content_policy, fields, request_ids, transport
from l7audit_suites.head.disclosure import banners
from l7audit_suites.head.reads import TOO_LARGE, Read, mistakes, pages, reads, where_rendered

SPLIT = "X-L7audit-Split"
HOSTILE = (
    "l7audit <script>alert(1)</script>",
    f"l7audit%0d%0a{SPLIT}:%20yes",
    f"l7audit%0a{SPLIT}:%20yes",
)
"""Ids that no service should take over: markup, and line breaks for whoever decodes them."""


def everything(check: Check) -> list[tuple[Place, Answer]]:
    """Successes, errors and pages, with where each was seen."""
    found = reads(check)
    answers = [(r.place(), r.success) for r in found]
    answers += [
        (Place(operation=m.place.operation, part=m.name), m.refusal)
        for m in mistakes(check, found[0])
    ]
    return answers + pages(check, found[0])


def beside(place: Place, part: str) -> Place:
    """A part of a place, whatever part of the operation it is already."""
    return Place(operation=place.operation, part=f"{place.part}, {part}" if place.part else part)


@pytest.mark.control("HEAD-09")
def test_headers_do_not_tell_what_the_service_is_built_of(check: Check) -> None:
    for place, answer in everything(check):
        found = banners(answer.headers)
        names = [name for name, _ in found]
        check.expect(
            not found,
            beside(place, "headers that name a product"),  # however many of them are left
            " ".join(statement for _, statement in found),
            answer,
            expected="no version and no name of a framework",
            seen="; ".join(f"{name}: {answer.headers.get(name)}" for name in names),
            cause="headers that name a product",
        )


@pytest.mark.control("HEAD-12")
def test_every_body_has_a_content_type_that_fits_it(check: Check) -> None:
    for place, answer in everything(check):
        if answer.truncated:
            continue
        values = answer.headers.get_all("Content-Type")
        fault = fields.content_type_fault(values, answer.body)
        check.expect(
            not fault,
            beside(place, "header Content-Type"),
            fault,
            answer,
            expected="the type of the body, with charset=utf-8 where it is text",
            seen=f"Content-Type: {', '.join(values) or 'absent'}",
            cause="header Content-Type",
        )


_FOR_DATA_TOO = {"X-Content-Type-Options", "Strict-Transport-Security"}
"""What protects whatever an answer holds, and not only what a browser renders."""


def protections(secure: bool) -> dict[str, Callable[[Headers], str]]:
    """What errors have to carry as successes do: a name, and what judges an answer's headers."""
    policy = "Content-Security-Policy"
    found: dict[str, Callable[[Headers], str]] = {
        "X-Content-Type-Options": lambda h: fields.nosniff_fault(
            h.get_all("X-Content-Type-Options")
        ),
        "framing": lambda h: content_policy.framing_fault(
            h.get_all(policy), h.get_all("X-Frame-Options")
        ),
        policy: lambda h: (
            content_policy.page_fault(h.get_all(policy))
            if h.get("Content-Type").lower().startswith("text/html")
            else content_policy.api_fault(h.get_all(policy))
        ),
        "Referrer-Policy": lambda h: fields.referrer_fault(h.get_all("Referrer-Policy")),
    }
    if secure:
        name = "Strict-Transport-Security"
        found[name] = lambda h: transport.fault(h.get_all(name))
    return found


@pytest.mark.control("HEAD-13")
def test_errors_carry_the_same_protective_headers_as_successes(check: Check) -> None:
    read = reads(check)[0]
    judges = protections(check.target.base_url.startswith("https://"))
    kept = {name: judge for name, judge in judges.items() if not judge(read.success.headers)}
    if not kept:
        check.not_applicable("Successes carry no protective header that errors could lack.")
    for mistake in mistakes(check, read, large=True):
        # Servers refuse a body that is too large before the application hears of it.
        below = len(mistake.request.content) >= TOO_LARGE
        for name, judge in kept.items():
            fault = judge(mistake.refusal.headers)
            check.expect(
                not fault,
                Place(operation=mistake.place.operation, part=f"{mistake.name}, {name}"),
                f"The refusal of {mistake.name} lacks what successes have ({name}): {fault}",
                mistake.refusal,
                expected="as on successes",
                seen=f"{mistake.refusal.status}: {fault}",
                confidence=Confidence.WEAK
                if below
                else Confidence.CONFIRMED
                if name in _FOR_DATA_TOO
                else where_rendered(mistake.refusal),
                cause="refusals below the application" if below else f"errors without {name}",
            )


@pytest.mark.control("HEAD-14")
def test_no_header_contradicts_itself(check: Check) -> None:
    for read in reads(check):
        found = fields.doubled(read.success.headers.pairs)
        check.expect(
            not found,
            read.place("repeated headers"),
            f"Browsers choose for themselves among the values of {', '.join(found)}.",
            read.success,
            expected="one value each",
            seen="; ".join(f"{name}: {' | '.join(values)}" for name, values in found.items()),
            cause="repeated headers",
        )


@pytest.mark.control("HEAD-15")
def test_each_answer_has_an_id_of_its_own(check: Check) -> None:
    read = reads(check, protected=1, public=1)[0]
    answers = [read.success, *(check.send(read.request) for _ in range(5))]
    repeated = request_ids.repeated(a.headers.pairs for a in answers)
    check.expect(
        not repeated,
        read.place("ids of answers"),
        f"Several answers carry the same id in {', '.join(repeated)}.",
        *answers[:2],
        expected="another id for each answer",
        seen=", ".join(f"{name}: {value}" for name, value in repeated.items()),
    )


@pytest.mark.control("HEAD-15")
def test_no_text_of_a_callers_comes_back_in_a_header(check: Check) -> None:
    read = reads(check, protected=1, public=1)[0]
    broken = []
    for text in HOSTILE:
        answer = check.send(read.request.with_headers(dict.fromkeys(request_ids.NAMES, text)))
        _not_reflected(check, read, answer, text, "as an id")
        joint = "&" if "?" in read.request.path else "?"
        query = text.replace(" ", "%20").replace("<", "%3C").replace(">", "%3E")
        asked = check.send(read.request.with_path(f"{read.request.path}{joint}l7audit={query}"))
        _not_reflected(check, read, asked, text, "in the query")
        broken += [a for a in (answer, asked) if a.status is None or a.status >= 500]
    if broken:
        check.observe("Hostile text in headers or the query broke something.", *broken)
        check.inconclusive(f"{len(broken)} answers broke, so they do not show what comes back.")


def _not_reflected(check: Check, read: Read, answer: Answer, text: str, how: str) -> None:
    split = request_ids.injected(answer.headers.pairs, SPLIT)
    check.expect(
        not split,
        read.place(f"line break sent {how}"),
        f"A line break that a caller sends {how} starts a header of the caller's making.",
        answer,
        expected=f"no header {SPLIT}",
        seen=f"{SPLIT}: {answer.headers.get(SPLIT)}",
    )
    found = request_ids.reflected(answer.headers.pairs, [text])
    check.expect(
        not found,
        read.place(f"text sent {how}"),
        f"Hostile text that a caller sends {how} comes back in {', '.join(found)}.",
        answer,
        expected="an id of the service's own",
        seen=", ".join(f"{name}: {answer.headers.get(name)}" for name in found),
    )
