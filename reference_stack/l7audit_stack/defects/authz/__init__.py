"""Planted defects of authorisation."""

from __future__ import annotations

from l7audit_stack.defects.authz import below, claims, lists, objects, references
from l7audit_stack.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = (
    *objects.DEFECTS,
    *lists.DEFECTS,
    *below.DEFECTS,
    *references.DEFECTS,
    *claims.DEFECTS,
)
