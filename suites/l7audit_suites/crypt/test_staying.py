"""Whether what keeps browsers with TLS is said the same everywhere."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit_suites.crypt.test_transport import with_tls
from l7audit_suites.head.reads import mistakes, reads
from l7audit_suites.head.transport import parse

_FIELD = "Strict-Transport-Security"


@pytest.mark.control("CRYPT-10")
def test_browsers_are_told_the_same_by_every_answer(check: Check) -> None:
    with_tls(check)
    read = reads(check)[0]
    told = parse(read.success.headers.get(_FIELD) or "")
    if told is None:
        check.inconclusive("The target does not tell browsers to stay with TLS.")
    for mistake in mistakes(check, read):
        values = mistake.refusal.headers.get_all(_FIELD)
        if not values:
            check.observe("A refusal does not say to stay with TLS.", mistake.refusal)
            continue
        check.expect(
            parse(values[0]) == told,
            mistake.place,
            f"A refusal says something else of staying with TLS than a success: {values[0][:80]}.",
            read.success,
            mistake.refusal,
            expected=read.success.headers.get(_FIELD) or "",
            seen=values[0][:80],
        )
