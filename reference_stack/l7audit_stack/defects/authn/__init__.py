"""Planted defects of credentials and tokens."""

from __future__ import annotations

from l7audit_stack.defects.authn import access, claims, issuers, keys, login, signatures
from l7audit_stack.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = (
    *access.DEFECTS,
    *keys.DEFECTS,
    *signatures.DEFECTS,
    *claims.DEFECTS,
    *issuers.DEFECTS,
    *login.DEFECTS,
)
