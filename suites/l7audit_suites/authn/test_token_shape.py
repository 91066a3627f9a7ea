"""Texts that are no tokens."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence
from l7audit.probe.answer import Answer
from l7audit_suites.authn.forgeries import Forgery
from l7audit_suites.authn.ground import ask_all, token_ground
from l7audit_suites.authn.judgement import Seen
from l7audit_suites.authn.malformed import flattened, malformed, outside_alphabet


@pytest.mark.control("AUTHN-22")
def test_malformed_tokens_are_refused_and_break_nothing(check: Check) -> None:
    ground, token = token_ground(check)
    loose = list(outside_alphabet(token))
    tried = [*malformed(token), *flattened(token), *loose]
    answers = ask_all(check, [ground.request(f.text) for f in tried])
    pairs = list(zip(tried, answers, strict=True))
    broken = [(f, a) for f, a in pairs if a.status is not None and a.status >= 500]
    check.expect(
        not broken,
        ground.place("malformed token, error"),
        f"A malformed token ends in an error of the server: {_names(broken)}.",
        *[a for _, a in broken[:5]],
        expected="401",
        seen=str(broken[0][1].status) if broken else "",
    )
    taken = [(f, a) for f, a in pairs if ground.seen(a) is Seen.ACCEPTED]
    dropped = [(f, a) for f, a in taken if f in loose]
    check.expect(
        not dropped,
        ground.place("odd characters in a token"),
        f"A token is read by a decoder that drops what is no base64url: {_names(dropped)}.",
        *[a for _, a in dropped[:5]],
        expected="401",
        seen="the same answer as to the right token",
        # It is a real token all the same: only what compares tokens by their text is deceived.
        confidence=Confidence.WEAK,
    )
    accepted = [(f, a) for f, a in taken if f not in loose]
    check.expect(
        not accepted,
        ground.place("malformed token"),
        f"A malformed token is accepted: {_names(accepted)}.",
        *[a for _, a in accepted[:5]],
        expected="401",
        seen="the same answer as to the right token",
    )
    silent = [f for f, a in pairs if a.status is None or a.throttled]
    if silent:
        check.inconclusive(f"{len(silent)} malformed tokens got no answer: {silent[0].name}.")


def _names(pairs: list[tuple[Forgery, Answer]]) -> str:
    return "; ".join(forgery.name for forgery, _ in pairs[:8])
