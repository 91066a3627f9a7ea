"""The processes that run checks: whatever happens to one, each check gets its own end."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from booth.processes import all_end, descendants, wait_until
from booth.service import Booth
from booth.suite import ANSWERS, GUARDED, HEAD, WAITS, Suite

from l7audit.errors import JournalError
from l7audit.harness import crew as crews
from l7audit.harness.crew import Crew, Worker
from l7audit.harness.serving import Job
from l7audit.journal import CheckEnded, CheckStarted, Record, of_type
from l7audit.model import Verdict
from l7audit.profile import Budget

Audit = Callable[..., dict[str, CheckEnded]]
MakeSuite = Callable[..., Suite]
MakeContext = Callable[..., Any]


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    with Crew(2, str(tmp_path / "checks.log")) as opened:
        yield opened


def reasons(ends: dict[str, CheckEnded]) -> dict[str, str]:
    return {name: f"{end.verdict}: {end.reason}" for name, end in ends.items()}


@pytest.mark.parametrize(
    ("death", "code"),
    [("os._exit(7)", "exit code 7"), ("os.kill(os.getpid(), signal.SIGKILL)", "exit code -9")],
)
def test_a_check_that_takes_its_process_along_is_the_only_one_that_breaks(
    death: str, code: str, audit: Audit
) -> None:
    ends = audit({"AA-01": GUARDED, "AA-02": death, "AA-03": GUARDED, "BB-01": ANSWERS})
    assert [e.verdict for _, e in sorted(ends.items())] == [
        Verdict.PASS, Verdict.ERROR, Verdict.PASS, Verdict.PASS,
    ]  # fmt: skip
    assert code in ends["AA-02"].reason


def test_a_process_that_dies_after_a_check_ended_breaks_nobody(audit: Audit) -> None:
    head = HEAD + (
        "\n@pytest.fixture(autouse=True)\ndef ends(request):\n    yield\n"
        "    if request.node.name == 'test_aa_02':\n        os._exit(7)\n"
    )
    ends = audit({"AA-01": GUARDED, "AA-02": GUARDED, "AA-03": ANSWERS}, head=head)
    assert {e.verdict for e in ends.values()} == {Verdict.PASS}


def test_a_suite_that_kills_whoever_reads_it_breaks_only_its_own_checks(audit: Audit) -> None:
    ends = audit({"AA-01": GUARDED, "AA-02": GUARDED}, head=f"{HEAD}\nos._exit(7)\n")
    assert [e.verdict for e in ends.values()] == [Verdict.ERROR, Verdict.ERROR]
    assert audit({"BB-01": ANSWERS})["BB-01"].verdict is Verdict.PASS


def test_a_suite_that_cannot_be_imported_is_an_error_that_names_the_log(
    audit: Audit, log: Path
) -> None:
    ends = audit({"AA-01": GUARDED}, head=f"{HEAD}\nimport there_is_no_such_module\n")
    assert ends["AA-01"].verdict is Verdict.ERROR
    assert str(log) in ends["AA-01"].reason
    assert "there_is_no_such_module" in log.read_text()


def test_a_check_that_hangs_is_ended_and_the_others_run(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit({"BB-01": ANSWERS})  # the process is warm: only the check itself can be silent
    monkeypatch.setattr(crews, "SILENCE", 2.0)
    checks = {"AA-01": "time.sleep(600)", "AA-02": "check.not_applicable('so')"}
    ends = audit(checks, budget=Budget(timeout=0.06))
    assert ends["AA-01"].verdict is Verdict.ERROR
    assert "no sign of life for 2 s" in ends["AA-01"].reason
    assert ends["AA-02"].verdict is Verdict.NOT_APPLICABLE


def test_a_worker_that_is_killed_on_purpose_leaves_its_check_without_an_end(
    booth: Booth, make_suite: MakeSuite, context: MakeContext, crew: Crew
) -> None:
    suite = make_suite({"AA-01": GUARDED, "AA-02": WAITS, "AA-03": GUARDED})
    records: list[Record] = []
    job = Job(context(booth, "AA-01", "AA-02", "AA-03"), suite.catalogue.checks)
    running = threading.Thread(target=crew.run, args=([job], records.append))
    running.start()
    assert booth.asked_to_wait.wait(60)
    crew.stop()
    running.join(10)
    assert not running.is_alive()
    assert [r.control for r in of_type(records, CheckStarted)] == ["AA-01", "AA-02"]
    assert [r.control for r in of_type(records, CheckEnded)] == ["AA-01"]


def test_jobs_run_side_by_side(
    booth: Booth, make_suite: MakeSuite, context: MakeContext, crew: Crew, tmp_path: Path
) -> None:
    here = str(tmp_path / "meeting")
    meets = f"""\
{GUARDED}
Path({here!r}, check.control.id).touch()
while len(os.listdir({here!r})) < 2:
    time.sleep(0.01)
