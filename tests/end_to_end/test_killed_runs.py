"""Runs that are killed at any moment: gone on with, they come to what a whole run comes to.

`L7AUDIT_KILLS` says at how many moments; each is drawn from a generator with a fixed seed.
"""

from __future__ import annotations

import logging
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml
from booth.killing import Kin, Result, Trial, result_of
from booth.service import Booth
from booth.suite import ANSWERS, FAILS, GUARDED, WITNESS, Suite, profile_file

from l7audit import plugins as all_plugins
from l7audit import session
from l7audit.errors import JournalError
from l7audit.folders import JOURNAL
from l7audit.session import Options
from l7audit_stack.deploy.system import LINUX

pytestmark = pytest.mark.skipif(not LINUX, reason="only Linux lets a process adopt all orphans")

KILLS = int(os.environ.get("L7AUDIT_KILLS", "4"))
RESUMES_KILLED = (0, 0, 1, 2)
"""How many of the resumes after a kill are killed as well: one of these."""

MakeSuite = Callable[..., Suite]
Begin = Callable[[str, list[str]], Trial]
Moment = Callable[[Trial, Kin], bool]
"""Whether it has come."""

log = logging.getLogger(__name__)


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Begin]:
    """Makes runs with folders of their own, also for temporary files; sockets want a short path."""
    made: list[Trial] = []
    temporary = Path(tempfile.mkdtemp(prefix="l7k-"))

    def make(name: str, begin: list[str]) -> Trial:
        (temporary / name).mkdir()
        made.append(Trial(tmp_path / name, temporary / name, begin))
        return made[-1]

    yield make
    for each in made:
        each.end()
    shutil.rmtree(temporary)


class Whole:
    """A run that nobody killed: what it came to, and how long it and its journal became."""

    def __init__(self, trial: Trial) -> None:
        kin = trial.go_on()
        self.result: Result = trial.result(kin)
        self.seconds = time.monotonic() - kin.began
        self.bytes = round(0.95 * trial.journal_size())  # others of the same seed differ a little
        assert trial.left_behind() == []

    def moment(self, share: float, by_journal: bool) -> Moment:
        """When that share of the run is over, by the clock or by its journal's length."""
        if by_journal:
            return lambda trial, kin: self._written(trial, kin) >= share
        return lambda _, kin: time.monotonic() - kin.began >= share * self.seconds

    def _written(self, trial: Trial, kin: Kin) -> float:
        """What share of the bytes that it had to write a program has written."""
        before = kin.went_on_from
        return (trial.journal_size() - before) / max(1, self.bytes - before)


def moments(whole: Whole, rng: random.Random) -> Iterator[tuple[str, list[Moment]]]:
    """Each of the kills and, after it, those of resumes. They are spread over the whole run."""
    for number in range(KILLS):
        shares = [(number + rng.random()) / KILLS]
        shares += [rng.random() for _ in range(rng.choice(RESUMES_KILLED))]
        by_journal = bool(number % 2)
        told = f"{'journal' if by_journal else 'clock'} at {' '.join(f'{s:.3f}' for s in shares)}"
        yield told, [whole.moment(s, by_journal) for s in shares]


def its_end_is_written(trial: Trial, _: Kin) -> bool:
    return trial.journal_size() > 0 and b'"type":"run_end"' in trial.journal.read_bytes()


def a_report_is_there(trial: Trial, _: Kin) -> bool:
    return any((trial.run_folder / name).exists() for name in ("report.html", "results.json"))


def survive(trial: Trial, kills: list[Moment], patient: bool) -> Result | float:
    """Kills the run and its resumes at these moments, and then lets it come to its end.

    Who is not `patient` goes on at once, while what was killed is still being cleared up.
    Where the run was over before the first moment: how many seconds it took.
    """
    for number, it_is_time in enumerate(kills):
        kin = trial.go_on()
        if not trial.kill_once(kin, partial(it_is_time, trial, kin)):
            return trial.result(kin) if number else time.monotonic() - kin.began
        if patient:
            assert trial.left_behind() == []
    return trial.finish()


