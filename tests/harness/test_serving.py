"""A worker's one pytest session: jobs come one after the other, and none notices the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from booth.service import Booth
from booth.suite import ANSWERS, GUARDED, HEAD, Suite

from l7audit.harness.crew import Worker
from l7audit.harness.serving import Job
from l7audit.journal import CheckEnded, CheckStarted, Record, of_type
from l7audit.model import Verdict

MakeSuite = Callable[..., Suite]
MakeContext = Callable[..., Any]

LIVES = """\
{head}
LOG = Path({log!r})
LOG.open("a").write("imported ")


@pytest.fixture(scope="session", autouse=True)
def lives():
    LOG.open("a").write("begun ")
    yield
    LOG.open("a").write("ended ")
"""


def test_a_file_is_read_once_and_what_its_checks_share_lives_for_a_job(
    booth: Booth, worker: Worker, make_suite: MakeSuite, context: MakeContext, tmp_path: Path
) -> None:
    lives = tmp_path / "lives"
    suite = make_suite(
        {"AA-01": GUARDED, "AA-02": ANSWERS}, head=LIVES.format(head=HEAD, log=str(lives))
    )
    job = Job(context(booth, "AA-01", "AA-02"), suite.catalogue.checks)
    for _ in range(2):
        records: list[Record] = []
        worker.run(job, records.append)
        assert [e.verdict for e in of_type(records, CheckEnded)] == [Verdict.PASS] * 2
    assert lives.read_text().split() == ["imported", "begun", "ended", "begun", "ended"]


def test_the_same_check_asks_the_target_of_its_own_job(
    booth: Booth, worker: Worker, make_suite: MakeSuite, context: MakeContext
) -> None:
    suite = make_suite({"AA-01": GUARDED})
    first = context(booth, "AA-01")
    gone = msgspec.structs.replace(booth.target, base_url="http://127.0.0.1:9", origins=[])
    for aim, verdict in (
        (first, Verdict.PASS),
        (replace(first, target=gone), Verdict.INCONCLUSIVE),
        (first, Verdict.PASS),
    ):
        records: list[Record] = []
        worker.run(Job(aim, suite.catalogue.checks), records.append)
        assert [e.verdict for e in of_type(records, CheckEnded)] == [verdict]


def test_a_file_that_cannot_be_read_spoils_no_later_job(
    booth: Booth, worker: Worker, make_suite: MakeSuite, context: MakeContext
) -> None:
    broken = make_suite({"AA-01": GUARDED}, head=f"{HEAD}\nraise OSError('no')\n")
    sound = make_suite({"BB-01": GUARDED})
    verdicts = []
    for suite, name in ((broken, "AA-01"), (sound, "BB-01"), (broken, "AA-01"), (sound, "BB-01")):
        records: list[Record] = []
        worker.run(Job(context(booth, name), suite.catalogue.checks), records.append)
        verdicts += [e.verdict for e in of_type(records, CheckEnded)]
    assert verdicts == [Verdict.ERROR, Verdict.PASS] * 2


BREAKS_LATER = """\
{head}
@pytest.fixture(autouse=True)
def ground():
    if Path({gone!r}).exists():
        raise OSError("no ground any more")
"""


def test_a_check_that_a_later_job_never_reaches_begins_and_ends_in_that_job(
    booth: Booth, worker: Worker, make_suite: MakeSuite, context: MakeContext, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    suite = make_suite({"AA-01": GUARDED}, head=BREAKS_LATER.format(head=HEAD, gone=str(gone)))
    job = Job(context(booth, "AA-01"), suite.catalogue.checks)
    worker.run(job, lambda _: None)
    gone.touch()
    records: list[Record] = []
    worker.run(job, records.append)
    assert len(list(of_type(records, CheckStarted))) == 1
    assert [e.verdict for e in of_type(records, CheckEnded)] == [Verdict.ERROR]
