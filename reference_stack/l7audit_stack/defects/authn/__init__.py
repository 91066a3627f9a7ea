"""Planted defects of credentials and tokens."""

from __future__ import annotations

from l7audit_stack.defects.authn import claims, signatures
from l7audit_stack.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = (*signatures.DEFECTS, *claims.DEFECTS)
