"""Planted defects of cross-origin rules."""

from __future__ import annotations

from l7audit_stack.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = ()
