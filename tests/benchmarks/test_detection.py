"""The benchmark of detection: what counts as found, and that it speaks of controls there are."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from l7audit import catalogue as catalogues
from l7audit import plugins

ROOT = Path(__file__).parents[2]


@pytest.fixture
def matching(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "detection"))
    return importlib.import_module("matching")


def finding(matching: ModuleType, control: str, operation: str) -> object:
    return matching.Finding(frozenset({control}), operation, "said")


def planted(matching: ModuleType, cls: str, operation: str) -> object:
    return matching.Weakness(
        id="XX-01", cls=cls, operation=operation, summary="planted", documented=True
    )


@pytest.mark.parametrize(
    ("control", "operation"),
    [
        ("AUTHZ-01", "GET /things/{id}"),
        ("AUTHZ-01", "GET /things/{thing_id}"),
        ("AUTHZ-01", "GET /things/7/"),
    ],
)
def test_the_right_class_at_the_right_operation_is_found(
    matching: ModuleType, control: str, operation: str
) -> None:
    outcome = matching.matched(
        [planted(matching, "bola-read", "GET /things/{id}")],
        [finding(matching, control, operation)],
    )
    assert (len(outcome.found), len(outcome.missed), len(outcome.beside)) == (1, 0, 0)


@pytest.mark.parametrize(
    ("control", "operation"),
    [
        ("HEAD-01", "GET /things/{id}"),
        ("AUTHZ-01", "DELETE /things/{id}"),
        ("AUTHZ-01", "GET /things/{id}/parts"),
        ("AUTHZ-01", "GET /things"),
    ],
)
def test_another_class_or_another_operation_is_not(
    matching: ModuleType, control: str, operation: str
) -> None:
    outcome = matching.matched(
        [planted(matching, "bola-read", "GET /things/{id}")],
        [finding(matching, control, operation)],
    )
    assert (len(outcome.found), len(outcome.missed), len(outcome.beside)) == (0, 1, 1)


def test_what_is_everywhere_is_found_anywhere(matching: ModuleType) -> None:
    outcome = matching.matched(
        [planted(matching, "cors", "*")], [finding(matching, "CORS-02", "GET /things")]
    )
    assert len(outcome.found) == 1


def test_each_class_is_named_by_controls_and_areas_that_exist(matching: ModuleType) -> None:
    loaded = plugins.load(third_party=False)
    controls = catalogues.load([s.package for s in loaded.suites]).controls
    known = {c.id for c in controls} | {c.area for c in controls}
    named = {name for names in matching.naming().values() for name in names}
    assert named <= known


def test_what_all_paths_begin_with_may_be_left_out(matching: ModuleType) -> None:
    weaknesses = [planted(matching, "bola-read", "GET /api/things/{id}")]
    said = [finding(matching, "AUTHZ-01", "GET /things/{id}")]
    assert len(matching.matched(weaknesses, said, "/api").found) == 1
    assert not matching.matched(weaknesses, said).found