"""
    (tmp_path / "meeting").mkdir()
    suite = make_suite({"AA-01": meets, "BB-01": meets})
    records: list[Record] = []
    jobs = [Job(context(booth, "AA-01", "BB-01"), (c,)) for c in suite.catalogue.checks]
    crew.run(jobs, records.append)
    assert [r.verdict for r in of_type(records, CheckEnded)] == [Verdict.PASS] * 2


def test_halting_lets_what_runs_come_to_its_end(
    booth: Booth, make_suite: MakeSuite, context: MakeContext, tmp_path: Path
) -> None:
    suite = make_suite({"AA-01": GUARDED, "BB-01": GUARDED})
    jobs = [Job(context(booth, "AA-01", "BB-01"), (c,)) for c in suite.catalogue.checks]
    records: list[Record] = []
    with Crew(1, str(tmp_path / "log")) as crew:

        def deliver(record: Record) -> None:
            records.append(record)
            crew.halt()

        crew.run(jobs, deliver)
    assert [r.control for r in of_type(records, CheckEnded)] == ["AA-01"]


def test_a_record_that_cannot_be_kept_ends_the_run_at_once(
    booth: Booth, make_suite: MakeSuite, context: MakeContext, crew: Crew
) -> None:
    suite = make_suite({"AA-01": "time.sleep(600)", "BB-01": GUARDED})
    jobs = [Job(context(booth, "AA-01", "BB-01"), (c,)) for c in suite.catalogue.checks]
    started = threading.Event()

    def deliver(record: Record) -> None:
        if isinstance(record, CheckStarted) and record.control == "AA-01":
            started.set()
        elif started.wait(60):
            raise JournalError("The disk is full.")

    with pytest.raises(JournalError, match="disk is full"):
        crew.run(jobs, deliver)


def test_what_a_listener_raises_is_not_taken_for_a_death(
    booth: Booth, make_suite: MakeSuite, context: MakeContext, log: Path
) -> None:
    suite = make_suite({"AA-01": GUARDED})

    def deliver(_: Record) -> None:
        raise BrokenPipeError("the terminal is gone")

    own = Worker(str(log))
    with pytest.raises(BrokenPipeError, match="terminal is gone"):
        own.run(Job(context(booth), suite.catalogue.checks), deliver)
    own.kill()


SESSION = """\
import pickle, sys
from l7audit.harness.crew import Crew
if __name__ == "__main__":
    job = pickle.load(open(sys.argv[1], "rb"))
    with Crew(2, sys.argv[2]) as crew:
        crew.run([job], lambda record: print(type(record).__name__, flush=True))
"""


KILLED = """
import os, signal, sys
from l7audit.harness.crew import Crew
def die():
    os.kill(os.getpid(), signal.SIGKILL)
if __name__ == "__main__":
    with Crew(2, "checks.log"):
        if sys.argv[1] == "run":
            die()
    die()
