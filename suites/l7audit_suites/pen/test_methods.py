"""Methods that nobody offers: what they give back, and whether they pass for others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence
from l7audit.target.likeness import alike
from l7audit_suites.pen.ground import burst, reads

ECHOING = ("TRACE", "TRACK", "DEBUG")
LOWER = "get"
"""Methods are case-sensitive (RFC 9110, 9.1), but many servers fold them before any rule of theirs
is asked: then only a rule in front of the server could be passed by, so this is a weak sign."""

ODD = ("PROPFIND", "REPORT", "SEARCH", "LINK", "L7AUDIT", LOWER)
"""Methods that no API of this kind offers; none of them asks for a change."""


@pytest.mark.control("PEN-06")
def test_no_method_gives_the_request_back(check: Check) -> None:
    found = reads(check, public=1, protected=1)
    marker = f"l7audit-{check.random.randrange(16**12):012x}"
    for read in found:
        asked = read.request.with_headers({"X-Audit": marker})
        requests = [replace(asked, method=method) for method in ECHOING]
        for method, answer in zip(ECHOING, burst(check, requests), strict=True):
            check.expect(
                not (answer.ok and marker in answer.text),
                read.place(f"method {method}"),
                f"{method} gives the request back, with the credentials that proxies add to it.",
                answer,
                expected="405 or 501",
                seen=f"{answer.status} with the header that was sent",
                cause=f"method {method}",
            )


@pytest.mark.control("PEN-07")
def test_a_method_that_nobody_offers_is_not_taken_for_a_read(check: Check) -> None:
    for read in reads(check, public=1, protected=1):
        ways = {"": read.request}
        if read.identity is not None:
            ways[" without a credential"] = read.surface.request()
        for how, request in ways.items():
            requests = [replace(request, method=method) for method in ODD]
            for method, answer in zip(ODD, burst(check, requests), strict=True):
                kind = "lower-case" if method == LOWER else "unknown"
                check.expect(
                    not (answer.ok and answer.body and alike(answer, read.answer)),
                    read.place(f"method {method}{how}"),
                    f"The method {method}{how} is answered as GET is: rules that are written "
                    "for methods do not see it.",
                    answer,
                    expected="405 or 501",
                    seen=f"{answer.status} with what GET gives",
                    confidence=Confidence.WEAK if method == LOWER else Confidence.CONFIRMED,
                    cause=f"{kind} methods are reads{how}",
                )