def kill_often(make: Begin, begin: list[str], seed: int, *others: Moment) -> None:
    """Kills runs, also at the `others`, and compares what they come to with a whole run."""
    whole = Whole(make("whole", begin))
    rng = random.Random(seed)
    wrong = []
    aimed = [(moment.__name__, [moment]) for moment in others]
    for number, (told, kills) in enumerate([*moments(whole, rng), *aimed]):
        patient = rng.random() < 0.5
        for attempt in range(5):
            trial = make(f"{number}-{attempt}", begin)
            result = survive(trial, kills, patient)
            left = trial.left_behind()
            if isinstance(result, Result):
                break
            whole.seconds = min(whole.seconds, result)  # the machine has less to do than before
        assert isinstance(result, Result), "it could not be killed in time"
        equal = result == whole.result
        log.info("%s %s: %s: %s", number, told, trial.told(), "equal" if equal else "NOT EQUAL")
        if left or not equal:
            wrong.append((number, told, result.differences(whole.result), left))
    assert wrong == []


SLOWLY = f"time.sleep(0.03)\n{GUARDED}"
BOOTH = {
    **{f"AA-0{n}": SLOWLY for n in range(1, 9)},
    **{"BB-01": FAILS, "BB-02": f"{WITNESS}1 / 0", "BB-03": "check.inconclusive('Who knows?')"},
    **{"BB-04": ANSWERS, "CC-01": SLOWLY, "CC-02": FAILS, "CC-03": SLOWLY},
}
ALONE = {name: {"alone": True} for name in ("CC-01", "CC-02", "CC-03")}


def test_a_killed_audit_of_a_service_comes_to_what_a_whole_one_does(
    trial: Begin, booth: Booth, make_suite: MakeSuite, tmp_path: Path
) -> None:
    suite = make_suite(BOOTH, fields=ALONE)
    profile = profile_file(tmp_path, suite, booth, skip=["AA-03"])
    begin = ["--profile", str(profile), "--seed", "7"]
    kill_often(trial, begin, 1, its_end_is_written, a_report_is_there)


@pytest.mark.early
def test_a_killed_audit_of_the_embedded_stack_comes_to_what_a_whole_one_does(
    trial: Begin, tmp_path: Path
) -> None:
    profile = {
        "name": "killed",
        "target": {"provider": "embedded"},
        "safety": "intrusive",
        "skip": ["HEAD-05"],
    }
    (tmp_path / "stack.yaml").write_text(yaml.safe_dump(profile))
    select = ["--select", "CORS,HEAD,RATE-11"]
    kill_often(trial, ["--profile", str(tmp_path / "stack.yaml"), *select, "--seed", "7"], 2)


def test_a_journal_cut_at_any_byte_is_gone_on_with_or_refused_in_one_sentence(
    booth: Booth, make_suite: MakeSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = make_suite({name: body for name, body in BOOTH.items() if body is not SLOWLY})
    others = [name for name in all_plugins.BUILT_IN if name != "l7audit_suites"]
    monkeypatch.setattr(all_plugins, "BUILT_IN", others)
    profile, plugins = suite.profile(booth, skip=["CC-02"]), all_plugins.load()
    wanted = Options(out=tmp_path, seed=7, jobs=1, reporters=("json",))
    whole = session.run(profile, plugins, wanted, lambda _: None)
    journal = (whole.folder / JOURNAL).read_bytes()
    expected = result_of(whole.folder, whole.exit)
    rng = random.Random(3)
    refused = 0
    for number in range(5 * KILLS):
        cut = rng.randrange(len(journal))
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        (folder / JOURNAL).write_bytes(journal[:cut])
        resumed = replace(wanted, resume=folder)
        if b"\n" not in journal[:cut]:
            refused += 1
            with pytest.raises(JournalError, match=r"holds no records: .* Start a new run"):
                session.run(profile, plugins, resumed, lambda _: None)
            continue
        again = session.run(profile, plugins, resumed, lambda _: None)
        assert result_of(folder, again.exit) == expected, cut
    assert 0 < refused < 5 * KILLS
