"""Planted defects of authorisation."""

from __future__ import annotations

from l7audit_stack.defects.authz import lists, objects
from l7audit_stack.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = (*objects.DEFECTS, *lists.DEFECTS)
