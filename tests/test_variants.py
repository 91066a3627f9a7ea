"""The rows of a proof: which there are, and who stands by."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from l7audit.assess.proof import CLEAN
from l7audit.errors import AuditError, CatalogueError
from l7audit.model import Control, Verdict
from l7audit.variants import NEIGHBOURS, STRANGERS, Variant, bystanders, variants_of

SUMMARIES = {"open": "It opens", "odd": "It looks odd", "quiet": "It is harmless"}


def control(name: str, **more: Any) -> Control:
    fields = {"title": "T", "severity": "low", "rationale": "R", "remediation": "R", "mappings": {}}
    return msgspec.convert({"id": name, **fields, **more}, Control)


def test_the_clean_stack_comes_first_and_variants_with_costly_subjects_next() -> None:
    found = variants_of(
        [
            control("AA-01", defects=["open", "odd"]),
            control("AA-02", defects=["odd"], near_misses=["quiet"]),
            control("BB-01", defects=["quiet2"], alone=True),
        ],
        SUMMARIES | {"quiet2": "x"},
    )
    assert [(v.name, v.kind, sorted(v.subjects)) for v in found] == [
        (CLEAN, "clean", ["AA-01", "AA-02", "BB-01"]),
        ("quiet2", "defect", ["BB-01"]),
        ("odd", "defect", ["AA-01", "AA-02"]),
        ("open", "defect", ["AA-01"]),
        ("quiet", "near_miss", ["AA-02"]),
    ]
    assert [v.expected for v in found] == [Verdict.PASS, *[Verdict.FAIL] * 3, Verdict.PASS]
    assert found[2].summary == SUMMARIES["odd"]


def test_a_defect_that_nobody_can_plant_is_refused() -> None:
    with pytest.raises(CatalogueError, match="AA-01 names the defect 'typo', which nobody"):
        variants_of([control("AA-01", defects=["typo"])], SUMMARIES)


def test_what_is_a_defect_to_one_is_no_near_miss_to_another() -> None:
    with pytest.raises(CatalogueError, match="'odd' is a defect and a near-miss at once"):
        variants_of(
            [control("AA-01", defects=["odd"]), control("AA-02", near_misses=["odd"])], SUMMARIES
        )


def test_a_variant_knows_what_is_due() -> None:
    assert Variant("x", "", frozenset(), near_miss=True).expected is Verdict.PASS
    assert issubclass(CatalogueError, AuditError)


def many(count: int) -> tuple[list[Control], list[Variant]]:
    """Controls of two areas and one that must be alone, and variants of the first area."""
    controls = [control(f"{area}-{n:02}") for area in ("AA", "BB") for n in range(1, 9)]
    variants = [Variant(f"v{n}", "", frozenset({"AA-01"}), near_miss=False) for n in range(count)]
    return [*controls, control("AA-99", alone=True)], variants


def test_some_neighbours_and_some_strangers_stand_by_and_no_subject() -> None:
    controls, variants = many(20)
    for names in bystanders(variants, controls).values():
        areas = Counter(name[:2] for name in names)
        assert areas == {"AA": NEIGHBOURS, "BB": STRANGERS}
        assert not names & {"AA-01", "AA-99"}


def test_strangers_do_not_stand_by_at_what_is_harmless() -> None:
    controls, variants = many(20)
    harmless = [Variant(v.name, "", v.subjects, near_miss=True) for v in variants]
    for names in bystanders(harmless, controls).values():
        assert Counter(name[:2] for name in names) == {"AA": NEIGHBOURS}


def test_each_control_stands_by_as_often_as_its_fellows() -> None:
    controls, variants = many(40)
    stood = Counter(n for names in bystanders(variants, controls).values() for n in names)
    for area in ("AA", "BB"):
        times = [count for name, count in stood.items() if name.startswith(area)]
        assert len(times) == (7 if area == "AA" else 8)
        assert max(times) - min(times) <= 1


def test_the_same_ones_stand_by_each_time_whatever_the_order() -> None:
    controls, variants = many(20)
    assert bystanders(variants, controls) == bystanders(variants[::-1], controls)


def test_what_asks_a_scanner_stands_by_on_demand_only() -> None:
    controls, variants = many(40)
    controls.append(control("BB-50", scanners=["reader"]))
    stood = {n for names in bystanders(variants, controls).values() for n in names}
    assert "BB-50" not in stood
    assert "BB-50" in bystanders(variants, controls, thorough=True)["v0"]


def test_all_that_disturb_nobody_stand_by_on_demand() -> None:
    controls, (variant,) = many(1)
    everybody = {c.id for c in controls} - {"AA-01", "AA-99"}
    assert bystanders([variant], controls, thorough=True)["v0"] == everybody
