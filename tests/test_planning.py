"""What a run will do: which controls, which not and why, in what order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from l7audit.catalogue import Catalogue, Check
from l7audit.harness.context import Context
from l7audit.hookspecs import Scanner
from l7audit.model import Capability, Control, Safety, Severity, Target
from l7audit.planning import GROUP, Plan, plan, provable
from l7audit.profile import Budget
from l7audit.scanning import Ground, Scan

TARGET = Target(
    name="t",
    provider="external",
    base_url="http://a.test",
    capabilities=[Capability.HTTP, Capability.OPENAPI],
)


def control(name: str, **more: Any) -> Control:
    fields = {"title": "T", "rationale": "R", "remediation": "R", "mappings": {}}
    return msgspec.convert({"id": name, "severity": Severity.LOW, **fields, **more}, Control)


def catalogue(*controls: Control, files: int = 1) -> Catalogue:
    """A catalogue with one check a control, dealt out to so many files."""
    checks = []
    for number, each in enumerate(controls):
        path = Path(f"/s/aa/test_{number % files}.py")
        function = f"test_{each.id}"
        checks.append(Check(f"aa/{path.name}::{function}", each.id, path, function))
    return Catalogue(controls, tuple(checks), {"AA": "A"}, "digest")


def planned(*controls: Control, level: Safety = Safety.DISRUPTIVE, files: int = 1) -> Plan:
    made = catalogue(*controls, files=files)
    return plan(made, made.controls, TARGET, level)


def jobs(of: Plan, done: tuple[str, ...] = ()) -> tuple[list[list[str]], list[str]]:
    """The controls of each shared job, and of the one that runs alone."""
    context = Context(TARGET, "", 1, {c.id: c for c in of.controls}, Budget(), Safety.ACTIVE)
    shared, alone = of.jobs(context, done)
    assert all(job.context is context for job in shared)
    return [[c.control for c in job.checks] for job in shared], (
        [c.control for c in alone.checks] if alone else []
    )


def test_a_control_whose_needs_are_granted_is_planned_with_its_checks() -> None:
    made = planned(control("AA-01"), control("AA-02", needs=["http", "openapi"]))
    assert [c.id for c in made.controls] == ["AA-01", "AA-02"]
    assert [c.control for c in made.checks] == ["AA-01", "AA-02"]
    assert made.out_of_scope == ()


def test_a_control_without_what_it_needs_is_out_of_scope_and_says_what() -> None:
    made = planned(control("AA-01", needs=["http", "faults", "mint"]), control("AA-02"))
    assert [(s.control, s.reason) for s in made.out_of_scope] == [
        ("AA-01", "It needs faults, mint, which the provider 'external' does not grant here.")
    ]
    assert [c.control for c in made.checks] == ["AA-02"]


@pytest.mark.parametrize("level", list(Safety))
def test_what_goes_further_than_the_profile_allows_is_out_of_scope(level: Safety) -> None:
    made = planned(*(control(f"AA-0{s.rank}", safety=s) for s in Safety), level=level)
    assert [c.id for c in made.controls] == [f"AA-0{n}" for n in range(level.rank + 1)]
    for skipped in made.out_of_scope:
        assert f"the profile allows {level} at most" in skipped.reason
    assert len(made.controls) + len(made.out_of_scope) == len(Safety)


def test_only_named_checks_run_and_their_control_stays_planned() -> None:
    made = catalogue(control("AA-01"), control("AA-02"))
    chosen = plan(made, made.controls, TARGET, Safety.ACTIVE, {made.checks[1].id})
    assert [c.id for c in chosen.controls] == ["AA-01", "AA-02"]
    assert [c.control for c in chosen.checks] == ["AA-02"]


def test_a_job_holds_few_checks_of_one_file_and_the_longest_go_first() -> None:
    made = planned(*(control(f"AA-{n:02}") for n in range(2 * GROUP + 3)), files=2)
    shared, alone = jobs(made)
    assert [len(job) for job in shared] == [GROUP, GROUP, 2, 1]
    assert sorted(c for job in shared for c in job) == [c.id for c in made.controls]
    assert alone == []


def test_what_disturbs_others_is_one_job_of_its_own_gentlest_first() -> None:
    made = planned(
        control("AA-01", alone=True, safety="disruptive"),
        control("AA-02"),
        control("AA-03", alone=True, safety="passive"),
        control("AA-04", alone=True, safety="intrusive"),
    )
    assert jobs(made) == ([["AA-02"]], ["AA-03", "AA-04", "AA-01"])


def test_what_was_done_before_is_in_no_job() -> None:
    made = planned(control("AA-01"), control("AA-02"), control("AA-03", alone=True))
    done = tuple(c.id for c in made.checks if c.control != "AA-02")
    assert jobs(made, done) == ([["AA-02"]], [])


def test_a_lab_proves_the_areas_of_which_it_plants_something() -> None:
    ours, theirs = control("AA-01", defects=["a.x"]), control("BB-01", near_misses=["b.x"])
    misspelt, bare = control("AA-02", defects=["a.y"]), control("CC-01")
    left = provable(planned(ours, theirs, misspelt, bare), {"a.x"}, "shop")
    assert [c.id for c in left.controls] == ["AA-01", "AA-02", "CC-01"]
    assert [c.control for c in left.checks] == ["AA-01", "AA-02", "CC-01"]
    (out,) = left.out_of_scope
    assert out.control == "BB-01"
    assert out.reason == "The lab of the provider 'shop' plants none of its area's defects."


def test_a_control_whose_scanner_is_missing_is_out_of_scope_with_the_mend() -> None:
    class Missing(Scanner):
        name = "missing"
        distribution = "no-such-distribution"
        mend = "pip install it"

        def scan(self, ground: Ground) -> Scan:
            raise AssertionError("nobody asks it")

    class There(Missing):
        distribution = "l7audit"

    def reasons(scanners: dict[str, Scanner]) -> list[str]:
        made = catalogue(control("AA-01", scanners=["missing"]))
        planned = plan(made, made.controls, TARGET, Safety.ACTIVE, scanners=scanners)
        return [s.reason for s in planned.out_of_scope]

    assert reasons({}) == ["It needs the scanner 'missing', which no plugin offers."]
    assert reasons({"missing": Missing()}) == [
        "It needs the scanner 'missing', which is not installed. pip install it"
    ]
    assert reasons({"missing": There()}) == []
