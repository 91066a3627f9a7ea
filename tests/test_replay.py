"""Findings sent again, at a real service: what was mended, what was not, what nobody can tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from booth.service import Booth
from booth.suite import ANSWERS, FAILS, GUARDED, WITNESS, Suite

from l7audit import plugins as all_plugins
from l7audit import replay as replays
from l7audit import session
from l7audit.assess.replay import Answer
from l7audit.errors import JournalError, UsageError
from l7audit.exits import Exit
from l7audit.folders import JOURNAL, PROOF, VARIANTS
from l7audit.harness.crew import Crew
from l7audit.journal import CheckStarted, Records, RunStarted, of_type
from l7audit.model import Safety
from l7audit.profile import Profile
from l7audit.replay import Outcome
from l7audit.session import Options

MakeSuite = Callable[..., Suite]
Run = Callable[..., Records]
Replay = Callable[..., Outcome]

OPEN_TOO = f"""\
{WITNESS}answer = check.send(READ)
check.expect(answer.refused, THINGS, "It opens without a key", answer, expected="401")
answer = check.send(OPEN)
place = Place(operation="GET /open")
check.expect(not answer.json()["odd"], place, "It is odd", answer)
"""
"""Sees two weaknesses of a booth, `open` and `odd`, each at a place of its own."""

SHY = f"""\
{WITNESS}answer = check.send(READ)
if answer.status != 200:
    check.expect(answer.ok, Place(operation="GET /open"), "", answer) if answer.ok else None
    check.expect(True, Place(operation="GET /elsewhere"), "")
else:
    check.violation(THINGS, "It opens without a key", answer)
