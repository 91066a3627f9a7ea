"""Planted defects of encryption: on the way, at rest, and of the keys that it rests on."""

from __future__ import annotations

from l7audit_stack.defects.crypt import backups, data_keys, kept
from l7audit_stack.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = (
    *kept.DEFECTS,
    *data_keys.DEFECTS,
    *backups.DEFECTS,
)
