"""Whatever ends a run: its exit code, what is left of it, and how it goes on."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from booth.service import Booth
from booth.suite import ANSWERS, FAILS, GUARDED, WAITS, Suite, profile_file

from l7audit import journal as journals
from l7audit.journal import CheckStarted, RunEnded, RunResumed

MakeSuite = Callable[..., Suite]
Start = Callable[..., Any]

CHECKS = {"AA-01": GUARDED, "AA-02": FAILS, "BB-01": WAITS, "BB-02": ANSWERS}
ALONE = {"BB-01": {"alone": True}, "BB-02": {"alone": True}}
WHOLE = {"AA-01": "pass", "AA-02": "fail", "BB-01": "pass", "BB-02": "pass"}
HALF = WHOLE | {"BB-01": "inconclusive", "BB-02": "inconclusive"}


@pytest.fixture
def run(booth: Booth, make_suite: MakeSuite, tmp_path: Path) -> list[str]:
    """The command that audits the booth; it comes to `BB-01` and there waits for the booth."""
    suite = make_suite(CHECKS, fields=ALONE)
    return ["run", "--profile", profile_file(tmp_path, suite, booth).name]


def begun(records: list[Any]) -> list[str]:
    return sorted(r.control for r in journals.of_type(records, CheckStarted))


@pytest.mark.parametrize(
    ("number", "group"),
    [(signal.SIGINT, True), (signal.SIGTERM, True), (signal.SIGTERM, False)],
    ids=["ctrl-c", "group-sigterm", "sigterm"],
)
def test_an_interrupted_run_reports_what_it_learnt_and_goes_on_later(
    number: int, group: bool, run: list[str], start: Start, booth: Booth
) -> None:
    program = start(*run)
    assert booth.asked_to_wait.wait(60)
    program.send(number, group=group)
    code, out, err = program.end()
    assert (code, err) == (2, ""), out + err
    assert "The run was interrupted." in out
    assert program.leaves_no_process()
    assert program.verdicts == HALF
    assert program.results["outcome"] == "interrupted"
    assert (program.newest / "report.html").stat().st_size
    assert isinstance(program.records[-1], RunEnded)
    booth.go_on.set()
    again = start("run", "--resume")
    assert again.end()[0] == 1
    assert again.verdicts == WHOLE


def test_a_run_that_was_killed_goes_on_with_what_was_left(
    run: list[str], start: Start, booth: Booth
) -> None:
    program = start(*run)
    assert booth.asked_to_wait.wait(60)
    program.note_processes()
    program.process.kill()
    assert program.leaves_no_process()
    before = program.records
    assert not (program.newest / "results.json").exists()
    booth.go_on.set()
    again = start("run", "--resume")
    code, out, _ = again.end()
    assert code == 1, out
    assert "2 of them were decided before; the run goes on." in out
    records = again.records
    assert records[: len(before)] == before
    assert isinstance(records[len(before)], RunResumed)
    assert begun(records[len(before) :]) == ["BB-01", "BB-02"]
    assert again.verdicts == WHOLE


def test_a_run_that_is_still_going_is_not_gone_on_with(
    run: list[str], start: Start, booth: Booth
) -> None:
    program = start(*run)
    assert booth.asked_to_wait.wait(60)
    seen = len(booth.seen)
    code, out, err = start("run", "--resume").end()
    assert (code, out) == (3, ""), out + err
    assert err.count("\n") == 1
    assert "journal.jsonl is being written by another run. Wait for its end, or stop it" in err
    assert len(booth.seen) == seen
    booth.go_on.set()
    assert program.end()[0] == 1
    assert program.verdicts == WHOLE


def test_ctrl_c_before_the_first_check_leaves_reports_that_say_so(
    start: Start, booth: Booth, make_suite: MakeSuite, tmp_path: Path
) -> None:
    suite = make_suite(CHECKS)
    profile = profile_file(tmp_path, suite, booth)
    described = yaml.safe_load(profile.read_text())
    described["target"]["openapi"] = f"{booth.url}/wait"  # a document that takes its time
    profile.write_text(yaml.safe_dump(described))
    program = start("run", "--profile", profile.name)
    assert booth.asked_to_wait.wait(60)
    program.send(signal.SIGINT, group=True)
    code, out, err = program.end()
    assert (code, err) == (2, ""), out + err
    assert "The run was interrupted." in out
    assert program.leaves_no_process()
    assert program.verdicts == dict.fromkeys(WHOLE, "inconclusive")
    assert (program.newest / "report.html").stat().st_size
    booth.waited_for = booth.document
    booth.go_on.set()
    again = start("run", "--resume")
    assert again.end()[0] == 1
    assert again.verdicts == WHOLE


def test_a_target_that_goes_while_it_is_audited_is_untrusted(
    run: list[str], start: Start, booth: Booth
) -> None:
    program = start(*run)
    assert booth.asked_to_wait.wait(60)
    booth.die()
    code, out, err = program.end()
    assert (code, err) == (6, ""), out
    assert "NOT TRUSTED: The run broke off: The target stopped answering." in out
    assert program.verdicts == HALF
    assert program.results["outcome"] == "broken"


def test_a_target_that_is_not_there_is_one_sentence(
    run: list[str], start: Start, booth: Booth
) -> None:
    booth.die()
    program = start(*run)
    code, out, err = program.end()
    assert code == 3, out
    assert err.count("\n") == 1
    assert "cannot be reached: nothing listens on port" in err
    assert not list(program.folder.glob("l7audit-out/*/results.json"))


DISK = 2 * 1024 * 1024
"""Bytes of the small disk: what fills it up writes no more than that, wherever it is."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own. Only root can make one."""
    folder = tmp_path / "out"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here; the other kind of full disk is tested")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fills_the_disk(journal: Path, _: int) -> Callable[[], None]:
    """Leaves no room; gives a way to make some again."""
    others = journal.parents[1] / "others"
    with others.open("wb", buffering=0) as file, suppress(OSError):
        for _ in range(DISK // 4096):
            file.write(b"x" * 4096)
    return others.unlink


def bounds_the_file(journal: Path, pid: int) -> Callable[[], None]:
    """Lets the program's files grow no more."""
    full = journal.stat().st_size + 100
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    return lambda: None


@pytest.mark.parametrize("fills_up", [fills_the_disk, bounds_the_file])
def test_a_disk_that_fills_up_is_one_sentence_and_loses_nothing(
    fills_up: Callable[[Path, int], Callable[[], None]],
    run: list[str],
    start: Start,
    booth: Booth,
    request: pytest.FixtureRequest,
) -> None:
    if fills_up is fills_the_disk:
        request.getfixturevalue("small_disk")
    booth.things = {str(n): {"name": "n" * 1_000} for n in range(5)}
    program = start(*run, "--out", "out")
    assert booth.asked_to_wait.wait(60)
    program.note_processes()
    (journal,) = program.folder.glob("out/2*/journal.jsonl")
    make_room = fills_up(journal, program.process.pid)
    booth.go_on.set()
    code, out, err = program.end()
    assert code == 3, out + err
    assert err.count("\n") == 1
    assert f"The journal {journal} cannot be written: " in err
    assert f"Free some space, then go on with: l7audit run --resume {journal.parent}" in err
    assert program.leaves_no_process()
    assert begun(journals.read(journal))[:2] == ["AA-01", "AA-02"]
    make_room()
    again = start("run", "--resume", str(journal.parent))
    code, out, err = again.end()
    assert code == 1, out + err
    results = json.loads((journal.parent / "results.json").read_text())
    assert {c["id"]: c["verdict"] for c in results["controls"]} == WHOLE
    records = journals.read(journal)
    assert begun(records).count("AA-01") == begun(records).count("AA-02") == 1


def test_what_nobody_knows_is_refused_with_what_there_is(run: list[str], start: Start) -> None:
    program = start(*run, "--select", "ZZ-99")
    code, _, err = program.end()
    assert code == 4
    assert err.startswith("l7audit: There is no control or area 'ZZ-99'. Areas: AA, ")
    assert not (program.folder / "l7audit-out").exists()
