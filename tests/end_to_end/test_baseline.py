"""Findings across runs: the same ones keep their names, and a gate can count the new ones alone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from booth.service import Booth
from booth.suite import ANSWERS, GUARDED, WAITS, WITNESS, Suite, profile_file

MakeSuite = Callable[..., Suite]
Start = Callable[..., Any]

EVEN = f"""\
{WITNESS}answer = check.send(OPEN)
check.expect('"odd": true' not in answer.text, Place(operation="GET /open"), "It is odd", answer)
"""


@pytest.fixture
def booths() -> Iterator[list[Booth]]:
    """Two booths on two ports, with different keys and the same weakness."""
    opened = [Booth(), Booth()]
    for number, booth in enumerate(opened):
        booth.weak.add("open")
        booth.things[f"t{number}"] = {"id": f"t{number}", "name": "stays"}
    yield opened
    for booth in opened:
        booth.die()


def findings(program: Any) -> dict[str, tuple[str, str]]:
    """Control and place by fingerprint."""
    return {
        f["fingerprint"]: (c["id"], str(f["place"]))
        for c in program.results["controls"]
        for f in c["findings"]
    }


def test_the_same_weakness_on_another_port_with_other_keys_ids_seed_and_jobs_has_the_same_name(
    booths: list[Booth], start: Start, tmp_path: Path
) -> None:
    names = []
    for number, booth in enumerate(booths):
        target = {
            "provider": "external",
            "url": booth.url,
            "openapi": f"{booth.url}/openapi.json",
            "allowed_origins": ["https://app.example.org"],
            "identities": [
                {
                    "name": i.name,
                    "credentials": [{"kind": c.kind, "name": c.name, "secret": c.secret}],
                }
                for i in booth.identities
                for c in i.credentials
            ],
        }
        described = {"target": target, "select": ["HEAD", "AUTHN-01", "CORS-06"]}
        (tmp_path / "p.yaml").write_text(yaml.safe_dump(described))
        seed_and_jobs = ("--seed", str(number), "--jobs", str(1 + 3 * number))
        program = start("run", "--profile", "p.yaml", *seed_and_jobs, "--format", "json")
        assert program.end()[0] == 1
        names.append((program.newest.name, findings(program)))
    (before, first), (after, second) = names
    assert first == second
    assert {"AUTHN-01", "HEAD-03", "CORS-06"} <= {control for control, _ in first.values()}
    assert len(first) > 5  # what shows at many places for one cause is one of them
    code, out, _ = start("diff", before, after).end()
    assert (code, out.splitlines()[-1]) == (0, "Answer     Nothing is new.")


def test_a_gate_on_new_findings_only_lets_what_was_known_pass_and_nothing_else(
    booth: Booth, make_suite: MakeSuite, start: Start, tmp_path: Path
) -> None:
    suite = make_suite({"AA-01": GUARDED, "AA-02": EVEN, "AA-03": ANSWERS})
    policy = {"only_new": True, "minimum_score": 100}
    run = ("run", "--profile", profile_file(tmp_path, suite, booth, gate=policy).name)

    code, out, _ = start(*run).end()
    assert code == 6
    assert "Only new findings count, but there is no baseline to tell them by" in out

    booth.weak.add("open")
    assert start(*run).end()[0] == 1

    program = start(*run, "--baseline", "latest")
    code, out, err = program.end()
    assert (code, err) == (0, ""), out
    assert "Passed with 1 failure known from the baseline (AA-01): the score of 100.0" in out
    assert "Baseline   0 new findings, 0 fixed, 1 unchanged since" in out
    assert program.results["score"] < 100

    booth.weak.add("odd")
    code, out, _ = start(*run, "--baseline", program.newest.name).end()
    assert code == 1
    assert "FAILED: AA-02 failed" in out
    assert "Baseline   1 new finding, 0 fixed, 1 unchanged since" in out

    booth.weak.clear()
    code, out, _ = start(*run, "--baseline", "latest").end()
    assert code == 0
    assert "Baseline   0 new findings, 2 fixed, 0 unchanged since" in out


def test_a_run_that_goes_on_keeps_the_baseline_that_it_began_with(
    booth: Booth, make_suite: MakeSuite, start: Start, tmp_path: Path
) -> None:
    suite = make_suite({"AA-01": GUARDED, "BB-01": WAITS}, fields={"BB-01": {"alone": True}})
    run = ("run", "--profile", profile_file(tmp_path, suite, booth).name)
    booth.weak.add("open")
    first = start(*run, "--select", "AA-01")
    assert first.end()[0] == 1
    known = first.results["run"]

    cut = start(*run, "--baseline", "latest")
    assert booth.asked_to_wait.wait(60)
    cut.send(signal.SIGINT, group=True)
    assert cut.end()[0] == 2
    booth.go_on.set()
    code, out, err = start("run", "--resume", "latest").end()
    assert (code, err) == (1, ""), out
    assert cut.results["outcome"] == "completed"
    assert cut.results["baseline"]["run"] == known
    assert len(cut.results["baseline"]["unchanged"]) == 1
