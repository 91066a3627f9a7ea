"""Planted defects of keys: how they are made, shown, rotated, published and ended."""

from __future__ import annotations

from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.keys import api_keys, signing_keys

DEFECTS: tuple[Defect, ...] = (*api_keys.DEFECTS, *signing_keys.DEFECTS)
