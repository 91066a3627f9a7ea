"""What answers tell caches, and what they leave in the browser's own store."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence
from l7audit_suites.head import caching, cookies
from l7audit_suites.head.reads import reads
from l7audit_suites.head.signing_in import signed_in

_MOST_READS = 8
"""Whoever sets the header where it comes to mind forgets it at one route of many."""


@pytest.mark.control("HEAD-08")
def test_answers_for_one_caller_stay_out_of_shared_caches(check: Check) -> None:
    found = [r for r in reads(check, protected=_MOST_READS, public=1) if r.protected]
    if not found:
        check.inconclusive("No protected read succeeded: the profile's identities open none.")
    for read in found:
        values = read.success.headers.get_all("Cache-Control")
        fault = caching.personal_fault(values)
        check.expect(
            not fault,
            read.place("header Cache-Control"),
            fault,
            read.success,
            expected="no-store, or private",
            seen=f"Cache-Control: {', '.join(values) or 'absent'}",
            cause="header Cache-Control",
        )


@pytest.mark.control("HEAD-08")
def test_answers_with_a_token_are_never_stored(check: Check) -> None:
    reads(check)
    for place, answer in signed_in(check):
        values = answer.headers.get_all("Cache-Control")
        fault = caching.secret_fault(values)
        check.expect(
            not fault,
            place("header Cache-Control"),
            fault,
            answer,
            expected="no-store",
            seen=f"Cache-Control: {', '.join(values) or 'absent'}",
            cause="header Cache-Control",
        )


@pytest.mark.control("HEAD-11")
def test_no_session_cookie_is_set_unprotected(check: Check) -> None:
    seen = [(r.place, r.success) for r in reads(check)] + signed_in(check)
    sessions = 0
    for place, answer in seen:
        parsed = [cookies.parse(text) for text in answer.headers.get_all("Set-Cookie")]
        found = [c for c in parsed if c is not None and c.for_session and not c.removed]
        sessions += len(found)
        faults = [f for cookie in found for f in cookies.faults(cookie)]
        # Browsers drop a Secure cookie that comes over a plain connection (RFC 6265bis, 5.7): what
        # is tried without TLS may well set the attribute where there is some.
        plain = check.target.base_url.startswith("http:")
        doubtful = plain and not any(cookies.faults(cookies.secured(c)) for c in found)
        check.expect(
            not faults,
            place("header Set-Cookie"),
            " ".join(faults),
            answer,
            expected="__Host- name; Secure; HttpOnly; SameSite=Lax; Path=/",
            seen="; ".join(
                f"{c.name} with {', '.join(sorted(c.attributes)) or 'no attribute'}" for c in found
            ),
            confidence=Confidence.WEAK if doubtful else Confidence.CONFIRMED,
        )
    check.observe("Session cookies seen where callers sign in.", cookies=sessions)
