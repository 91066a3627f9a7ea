"""Planted defects of the audit trail: what it leaves out, gives away, or does not notice."""

from __future__ import annotations

from l7audit_stack.defects.audit import access, chain, disclosures, records
from l7audit_stack.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = (
    *records.DEFECTS,
    *disclosures.DEFECTS,
    *access.DEFECTS,
    *chain.DEFECTS,
)
