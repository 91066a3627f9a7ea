"""The one description of the stack."""

from __future__ import annotations

import pytest

from l7audit_stack.deploy.topology import Kind, Part, Port, Topology, reference_topology


def test_everything_that_a_part_needs_comes_in_an_earlier_wave() -> None:
    seen: set[Kind] = set()
    for wave in reference_topology().waves():
        for part in wave:
            assert seen.issuperset(part.needs)
        seen.update(part.kind for part in wave)
    assert seen == set(Kind)


def test_api_replicas_are_numbered_from_one() -> None:
    assert reference_topology(3).part(Kind.API).instances() == ("api-1", "api-2", "api-3")
    assert reference_topology(3).part(Kind.EDGE).instances() == ("edge",)


def test_parts_that_stay_have_a_port_and_one_shots_have_none() -> None:
    for part in reference_topology():
        assert bool(part.ports) is not part.kind.one_shot


def test_a_stack_without_replicas_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one API replica"):
        reference_topology(0)


def test_a_need_that_nobody_fills_is_refused() -> None:
    with pytest.raises(ValueError, match="edge needs api"):
        Topology((Part(Kind.EDGE, (Port("https", 8443),), needs=(Kind.API,)),))


def test_parts_that_wait_for_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="wait for each other: api, edge"):
        Topology((Part(Kind.API, needs=(Kind.EDGE,)), Part(Kind.EDGE, needs=(Kind.API,))))


def test_a_kind_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="once"):
        Topology((Part(Kind.STORE), Part(Kind.STORE)))
