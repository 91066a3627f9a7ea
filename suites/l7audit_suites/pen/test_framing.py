"""Where a request ends: all readers on its way must agree (RFC 9112)."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit_suites.pen import framing
from l7audit_suites.pen.connections import lines, splits_none


@pytest.mark.control("PEN-01")
def test_a_length_beside_a_transfer_coding_splits_no_request(check: Check) -> None:
    splits_none(lines(check), framing.length_and_coding)


@pytest.mark.control("PEN-02")
def test_a_disguised_transfer_coding_splits_no_request(check: Check) -> None:
    splits_none(lines(check), framing.disguised)


@pytest.mark.control("PEN-03")
def test_lengths_that_can_be_read_differently_split_no_request(check: Check) -> None:
    splits_none(lines(check), framing.disputed_lengths)


@pytest.mark.control("PEN-04")
def test_a_body_that_a_read_does_not_expect_is_still_a_body(check: Check) -> None:
    splits_none(lines(check, reading=True), framing.bodies_of_reads)


@pytest.mark.control("PEN-05")
def test_chunks_that_are_loosely_written_end_no_body(check: Check) -> None:
    splits_none(lines(check), framing.loose_chunks)
