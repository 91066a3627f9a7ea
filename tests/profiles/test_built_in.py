"""The profiles that come along: each is valid and names what there is."""

from __future__ import annotations

import pytest

from l7audit import catalogue as catalogues
from l7audit import plugins
from l7audit.model import Safety
from l7audit.profile import built_in, load


@pytest.mark.parametrize("name", built_in())
def test_its_controls_and_its_reporters_exist(name: str) -> None:
    profile = load(name)
    loaded = plugins.load(third_party=False)
    assert profile.name == name
    assert catalogues.load([s.package for s in loaded.suites]).select(profile.select)
    assert loaded.chosen_reporters(profile.reports)


def test_the_profile_for_continuous_integration_leaves_out_faults_and_drills_alone() -> None:
    """Everything that is of security is in it; what kills parts, or restores them, takes longer."""
    loaded = plugins.load(third_party=False)
    catalogue = catalogues.load([suite.package for suite in loaded.suites])
    assert set(catalogue.areas) - set(load("ci").select) == {"BACKUP", "FAIL"}
    assert set(load("ci").select) < set(catalogue.areas)


def test_the_profile_for_continuous_integration_stops_nothing() -> None:
    assert load("ci").level is Safety.INTRUSIVE
    assert {"sarif", "junit", "markdown"} < set(load("ci").reports)
