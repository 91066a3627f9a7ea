"""Errors: what they tell of the inside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.expose.absurd_bodies import absurdities
from l7audit_suites.expose.inside import inside
from l7audit_suites.expose.malformed import TRACE_LIKE, mistakes
from l7audit_suites.input.ground import ask_all
from l7audit_suites.input.likeness import texts
from l7audit_suites.pen.ground import reads


@pytest.mark.control("EXPOSE-04")
def test_an_error_tells_nothing_of_the_inside(check: Check) -> None:
    reads(check, public=1, protected=1)
    tried = [*mistakes(check), *absurdities(check)]
    waiting = iter(ask_all(check, [m.request for m in tried if m.answer is None]))
    errors = 0
    for mistake in tried:
        answer = mistake.answer or next(waiting)
        mistake.tidy(check, answer)
        if answer.status is None or answer.status < 400:
            continue  # what is answered with success is data, whatever it looks like
        errors += 1
        what = inside(_told(answer), _sent(mistake.request))
        check.expect(
            not what,
            mistake.place,
            f"An error tells {what or 'of the inside'}.",
            answer,
            expected="one sentence for the caller, and an id for the log",
            seen=f"{answer.status} with {what}",
        )
    if not errors:
        check.inconclusive("Nothing that is malformed was refused, so no error could be read.")


def _told(answer: Answer) -> str:
    """All that an error says, with JSON's escapes undone."""
    value = answer.json_or_none()
    body = answer.text if value is None else "\n".join(texts(value))
    return "\n".join([body, *(v for _, v in answer.headers)])


def _sent(request: Request) -> Iterator[str]:
    """What the caller may find again in an answer since he wrote it himself."""
    yield from TRACE_LIKE
    yield request.path
    text = request.content.decode("utf-8", "replace")
    if 0 < len(text) < 4000:
        yield text
