"""Planted defects of files by path: names, archives of each kind, uploads and forms."""

from __future__ import annotations

from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.path import files, forms, tarballs, zips

DEFECTS: tuple[Defect, ...] = (
    *files.DEFECTS,
    *zips.DEFECTS,
    *tarballs.DEFECTS,
    *forms.DEFECTS,
)
