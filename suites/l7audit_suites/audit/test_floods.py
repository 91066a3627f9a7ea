"""What is refused in great number: it leaves a record, and not one each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.audit.trail import Trail, new_key, signed_in, trail, wrong_key
from l7audit_suites.authn.made_keys import MadeKey, made_key
from l7audit_suites.rate.buckets import guessing_bucket
from l7audit_suites.rate.flood import throttled

_FLOOD = 24
_CONCURRENCY = 8
_MOST_SHARE = 0.5
"""The share of what is refused that may be in the log."""

_MALFORMED = b'{"l7audit": '
_REFUSALS = (400, 413, 415, 422)


@pytest.mark.control("AUDIT-12")
def test_a_lockout_is_recorded_and_not_each_refused_guess(check: Check) -> None:
    login = check.surface(Kind.LOGIN)
    log = trail(check, canaries=(wrong_key, new_key))
    bucket = guessing_bucket(check)
    refused = [answer for answer in bucket.flood() if throttled(answer)]
    if not refused:
        check.inconclusive("No limit was met: nobody is locked out here.")
    refused += filter(throttled, check.burst([bucket.request] * _FLOOD, _CONCURRENCY))
    _bounded(log, refused, login.place("lockout"), "That a caller is held off")


@pytest.mark.control("AUDIT-13")
def test_refused_input_is_recorded_and_not_each_time(check: Check) -> None:
    log = trail(check, canaries=(wrong_key, signed_in))
    with made_key(check) as made:
        request = _malformed(check, made)
        answers = check.burst([request] * _FLOOD, _CONCURRENCY)
        refused = [answer for answer in answers if answer.status in _REFUSALS]
        if len(refused) < _FLOOD // 2:
            check.inconclusive("Malformed input was not refused as such.")
        _bounded(log, refused, made.surface.place("malformed body"), "Refused input")


def _malformed(check: Check, made: MadeKey) -> Request:
    """A request that its caller may make, but for its body: by a key of the check's own, since a
    log that keeps one of many may have kept one of its owner's already."""
    auth = replace(check.sessions.api_key(made.owner), value=made.text)
    return replace(made.surface.request(auth=auth), content=_MALFORMED)


def _bounded(log: Trail, refused: list[Answer], place: Place, what: str) -> None:
    """Expects that some of these are in the log, and not most of them."""
    kept = log.recorded(refused)
    log.check.expect(
        bool(kept),
        place,
        f"{what} leaves no record in the audit log.",
        *refused[:3],
        expected="a record of one of them at least",
        seen=f"none of {len(refused)}",
    )
    log.check.expect(
        len(kept) <= max(1, len(refused) * _MOST_SHARE),
        place,
        f"{what} is recorded each time: a flood fills the audit log.",
        *kept[:3],
        expected="one of many",
        seen=f"{len(kept)} of {len(refused)}",
    )
