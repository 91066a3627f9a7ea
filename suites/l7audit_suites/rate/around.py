"""Whether a request walks around a limit: told only while the plain request is shut out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.rate.flood import Bucket, throttled

ROUNDS = 5
"""A success between two refusals may be the bucket's own refill; five in a row are a way around."""

TRIES = 3 * ROUNDS
"""So often a trick is tried where the limit opens again before its success can be told."""

ERRORS = 3
"""So many errors of the server, while the plain request is throttled, are what the trick gets."""

NOT_UNDERSTOOD = frozenset({400, 404, 405, 406, 410, 414, 415, 422, 501})
"""Answers that say nothing of the limit: the trick did not reach what the plain request does."""

Trick = Callable[[], Request]
"""Makes a request that might walk around the limit; each call may make another one."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Whether a trick walks `around`; None where nothing could be told. `answer` is its last."""

    around: bool | None
    answer: Answer


def held_back(answer: Answer) -> bool:
    """Whether a trick got nowhere: it was throttled, or not taken for the plain request."""
    return throttled(answer) or answer.status in NOT_UNDERSTOOD


def try_around(bucket: Bucket, trick: Trick) -> Tried:
    """Sends a trick between two refusals of the plain request, until it is clear what it is.

    Where the plain request is let in right after the trick, the bucket has opened meanwhile: that
    try says nothing, and another one is made.
    """
    let_in = errors = 0
    for _ in range(TRIES):
        if not bucket.shut():
            bucket.empty()
        answer = bucket.check.send(trick(), patience=False)
        if held_back(answer):
            return Tried(False, answer)
        if answer.status is None or answer.status >= 500:
            errors += 1
            if errors == ERRORS and not let_in:
                return Tried(False, answer)
        elif bucket.shut():
            let_in += 1
            if let_in == ROUNDS:
                return Tried(True, answer)
    return Tried(None, answer)
