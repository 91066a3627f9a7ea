"""Planted defects of how input is read and used."""

from __future__ import annotations

from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import interpreters, look_alikes, outbound, reading, statements

DEFECTS: tuple[Defect, ...] = (
    *statements.DEFECTS,
    *interpreters.DEFECTS,
    *outbound.DEFECTS,
    *reading.DEFECTS,
    *look_alikes.DEFECTS,
)
