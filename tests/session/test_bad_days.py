"""Runs whose target, document, credentials or folder are not as they should be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from booth.outcomes import Listener, begun, verdicts
from booth.service import Booth
from booth.suite import GUARDED, Suite

from l7audit import folders
from l7audit.errors import ProviderError, UsageError
from l7audit.exits import Exit
from l7audit.folders import LATEST
from l7audit.profile import Budget
from l7audit.rendering import Outcome

MakeSuite = Callable[..., Suite]
Run = Callable[..., Outcome]


def test_an_unreachable_target_is_one_sentence_and_leaves_no_verdict(
    booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    suite = make_suite({"AA-01": GUARDED})
    booth.die()
    with pytest.raises(ProviderError, match="cannot be reached: nothing listens") as error:
        run(suite.profile(booth))
    assert error.value.exit is Exit.INTERNAL
    assert not list(tmp_path.glob("out/*/results.json"))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"{not json: [", "OpenAPI"),
        (b'{"openapi": "9.9", "paths": {}}', "OpenAPI"),
        (None, "answered 404"),
    ],
)
def test_a_document_that_cannot_be_used_is_one_sentence(
    document: bytes | None, said: str, booth: Booth, make_suite: MakeSuite, run: Run
) -> None:
    suite = make_suite({"AA-01": GUARDED})
    profile = suite.profile(booth)
    if document is None:
        target = msgspec.structs.replace(profile.target, openapi=f"{booth.url}/nowhere.json")
        profile = msgspec.structs.replace(profile, target=target)
    else:
        booth.document = document
    with pytest.raises(ProviderError, match=said):
        run(profile)
    assert booth.count("/things") == 0


def test_a_malformed_hint_is_one_sentence(booth: Booth, make_suite: MakeSuite, run: Run) -> None:
    profile = make_suite({"AA-01": GUARDED}).profile(booth)
    target = msgspec.structs.replace(profile.target, hints={"login": "nowhere at all"})
    with pytest.raises(UsageError, match="login"):
        run(msgspec.structs.replace(profile, target=target))


def test_a_target_that_dies_half_way_leaves_no_false_pass(
    booth: Booth, make_suite: MakeSuite, run: Run, listener: Listener
) -> None:
    suite = make_suite({f"AA-0{n}": GUARDED for n in range(1, 10)})
    booth.lives_for = 2 + 4 + 3 + 2  # being there and the document, manners, one check, a bit
    outcome = run(suite.profile(booth), jobs=1)
    found = verdicts(outcome.results)
    assert found.pop("AA-01") == "pass"
    assert set(found.values()) == {"inconclusive"}
    assert outcome.exit is Exit.UNTRUSTED
    assert outcome.results.outcome == "broken"
    assert "The target stopped answering." in outcome.results.gate.reason
    assert len(begun(listener.seen)) <= 6  # the first group ends, no further one starts


def test_credentials_that_stop_working_half_way_leave_no_false_pass(
    booth: Booth, make_suite: MakeSuite, run: Run
) -> None:
    suite = make_suite({f"AA-0{n}": GUARDED for n in range(1, 5)})
    booth.good_for = 3
    outcome = run(suite.profile(booth), jobs=1)
    assert verdicts(outcome.results) == {
        "AA-01": "pass", "AA-02": "inconclusive", "AA-03": "inconclusive", "AA-04": "inconclusive",
    }  # fmt: skip
    assert outcome.exit is Exit.UNTRUSTED
    assert "witness did not hold" in outcome.results.controls[1].reason


def test_a_spent_budget_leaves_no_false_pass(booth: Booth, make_suite: MakeSuite, run: Run) -> None:
    suite = make_suite({"AA-01": GUARDED, "AA-02": GUARDED})
    outcome = run(suite.profile(booth, budget=Budget(requests=4)), jobs=1)
    assert verdicts(outcome.results)["AA-02"] == "inconclusive"
    assert outcome.exit is Exit.UNTRUSTED


def test_a_check_that_kills_its_process_costs_only_itself(
    booth: Booth, make_suite: MakeSuite, run: Run
) -> None:
    outcome = run(make_suite({"AA-01": "os._exit(3)", "AA-02": GUARDED}).profile(booth))
    assert verdicts(outcome.results) == {"AA-01": "error", "AA-02": "pass"}
    assert outcome.exit is Exit.UNTRUSTED


def test_a_folder_that_cannot_be_made_is_one_sentence(
    booth: Booth, make_suite: MakeSuite, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"file cannot be written: .* Choose another with --out"):
        run(make_suite({"AA-01": GUARDED}).profile(booth), out=tmp_path / "file")


def test_folders_of_one_second_do_not_meet(tmp_path: Path) -> None:
    made = {folders.new_folder(tmp_path) for _ in range(5)}
    assert len(made) == 5
    assert (tmp_path / LATEST).resolve() in made


def test_many_sessions_may_start_at_once(tmp_path: Path) -> None:
    made: list[Path] = []
    threads = [
        threading.Thread(target=lambda: made.append(folders.new_folder(tmp_path))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8
    assert (tmp_path / LATEST).resolve() in made
