"""What scanners read in the target's code and in the list of what it runs with."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Severity


@pytest.mark.control("SUPPLY-01")
def test_the_code_has_no_known_dangerous_construct(check: Check) -> None:
    scan = check.scan("bandit")
    sure = [
        w
        for w in scan.weaknesses
        if w.severity is Severity.HIGH and w.confidence is Confidence.STRONG
    ]
    if left := len(scan.weaknesses) - len(sure):
        check.observe(
            f"bandit also names {left} places that it is less sure of, or that hurt less."
        )
    check.accuse(scan, sure)


@pytest.mark.control("SUPPLY-02")
def test_no_installed_package_has_a_known_vulnerability(check: Check) -> None:
    scan = check.scan("pip-audit")
    check.accuse(scan, scan.weaknesses)


@pytest.mark.control("SUPPLY-03")
def test_no_credential_lies_in_the_source(check: Check) -> None:
    scan = check.scan("detect-secrets")
    check.accuse(scan, scan.weaknesses)
