"""What answers tell browsers: to stay with TLS, to guess nothing, to run and embed nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Place
from l7audit.probe.answer import Answer
from l7audit_suites.head import content_policy, fields, transport
from l7audit_suites.head.reads import Read, pages, reads, where_rendered

Judge = Callable[[Sequence[str]], str]
"""The values of a header to what is wrong with them; empty where nothing is."""


def judged(
    check: Check,
    place: Place,
    answer: Answer,
    header: str,
    judge: Judge,
    *,
    expected: str,
    confidence: Confidence = Confidence.CONFIRMED,
) -> None:
    """Expects an answer's header to be sound."""
    values = answer.headers.get_all(header)
    fault = judge(values)
    seen = f"{header}: {', '.join(values) if values else 'absent'}"
    cause = f"header {header}"
    check.expect(
        not fault,
        place,
        fault,
        answer,
        expected=expected,
        seen=seen,
        confidence=confidence,
        cause=cause,
    )


def each(
    check: Check,
    found: Sequence[Read],
    header: str,
    judge: Judge,
    expected: str,
    *,
    for_pages: bool = False,
) -> None:
    """Expects a header to be sound on each of the reads; one that is `for_pages` is only additional
    where an answer is data."""
    for read in found:
        place, answer = read.place(f"header {header}"), read.success
        sure = where_rendered(answer) if for_pages else Confidence.CONFIRMED
        judged(check, place, answer, header, judge, expected=expected, confidence=sure)


@pytest.mark.control("HEAD-01")
def test_browsers_are_told_to_stay_with_tls(check: Check) -> None:
    if not check.target.base_url.startswith("https://"):
        check.not_applicable("The target is reached without TLS, where browsers ignore the header.")
    expected = "max-age=63072000; includeSubDomains"
    each(check, reads(check), "Strict-Transport-Security", transport.fault, expected)


@pytest.mark.control("HEAD-02")
def test_browsers_keep_to_the_declared_content_type(check: Check) -> None:
    each(check, reads(check), "X-Content-Type-Options", fields.nosniff_fault, "nosniff")


@pytest.mark.control("HEAD-03")
def test_no_other_site_can_frame_an_answer(check: Check) -> None:
    for read in reads(check):
        headers = read.success.headers
        policy, options = (
            headers.get_all("Content-Security-Policy"),
            headers.get_all("X-Frame-Options"),
        )
        fault = content_policy.framing_fault(policy, options)
        check.expect(
            not fault,
            read.place("framing"),
            fault,
            read.success,
            expected="frame-ancestors 'none' in the content policy, or X-Frame-Options: DENY",
            seen=f"policy: {', '.join(policy) or 'absent'}; "
            f"X-Frame-Options: {', '.join(options) or 'absent'}",
            confidence=where_rendered(read.success),
            cause="framing",
        )


@pytest.mark.control("HEAD-04")
def test_answers_carry_a_policy_that_lets_nothing_run(check: Check) -> None:
    header, found = "Content-Security-Policy", reads(check)
    data = [r for r in found if r.success.media_type != "text/html"]
    each(check, data, header, content_policy.api_fault, "default-src 'none'", for_pages=True)
    for place, page in pages(check, found[0]):
        expected = "scripts by nonce or hash, or none"
        judged(check, place, page, header, content_policy.page_fault, expected=expected)


@pytest.mark.control("HEAD-05")
def test_other_sites_do_not_learn_the_address(check: Check) -> None:
    judge, expected = fields.referrer_fault, "no-referrer"
    each(check, reads(check), "Referrer-Policy", judge, expected, for_pages=True)


@pytest.mark.control("HEAD-06")
def test_powerful_browser_features_are_taken_away(check: Check) -> None:
    expected = "camera=(), geolocation=(), microphone=()"
    judge = fields.permissions_fault
    each(check, reads(check), "Permissions-Policy", judge, expected, for_pages=True)


@pytest.mark.control("HEAD-07")
def test_other_sites_cannot_load_what_a_caller_signed_in_for(check: Check) -> None:
    found = [r for r in reads(check) if r.protected]
    if not found:
        check.inconclusive("No protected read succeeded: the profile's identities open none.")
    header, expected = "Cross-Origin-Resource-Policy", "same-origin or same-site"
    each(check, found, header, fields.resource_policy_fault, expected, for_pages=True)
    header, judge = "Cross-Origin-Opener-Policy", fields.opener_policy_fault
    for place, page in pages(check, found[0]):
        judged(check, place, page, header, judge, expected="same-origin")


@pytest.mark.control("HEAD-10")
def test_the_retired_script_filter_is_not_switched_on(check: Check) -> None:
    each(check, reads(check), "X-XSS-Protection", fields.filter_fault, "0, or no such header")
