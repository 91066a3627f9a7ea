"""Planted defects of the protocol: what is read as a request, and what is believed of it."""

from __future__ import annotations

from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.pen import (
    believing,
    bulk,
    counting,
    downgrade,
    framing,
    keeping,
    waiting,
)

DEFECTS: tuple[Defect, ...] = (
    *framing.DEFECTS,
    *believing.DEFECTS,
    *bulk.DEFECTS,
    *counting.DEFECTS,
    *downgrade.DEFECTS,
    *keeping.DEFECTS,
    *waiting.DEFECTS,
)
