"""Planted defects of authorisation."""

from __future__ import annotations

from l7audit_stack.defects.authz import (
    around,
    below,
    claims,
    functions,
    keys,
    lists,
    objects,
    references,
    taken_away,
)
from l7audit_stack.defects.defect import Defect

DEFECTS: tuple[Defect, ...] = (
    *objects.DEFECTS,
    *lists.DEFECTS,
    *below.DEFECTS,
    *references.DEFECTS,
    *claims.DEFECTS,
    *functions.DEFECTS,
    *around.DEFECTS,
    *keys.DEFECTS,
    *taken_away.DEFECTS,
)
