"""Planted defects of rate limits."""

from __future__ import annotations

from l7audit_stack.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = ()
