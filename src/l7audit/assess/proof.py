"""What shows that the checks can fail: cells of the proof matrix to a proof a control.

Cells of another version of the suites prove nothing about this one. Where a cell was run more
than once the last one counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from l7audit.assess.results import Entry, Proof, ProofState, ProofVariant
from l7audit.journal import ProofCell
from l7audit.model import Control, Verdict

CLEAN = "clean"
"""The variant without any defect."""

Cells = Mapping[str, Mapping[str, ProofCell]]
"""Cells by control and variant."""


class ProofGap(Entry, frozen=True, kw_only=True):
    """What is missing of a proof; `variant` is empty where no defect is declared at all."""

    control: str
    variant: str
    reason: str


class ProvenControl(Entry, frozen=True, kw_only=True):
    """One control's row of the matrix; `clean` is null where that cell was not run."""

    id: str
    state: ProofState
    clean: Verdict | None
    defects: list[ProofVariant]
    near_misses: list[ProofVariant]


class ProofDocument(Entry, frozen=True, kw_only=True):
    """`proof.json`: the matrix by control, and every gap in it. `seconds` is what it took."""

    controls: list[ProvenControl]
    gaps: list[ProofGap]
    suites_digest: str
    seconds: float


def proof_document(
    controls: Iterable[Control],
    cells: Iterable[ProofCell],
    *,
    suites_digest: str = "",
    seconds: float = 0.0,
) -> ProofDocument:
    """The whole matrix. Here a control without any cell is a gap, as the proof was asked for."""
    matrix = cells_of(cells, suites_digest)
    rows: list[ProvenControl] = []
    gaps: list[ProofGap] = []
    for control in sorted(controls, key=lambda c: c.id):
        proof, missing = _assemble(control, matrix)
        rows.append(
            ProvenControl(
                id=control.id,
                state=_state(control, missing),
                clean=proof.clean,
                defects=proof.defects,
                near_misses=proof.near_misses,
            )
        )
        gaps += missing
    return ProofDocument(controls=rows, gaps=gaps, suites_digest=suites_digest, seconds=seconds)


def encode(document: ProofDocument) -> bytes:
    """The bytes of `proof.json`: indented, in order, with a trailing newline."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def cells_of(cells: Iterable[ProofCell], suites_digest: str = "") -> Cells:
    """The cells that count; no digest takes those of any version."""
    found: defaultdict[str, dict[str, ProofCell]] = defaultdict(dict)
    for cell in cells:
        if not suites_digest or not cell.suites_digest or cell.suites_digest == suites_digest:
            found[cell.control][cell.variant] = cell
    return dict(found)


def proof(control: Control, matrix: Cells) -> Proof:
    """The proof of one control. Without any cell of its own it is only declared."""
    assembled, _ = _assemble(control, matrix)
    if control.defects and control.id not in matrix:
        return msgspec.structs.replace(assembled, state="declared", gaps=[])
    return assembled


def _assemble(control: Control, matrix: Cells) -> tuple[Proof, list[ProofGap]]:
    own = matrix.get(control.id, {})
    clean = own.get(CLEAN)
    defects = [_variant(name, own.get(name)) for name in control.defects]
    near_misses = [_variant(name, own.get(name)) for name in control.near_misses]
    missing = list(_gaps(control, clean, [*defects, *near_misses]))
    assembled = Proof(
        state=_state(control, missing),
        clean=clean.verdict if clean else None,
        defects=defects,
        near_misses=near_misses,
        gaps=[f"{gap.variant}: {gap.reason}" if gap.variant else gap.reason for gap in missing],
    )
    return assembled, missing


def _state(control: Control, missing: Sequence[ProofGap]) -> ProofState:
    if not control.defects:
        return "none"
    return "gap" if missing else "proven"


def _variant(name: str, cell: ProofCell | None) -> ProofVariant:
    if cell is None:
        return ProofVariant(
            name=name, summary="", verdict=None, ok=False, disturbed=[], reason="It was not run."
        )
    return ProofVariant(
        name=name,
        summary=cell.summary,
        verdict=cell.verdict,
        ok=cell.ok,
        disturbed=cell.disturbed,
        reason=cell.reason,
    )


def _gaps(
    control: Control, clean: ProofCell | None, variants: Sequence[ProofVariant]
) -> Iterable[ProofGap]:
    if not control.defects:
        yield ProofGap(control=control.id, variant="", reason="No defect is declared for it.")
    if clean is None:
        yield ProofGap(control=control.id, variant=CLEAN, reason="It was not run.")
    elif not clean.ok:
        yield ProofGap(
            control=control.id,
            variant=CLEAN,
            reason=clean.reason or f"The clean stack gave {clean.verdict.value}.",
        )
    for variant in variants:
        if not variant.ok:
            yield ProofGap(control=control.id, variant=variant.name, reason=_why(variant))


def _why(variant: ProofVariant) -> str:
    if variant.reason:
        return variant.reason
    if variant.disturbed:
        return f"It also turned {', '.join(variant.disturbed)} red."
    return f"The control answered {variant.verdict.value if variant.verdict else 'nothing'}."
