"""Planted defects of exposure: answers, errors, and what is left open."""

from __future__ import annotations

from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.expose import answers, errors, left_open, versions

DEFECTS: tuple[Defect, ...] = (
    *answers.DEFECTS,
    *errors.DEFECTS,
    *left_open.DEFECTS,
    *versions.DEFECTS,
)