"""


@pytest.fixture
def temporary() -> Iterator[Path]:
    """The session's folder for temporary files; sockets in it need a short path."""
    with tempfile.TemporaryDirectory(prefix="l7-") as folder:
        yield Path(folder)


@pytest.fixture
def hanging(
    booth: Booth, make_suite: MakeSuite, context: MakeContext, tmp_path: Path, temporary: Path
) -> Iterator[subprocess.Popen[str]]:
    """A session in a process group of its own, one of whose checks hangs."""
    suite = make_suite({"AA-01": "time.sleep(600)"})
    (tmp_path / "job").write_bytes(pickle.dumps(Job(context(booth), suite.catalogue.checks)))
    (tmp_path / "session.py").write_text(SESSION)
    paths = [str(suite.site), str(Path(__file__).parents[1] / "targets")]
    process = subprocess.Popen(
        [sys.executable, "session.py", "job", "checks.log"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(temporary)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "CheckStarted\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_when_the_session_is_killed_its_workers_end_even_where_a_check_hangs(
    hanging: subprocess.Popen[str],
) -> None:
    started = descendants(hanging.pid)
    assert len(started) >= 3
    hanging.kill()
    assert all_end(started)


@pytest.mark.parametrize("workers", ["run", "are gone", "are being started"])
def test_a_session_that_is_killed_leaves_no_socket(
    workers: str, temporary: Path, tmp_path: Path
) -> None:
    (tmp_path / "session.py").write_text(KILLED)
    session = subprocess.Popen(
        [sys.executable, "session.py", workers],
        cwd=tmp_path,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    if workers == "are being started":
        # The resource tracker is the first, and what forks the workers the second.
        assert wait_until(lambda: len(descendants(session.pid)) > 1, every=0.001)
        session.kill()
    assert session.wait(60) == -signal.SIGKILL
    assert wait_until(lambda: not list(temporary.iterdir()))


def test_signals_to_the_whole_group_leave_the_workers_to_the_session(
    hanging: subprocess.Popen[str],
) -> None:
    os.killpg(hanging.pid, signal.SIGINT)
    started = descendants(hanging.pid)
    hanging.communicate(timeout=30)
    assert hanging.returncode != 0
    assert all_end(started)


LEAK = "import os\nos._exit(9)\n"


def test_nothing_that_the_callers_project_says_to_pytest_leaks_in(
    audit: Audit,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for folder in (tmp_path, tmp_path / "site"):  # the current folder, and the suite's
        (folder / "conftest.py").write_text(LEAK)
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
        (folder / "tox.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    fresh = Worker(str(log))
    try:
        ends = audit({"AA-01": GUARDED}, by=fresh)
    finally:
        fresh.kill()
    assert reasons(ends) == {"AA-01": "pass: "}


def test_a_conftest_of_the_suite_itself_is_read(
    booth: Booth, make_suite: MakeSuite, context: MakeContext, worker: Worker
) -> None:
    suite = make_suite({"AA-01": "check.not_applicable(os.environ['SAID'])"})
    (suite.folder / "conftest.py").write_text("import os\nos.environ['SAID'] = 'by the suite'\n")
    records: list[Record] = []
    worker.run(Job(context(booth), suite.catalogue.checks), records.append)
    (ended,) = of_type(records, CheckEnded)
    assert ended.reason == "by the suite"


def test_a_session_that_ends_while_a_check_hangs_does_not_wait_for_it(
    booth: Booth, make_suite: MakeSuite, context: MakeContext, tmp_path: Path
) -> None:
    suite = make_suite({"AA-01": "time.sleep(600)"})
    records: list[Record] = []
    with Crew(1, str(tmp_path / "log")) as crew:
        job = Job(context(booth), suite.catalogue.checks)
        running = threading.Thread(target=crew.run, args=([job], records.append), daemon=True)
        running.start()
        assert wait_until(lambda: any(of_type(records, CheckStarted)))
    running.join(10)
    assert not running.is_alive()
    assert not list(of_type(records, CheckEnded))
