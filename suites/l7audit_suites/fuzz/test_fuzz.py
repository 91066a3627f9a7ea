"""What the answers to generated requests show; they are sent once for all of these."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check

FAILING = {"server error", "no answer"}
UNBOUNDED = {"answer without an end", "answer without a bound"}
UNLIKE_THE_DOCUMENT = {"undocumented success", "answer of another shape"}
ACCEPTED = {"accepted what does not fit"}


def judge(check: Check, forbidden: set[str]) -> None:
    """Accuses what the control forbids of all that was seen."""
    scan = check.scan("schemathesis")
    check.accuse(scan, [w for w in scan.weaknesses if w.rule in forbidden])


@pytest.mark.control("FUZZ-01")
def test_no_generated_request_makes_the_service_fail(check: Check) -> None:
    judge(check, FAILING)


@pytest.mark.control("FUZZ-02")
def test_answers_are_what_the_document_says(check: Check) -> None:
    judge(check, UNLIKE_THE_DOCUMENT)


@pytest.mark.control("FUZZ-03")
def test_what_does_not_fit_the_document_is_refused(check: Check) -> None:
    judge(check, ACCEPTED)


@pytest.mark.control("FUZZ-04")
def test_no_answer_to_a_generated_request_is_without_a_bound(check: Check) -> None:
    judge(check, UNBOUNDED)
