"""Planted defects by name."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.registry import ALL, AREAS, UnknownDefectError, collect, named


def _area(monkeypatch: pytest.MonkeyPatch, name: str, *defects: Defect) -> str:
    module = ModuleType(name)
    module.DEFECTS = defects  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, module)
    return name


def _defect(name: str) -> Defect:
    return Defect(name, "A weakness.", environment={"A": "1"})


def test_every_area_is_read_and_names_its_own_defects() -> None:
    for area in AREAS:
        prefix = area.rpartition(".")[2]
        for defect in collect([area]).values():
            assert defect.name.startswith(f"{prefix}.")
            assert ALL[defect.name] == defect


def test_every_defect_is_summed_up_in_one_sentence() -> None:
    for defect in ALL.values():
        assert defect.summary.endswith("."), defect.name
        assert "\n" not in defect.summary, defect.name


def test_names_are_answered_in_the_order_asked() -> None:
    names = ("edge.old-tls", "edge.banner")
    assert tuple(defect.name for defect in named(names)) == names


def test_an_unknown_name_is_refused_with_those_near_it() -> None:
    with pytest.raises(UnknownDefectError, match=r"'edge\.baner': did you mean edge\.banner"):
        named(["edge.baner"])


def test_two_defects_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    one = _area(monkeypatch, "area_one", _defect("x.same"))
    other = _area(monkeypatch, "area_other", _defect("x.same"))
    with pytest.raises(ValueError, match=r"two defects are called x.same; one is in area_other"):
        collect([one, other])


@pytest.mark.parametrize("name", ["plain", ".slug", "area."])
def test_a_name_says_its_area(name: str) -> None:
    with pytest.raises(ValueError, match=r"form area\.slug"):
        _defect(name)


def test_a_defect_that_changes_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="changes nothing"):
        Defect("x.nothing", "Nothing.")
