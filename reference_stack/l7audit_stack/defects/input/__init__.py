"""Planted defects of how input is read and used."""

from __future__ import annotations

from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import (
    answering,
    blind,
    entrances,
    interpreters,
    logs,
    look_alikes,
    objects,
    outbound,
    queries,
    reading,
    statements,
)

DEFECTS: tuple[Defect, ...] = (
    *statements.DEFECTS,
    *entrances.DEFECTS,
    *interpreters.DEFECTS,
    *outbound.DEFECTS,
    *queries.DEFECTS,
    *reading.DEFECTS,
    *objects.DEFECTS,
    *answering.DEFECTS,
    *blind.DEFECTS,
    *look_alikes.DEFECTS,
    *logs.DEFECTS,
)