"""
"""Looks somewhere else as soon as there is nothing to see."""

ANY = """\
check.witness("The open door opens", lambda: check.send(OPEN))
answer = check.send(keyed(check))
check.expect(not answer.ok, THINGS, "It answers", answer)
"""
"""Its witness says nothing of the operation that it judges."""


@pytest.fixture(autouse=True)
def no_other_suites(monkeypatch: pytest.MonkeyPatch) -> None:
    """No suites but the test's own, to be quick."""
    monkeypatch.setattr(
        all_plugins, "BUILT_IN", [n for n in all_plugins.BUILT_IN if n != "l7audit_suites"]
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Audits, and gives the journal."""

    def go(profile: Profile, **options: Any) -> Records:
        wanted = Options(out=tmp_path / "out", seed=7, jobs=1, reporters=("json",), **options)
        outcome = session.run(profile, all_plugins.load(), wanted, lambda _: None)
        return Records(outcome.folder / JOURNAL)

    return go


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    """Sends all findings of a journal again, or those of the controls that are named."""

    def go(profile: Profile, records: Records, *controls: str) -> Outcome:
        found = replays.findings_of(records)
        chosen = [k for k in found if not controls or k.control.id in controls]
        options = Options(out=tmp_path / "out", jobs=1)
        return replays.replay(profile, all_plugins.load(), records, chosen, options, lambda _: None)

    return go


def answers(outcome: Outcome) -> list[str]:
    return [str(r.judgement.answer) for r in outcome.replayed]


def only(outcome: Outcome) -> tuple[Answer, str]:
    """The answer and the reason of the one finding."""
    (replayed,) = outcome.replayed
    return replayed.judgement.answer, replayed.judgement.reason


@pytest.fixture
def weak(booth: Booth, make_suite: MakeSuite, run: Run) -> tuple[Profile, Records]:
    """A run of an open booth with one finding, and a control that passes."""
    booth.weak.add("open")
    profile = make_suite({"AA-01": GUARDED, "AA-02": ANSWERS}).profile(booth)
    return profile, run(profile)


# --- it is still there, or mended -----------------------------------------------------------------


def test_a_weakness_that_is_not_mended_is_still_there(
    weak: tuple[Profile, Records], replay: Replay
) -> None:
    profile, records = weak
    outcome = replay(profile, records)
    assert only(outcome) == (Answer.STILL_THERE, "It opens without a key")
    assert outcome.exit is Exit.FAILED
    assert outcome.notes == ()
    (pair,) = outcome.replayed[0].judgement.pairs
    assert pair.now is not None
    assert (pair.then.status, pair.now.status) == (200, 200)
    assert pair.then.id != pair.now.id


def test_a_weakness_that_is_mended_is_fixed(
    weak: tuple[Profile, Records], replay: Replay, booth: Booth
) -> None:
    profile, records = weak
    booth.weak.clear()
    outcome = replay(profile, records)
    answer, reason = only(outcome)
    assert answer is Answer.FIXED
    assert reason == (
        "The check looked at GET /things again and saw nothing wrong; "
        "its witness held each of 2 times."
    )
    assert outcome.exit is Exit.PASSED
    (pair,) = outcome.replayed[0].judgement.pairs
    assert pair.now is not None
    assert (pair.then.status, pair.now.status) == (200, 401)
    assert (pair.now.method, pair.now.identity) == (pair.then.method, pair.then.identity)


def test_only_the_checks_that_saw_it_run_with_the_runs_seed_into_a_folder_of_their_own(
    weak: tuple[Profile, Records], replay: Replay, booth: Booth, tmp_path: Path
) -> None:
    profile, records = weak
    newest = (tmp_path / "out" / "latest").resolve()
    booth.seen.clear()
    outcome = replay(profile, records)
    assert outcome.journal is not None
    assert outcome.journal.parent.name.startswith("replay-")
    assert outcome.journal.parent.parent == tmp_path / "out"
    assert (tmp_path / "out" / "latest").resolve() == newest
    again = Records(outcome.journal)
    assert [r.control for r in of_type(again, CheckStarted)] == ["AA-01"]
    assert again.started.seed == records.started.seed == 7
    assert booth.key not in outcome.journal.read_text()


def test_of_two_findings_of_one_check_the_mended_one_is_fixed(
    booth: Booth, make_suite: MakeSuite, run: Run, replay: Replay
) -> None:
    booth.weak |= {"open", "odd"}
    profile = make_suite({"AA-01": OPEN_TOO}).profile(booth)
    records = run(profile)
    booth.weak.discard("open")
    outcome = replay(profile, records)
    told = {str(r.known.problem.place): r.judgement.answer for r in outcome.replayed}
    assert told == {"GET /open": Answer.STILL_THERE, "GET /things": Answer.FIXED}
    assert outcome.exit is Exit.FAILED


def test_a_mended_one_is_not_fixed_where_the_check_broke_off_elsewhere(
    booth: Booth, make_suite: MakeSuite, run: Run, replay: Replay
) -> None:
    booth.weak |= {"open", "odd"}
    body = OPEN_TOO + 'if not check.model.surfaces(Kind.LOGIN): check.inconclusive("Enough.")\n'
    profile = make_suite({"AA-01": body}).profile(booth)
    records = run(profile)
    booth.weak.discard("open")
    told = {str(r.known.problem.place): r.judgement for r in replay(profile, records).replayed}
    assert told["GET /things"].answer is Answer.CANT_TELL
    assert "its witness was not asked again" in told["GET /things"].reason


# --- nobody can tell ------------------------------------------------------------------------------


def test_a_target_that_is_not_there_answers_nothing(
    weak: tuple[Profile, Records], replay: Replay, booth: Booth, tmp_path: Path
) -> None:
    profile, records = weak
    booth.die()
    outcome = replay(profile, records)
    answer, reason = only(outcome)
    assert answer is Answer.CANT_TELL
    assert "cannot be reached: nothing listens" in reason
    assert (outcome.exit, outcome.journal) == (Exit.UNTRUSTED, None)
    assert list((tmp_path / "out").glob("replay-*")) == []
    assert outcome.replayed[0].judgement.pairs[0].now is None


def test_a_target_that_dies_on_the_way_answers_nothing(
    weak: tuple[Profile, Records], replay: Replay, booth: Booth
) -> None:
    profile, records = weak
    booth.weak.clear()
    booth.lives_for = len(booth.seen) + 4  # all but the closing witness
    answer, reason = only(replay(profile, records))
    assert answer is Answer.CANT_TELL
    assert "stopped answering" in reason


@pytest.mark.parametrize("good_for", [0, 1], ids=["at once", "half-way"])
def test_without_working_credentials_a_refusal_means_nothing(
    good_for: int, weak: tuple[Profile, Records], replay: Replay, booth: Booth
) -> None:
    profile, records = weak
    booth.weak.clear()
    booth.good_for = good_for
    answer, reason = only(replay(profile, records))
    assert answer is Answer.CANT_TELL
    assert "witness did not hold" in reason


def test_what_was_interrupted_is_not_known_and_says_so(
    weak: tuple[Profile, Records],
    replay: Replay,
    booth: Booth,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profile, records = weak
    booth.weak.clear()
    monkeypatch.setattr(Crew, "run", Mock(side_effect=KeyboardInterrupt))
    outcome = replay(profile, records)
    assert only(outcome) == (
        Answer.CANT_TELL, "aa/test_aa.py::test_aa_01 did not run to its end.",
    )  # fmt: skip
    assert outcome.exit is Exit.INTERRUPTED


def test_an_operation_that_left_the_document_and_the_service_is_not_fixed(
    weak: tuple[Profile, Records], replay: Replay, booth: Booth
) -> None:
    profile, records = weak
    booth.statuses["/things"] = 404
    answer, reason = only(replay(profile, records))
    assert answer is Answer.CANT_TELL
    assert "witness did not hold" in reason


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "GET /things is gone (404)"), (429, "gave no usable answer (429)"), (503, "(503)")],
)
def test_silence_is_not_taken_for_soundness_where_the_witness_is_elsewhere(
    status: int, said: str, booth: Booth, make_suite: MakeSuite, run: Run, replay: Replay
) -> None:
    profile = make_suite({"AA-01": ANY}).profile(booth)
    records = run(profile)
    booth.statuses["/things"] = status
    answer, reason = only(replay(profile, records))
    assert answer is Answer.CANT_TELL
    assert said in reason


def test_a_limit_is_not_taken_for_the_weakness(
    booth: Booth, make_suite: MakeSuite, run: Run, replay: Replay
) -> None:
    booth.weak.add("open")
    body = GUARDED.replace(WITNESS, 'check.witness("Open", lambda: check.send(OPEN))\n')
    profile = make_suite({"AA-01": body}).profile(booth)
    records = run(profile)
    booth.statuses["/things"] = 429
    answer, reason = only(replay(profile, records))
    assert (answer, reason) == (
        Answer.CANT_TELL, "It was only answered by 429, which is not what was seen then.",
    )  # fmt: skip


def test_a_place_that_was_not_looked_at_again_is_not_fixed(
    booth: Booth, make_suite: MakeSuite, run: Run, replay: Replay
) -> None:
    booth.weak.add("open")
    profile = make_suite({"AA-01": SHY}).profile(booth)
    records = run(profile)
    booth.weak.clear()
    answer, reason = only(replay(profile, records))
    assert answer is Answer.CANT_TELL
    assert reason == "GET /things was not tested this time; the check looked at GET /elsewhere."


def test_a_check_that_changed_may_see_it_but_not_clear_it(
    booth: Booth, make_suite: MakeSuite, run: Run, replay: Replay
) -> None:
    booth.weak.add("open")
    suite = make_suite({"AA-01": GUARDED})
    profile = suite.profile(booth)
    records = run(profile)
    (file,) = suite.folder.glob("aa/test_aa.py")
    file.write_text(file.read_text() + "\n# another thought\n")
    outcome = replay(profile, records)
    assert only(outcome)[0] is Answer.STILL_THERE
    assert outcome.notes == ("The suites have changed since that run.",)
    booth.weak.clear()
    answer, reason = only(replay(profile, records))
    assert answer is Answer.CANT_TELL
    assert "it may be the check that changed" in reason


def test_a_check_that_is_gone_is_told_and_nothing_is_sent(
    booth: Booth, make_suite: MakeSuite, run: Run, replay: Replay
) -> None:
    booth.weak.add("open")
    suite = make_suite({"AA-01": GUARDED})
    profile = suite.profile(booth)
    records = run(profile)
    (file,) = suite.folder.glob("aa/test_aa.py")
    file.write_text(file.read_text().replace("test_aa_01", "test_another_way"))
    booth.seen.clear()
    answer, reason = only(replay(profile, records))
    assert answer is Answer.CANT_TELL
    assert "not among the installed suites" in reason
    assert booth.seen == []


def test_what_the_profile_allows_no_more_is_out_of_scope(
    booth: Booth, make_suite: MakeSuite, run: Run, replay: Replay
) -> None:
    booth.weak.add("open")
    suite = make_suite({"AA-01": GUARDED}, fields={"AA-01": {"safety": "intrusive"}})
    records = run(suite.profile(booth, safety=Safety.INTRUSIVE))
    outcome = replay(suite.profile(booth), records)
    answer, reason = only(outcome)
    assert answer is Answer.CANT_TELL
    assert "out of scope here: It is intrusive; the profile allows active at most" in reason
    assert "The profile has changed since that run." in outcome.notes
    skipping = replay(suite.profile(booth, safety=Safety.INTRUSIVE, skip=["AA-01"]), records)
    assert only(skipping) == (Answer.CANT_TELL, "The profile skips this control.")


def test_another_target_is_noted(
    weak: tuple[Profile, Records], replay: Replay, booth: Booth
) -> None:
    profile, records = weak
    elsewhere = booth.url.replace("127.0.0.1", "localhost")
    target = msgspec.structs.replace(
        profile.target, url=elsewhere, openapi=f"{elsewhere}/openapi.json"
    )
    outcome = replay(msgspec.structs.replace(profile, target=target), records)
    assert only(outcome)[0] is Answer.STILL_THERE
    assert outcome.notes[0] == f"It was sent to {elsewhere}; the run was of {booth.url}."


# --- which finding --------------------------------------------------------------------------------


def test_a_finding_is_named_by_how_its_fingerprint_begins(
    booth: Booth, make_suite: MakeSuite, run: Run
) -> None:
    profile = make_suite({"AA-01": FAILS, "AA-02": FAILS, "AA-03": ANSWERS}).profile(booth)
    records = run(profile)
    found = replays.findings_of(records)
    assert [k.control.id for k in found] == ["AA-01", "AA-02"]
    first = found[0]
    assert replays.wanted(found, first.fingerprint[:6].upper(), records.path) is first
    for name in ("", "zz"):
        with pytest.raises(UsageError) as error:
            replays.wanted(found, name, records.path)
        assert f"No finding begins with {name!r}" in str(error.value)
        for known in found:
            assert f"{known.fingerprint} {known.control.id} GET /things" in str(error.value)


def test_a_run_without_findings_says_so(booth: Booth, make_suite: MakeSuite, run: Run) -> None:
    records = run(make_suite({"AA-01": GUARDED}).profile(booth))
    with pytest.raises(UsageError, match="holds no finding"):
        replays.wanted(replays.findings_of(records), "ab", records.path)


def test_a_proof_has_nothing_to_send_again(weak: tuple[Profile, Records]) -> None:
    _, records = weak
    folder = records.path.parent
    (folder / PROOF).write_text("{}")
    (folder / VARIANTS).mkdir()
    variant = folder / VARIANTS / "aa.open.jsonl"
    variant.write_bytes(records.path.read_bytes())
    for path in (records.path, variant):
        with pytest.raises(UsageError, match="is a proof: its defects were planted"):
            replays.findings_of(Records(path))


def test_a_journal_that_is_damaged_is_one_sentence(weak: tuple[Profile, Records]) -> None:
    _, records = weak
    text = records.path.read_text().replace("without a key", "with a key", 1)
    records.path.write_text(text)
    with pytest.raises(JournalError, match="do not belong together"):
        replays.findings_of(records)


def test_the_new_journal_is_a_journal_of_its_own(
    weak: tuple[Profile, Records], replay: Replay
) -> None:
    profile, records = weak
    outcome = replay(profile, records)
    assert outcome.journal is not None
    (started,) = of_type(Records(outcome.journal), RunStarted)
    assert started.run != records.started.run
    assert started.selected == ["AA-01"]
    assert answers(replay(profile, Records(outcome.journal))) == ["STILL THERE"]
