"""HTTP/2 at the door and HTTP/1.1 behind it: what the one forbids must not reach the other."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.pen.frames import tries


@pytest.mark.control("PEN-23")
def test_a_malformed_request_in_http_2_is_not_passed_on(check: Check) -> None:
    if not check.target.base_url.startswith("https:"):
        check.not_applicable("The target speaks no TLS, by which HTTP/2 is agreed on.")
    surface = check.surface(Kind.PUBLIC_READ)
    plain = check.probe.framed(surface.request())
    path = f"/l7audit-{check.random.randrange(16**10):010x}"
    nowhere = check.probe.framed(Request("GET", path))
    usual, unknown = check.probe.frames([plain, nowhere])
    if usual.status is None and "no HTTP/2" in usual.error:
        check.observe("The target agrees on no HTTP/2.", usual)
        check.not_applicable("The target speaks no HTTP/2.")
    check.witness("a request in HTTP/2 is answered", lambda: check.probe.frames([plain])[0])
    if unknown.status is None or unknown.status == usual.status:
        check.inconclusive("A path that nobody has is answered like any other.")
    tried = tries(plain, path)
    # At once, because some edges let a second pass before they hang up.
    talks = check.probe.conversations([[stream, plain, plain] for stream in tried.values()])
    for name, (answer, *later) in zip(tried, talks, strict=True):
        split = [a for a in later if a.status == unknown.status]
        check.expect(
            not answer.ok and not split,
            surface.place(f"HTTP/2: {name}"),
            f"A malformed request in HTTP/2 ({name}) "
            + ("is read as two behind the edge." if split else "is taken for a good one."),
            *[answer, *split],
            expected="the end of the stream or of the connection, or 400",
            seen=_seen(answer, split),
        )


def _seen(answer: Answer, split: list[Answer]) -> str:
    if split:
        return "the answer to a request that was hidden in it, given to the next one"
    return f"{answer.status or answer.error}"
