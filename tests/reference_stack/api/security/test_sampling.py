"""Of many like events one is kept."""

from __future__ import annotations

from l7audit_stack.api.security.sampling import Sampling


def test_a_flood_of_one_caller_leaves_one_event_a_window() -> None:
    sampling = Sampling(window=10)
    kept = [now for now in range(60) if sampling.keeps("input", "mallory", now)]
    assert kept == [0, 10, 20, 30, 40, 50]


def test_other_callers_and_other_kinds_are_kept_beside_it() -> None:
    sampling = Sampling()
    pairs = [("input", "mallory"), ("input", "trudy"), ("origin", "mallory")]
    assert all(sampling.keeps(kind, caller, 1.0) for kind, caller in pairs)
    assert not any(sampling.keeps(kind, caller, 2.0) for kind, caller in pairs)


def test_a_clock_that_was_put_back_silences_nobody() -> None:
    sampling = Sampling()
    assert sampling.keeps("input", "mallory", 1000.0)
    assert sampling.keeps("input", "mallory", 500.0)


def test_what_is_remembered_is_bounded() -> None:
    sampling = Sampling(most=3)
    for name in "abcd":
        assert sampling.keeps("input", name, 0.0)
    assert sampling.keeps("input", "a", 1.0)
    assert not sampling.keeps("input", "d", 1.0)
