"""The proof, in a lab of real services: a gap is found wherever a check is blind or cries wolf."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from booth.processes import wait_until
from booth.service import Booth
from booth.suite import ANSWERS, GUARDED, WITNESS, Suite

from l7audit import journal as journals
from l7audit import plugins as all_plugins
from l7audit import proof, rendering, variants
from l7audit.assess.proof import CLEAN
from l7audit.errors import ProviderError, UsageError
from l7audit.exits import Exit
from l7audit.folders import JOURNAL, VARIANTS
from l7audit.hookspecs import Lab, Progress, Provider, hookimpl
from l7audit.journal import CheckStarted, ProofCell, RunEnded
from l7audit.model import Capability, Target, Verdict
from l7audit.profile import Profile, TargetProfile
from l7audit.proof import PROOF
from l7audit.rendering import Outcome
from l7audit.session import Options

Prove = Callable[..., Outcome]
MakeSuite = Callable[..., Suite]

SUMMARIES = {
    "open": "It opens without a key",
    "quiet": "It looks odd and is harmless",
    "odd": "It looks odd too",
    "gone": "Nobody answers",
    "slow": "It keeps people waiting",
}


class BoothLab:
    """Lanes of booths; planting is weakening one. `gone` makes it die, `slow` wait."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.booths = [Booth() for _ in range(lanes)]
        self.planted: list[tuple[int, list[str]]] = []

    def defects(self) -> Mapping[str, str]:
        return SUMMARIES

    def whole(self) -> frozenset[str]:
        return frozenset({"open"})

    def waits(self) -> bool:
        """Whether a slow booth keeps somebody waiting."""
        return any(b.asked_to_wait.is_set() and "slow" in b.weak for b in self.booths)

    def target(self, lane: int, defects: Sequence[str]) -> Target:
        self.planted.append((lane, list(defects)))
        booth = self.booths[lane]
        booth.weak = set(defects)
        if "gone" in defects:
            booth.die()
        booth.asked_to_wait.clear()
        if "slow" in defects:
            booth.go_on.clear()
        else:
            booth.go_on.set()
        replicas = [booth.url] if lane == 0 else []
        return msgspec.structs.replace(
            booth.target,
            provider="booths",
            replicas=replicas,
            capabilities=[*booth.target.capabilities, Capability.REPLICAS],
        )


class Booths(Provider):
    """A provider of booths."""

    name = "booths"

    def __init__(self) -> None:
        self.lab: BoothLab | None = None

    @contextmanager
    def open(self, profile: Profile, folder: Path, progress: Progress) -> Iterator[Target]:
        raise AssertionError("a proof wants a lab")

    @contextmanager
    def open_lab(
        self, profile: Profile, folder: Path, progress: Progress, lanes: int
    ) -> Iterator[Lab]:
        self.lab = BoothLab(lanes)
        try:
            yield self.lab
        finally:
            for booth in self.lab.booths:
                booth.die()

    @hookimpl
    def l7audit_register_provider(self) -> Provider:
        return self


@pytest.fixture
def booths() -> Booths:
    return Booths()


@pytest.fixture
def prove(tmp_path: Path, booths: Booths, monkeypatch: pytest.MonkeyPatch) -> Prove:
    """Proves a suite in the lab; no other suites, one lane, only `results.json`, to be quick."""
    monkeypatch.setattr(proof, "LANES", 1)
    built_in = [n for n in all_plugins.BUILT_IN if n != "l7audit_suites"]
    monkeypatch.setattr(all_plugins, "BUILT_IN", built_in)

    def go(suite: Suite, *, provider: str = "booths", **options: Any) -> Outcome:
        profile = Profile(target=TargetProfile(provider=provider, url="http://127.0.0.1:1"))
        wanted: dict[str, Any] = {"out": tmp_path / "out", "reporters": ("json",)} | options
        plugins = all_plugins.load(extra=[booths])
        assert [s.package for s in plugins.suites] == [suite.package]
        return proof.prove(profile, plugins, Options(**wanted), lambda _: None)

    return go


def matrix(outcome: Outcome) -> Any:
    return json.loads((outcome.folder / PROOF).read_text())


def gaps(outcome: Outcome) -> dict[tuple[str, str], str]:
    return {(g["control"], g["variant"]): g["reason"] for g in matrix(outcome)["gaps"]}


NEAR = {"near_misses": ["quiet"]}
OPENS = {"defects": ["open"]}
DEAF = GUARDED.replace("answer.refused", "answer.status is not None")
"""Looks, and is content with anything."""


def test_a_suite_that_sees_its_defects_and_nothing_else_is_proven(
    prove: Prove, make_suite: MakeSuite, booths: Booths
) -> None:
    suite = make_suite(
        {"AA-01": GUARDED, "AA-02": GUARDED, "BB-01": ANSWERS},
        fields={"AA-01": OPENS | NEAR, "AA-02": OPENS, "BB-01": {"defects": ["gone"]}},
    )
    outcome = prove(suite, select=("AA",))
    assert outcome.exit is Exit.PASSED
    told = matrix(outcome)
    assert told["gaps"] == []
    assert [(c["id"], c["state"], c["clean"]) for c in told["controls"]] == [
        ("AA-01", "proven", "pass"),
        ("AA-02", "proven", "pass"),
    ]
    first = told["controls"][0]
    assert [(d["name"], d["verdict"], d["ok"]) for d in first["defects"]] == [
        ("open", "fail", True)
    ]
    assert [(n["name"], n["verdict"]) for n in first["near_misses"]] == [("quiet", "pass")]
    assert told["seconds"] > 0
    assert outcome.files[-1] == outcome.folder / PROOF
    assert {c.id: c.proof.state for c in outcome.results.controls} == {
        "AA-01": "proven", "AA-02": "proven",
    }  # fmt: skip
    assert booths.lab is not None
    variants = [names for _, names in booths.lab.planted]
    assert sorted(variants) == [[], [], ["open"], ["quiet"]]


def test_each_variant_keeps_a_journal_that_can_be_rendered(
    prove: Prove, make_suite: MakeSuite, tmp_path: Path
) -> None:
    outcome = prove(make_suite({"AA-01": GUARDED}, fields={"AA-01": OPENS | NEAR}))
    folder = outcome.folder / VARIANTS
    assert {f.name for f in folder.iterdir()} == {"clean.jsonl", "open.jsonl", "quiet.jsonl"}
    again = rendering.render(folder / "open.jsonl", all_plugins.load(), tmp_path / "r", ["json"])
    assert [(c.id, c.verdict) for c in again.results.controls] == [("AA-01", Verdict.FAIL)]
    assert "open: It opens without a key" in again.results.target
    run = journals.read(outcome.folder / JOURNAL)
    assert isinstance(run[-1], RunEnded)
    assert len(list(journals.of_type(run, CheckStarted))) == 1  # the clean stack's evidence


def test_a_check_that_is_blind_to_its_defect_is_a_gap(prove: Prove, make_suite: MakeSuite) -> None:
    outcome = prove(make_suite({"AA-01": DEAF}, fields={"AA-01": OPENS}))
    assert gaps(outcome) == {("AA-01", "open"): "It answered pass where fail was due"}
    assert outcome.exit is Exit.FAILED


def test_a_check_that_cries_wolf_at_a_near_miss_is_a_gap(
    prove: Prove, make_suite: MakeSuite
) -> None:
    jumpy = f'{GUARDED}check.expect(not check.send(OPEN).json()["odd"], THINGS, "It is odd")\n'
    suite = make_suite({"AA-01": jumpy}, fields={"AA-01": OPENS | {"near_misses": ["odd"]}})
    outcome = prove(suite)
    assert gaps(outcome) == {
        ("AA-01", "odd"): "It answered fail where pass was due: GET /things: It is odd"
    }
    assert outcome.exit is Exit.FAILED


def test_a_defect_that_turns_a_bystander_red_is_a_gap_that_names_it(
    prove: Prove, make_suite: MakeSuite
) -> None:
    suite = make_suite(
        {"AA-01": GUARDED, "BB-01": GUARDED},
        fields={"AA-01": OPENS, "BB-01": {"near_misses": ["quiet"]}},
    )
    outcome = prove(suite)
    found = gaps(outcome)
    assert "It also turned BB-01 red (GET /things" in found["AA-01", "open"]
    assert found["BB-01", ""] == "No defect is declared for it."
    row = matrix(outcome)["controls"][0]["defects"][0]
    assert (row["verdict"], row["ok"], row["disturbed"]) == ("fail", False, ["BB-01"])


def test_a_clean_stack_that_does_not_pass_is_a_gap(prove: Prove, make_suite: MakeSuite) -> None:
    body = f"{WITNESS}check.inconclusive('It is foggy.')"
    outcome = prove(make_suite({"AA-01": body}, fields={"AA-01": OPENS}))
    assert gaps(outcome) == {
        ("AA-01", CLEAN): "It answered inconclusive where pass was due: It is foggy.",
        ("AA-01", "open"): "It answered inconclusive where fail was due: It is foggy.",
    }


def test_a_variant_that_answers_nobody_proves_nothing(prove: Prove, make_suite: MakeSuite) -> None:
    outcome = prove(make_suite({"AA-01": GUARDED}, fields={"AA-01": {"defects": ["gone"]}}))
    assert "answered inconclusive where fail was due" in gaps(outcome)["AA-01", "gone"]


def test_a_check_that_kills_its_process_is_a_gap_of_its_own_alone(
    prove: Prove, make_suite: MakeSuite
) -> None:
    suite = make_suite(
        {"AA-01": "os._exit(4)", "AA-02": GUARDED}, fields={"AA-01": NEAR, "AA-02": OPENS}
    )
    found = gaps(prove(suite))
    assert "answered error where pass was due" in found["AA-01", CLEAN]
    assert {control for control, _ in found} == {"AA-01"}


def test_what_takes_the_whole_stack_is_proven_in_the_first_lane(
    prove: Prove, make_suite: MakeSuite, booths: Booths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "LANES", 2)
    suite = make_suite({"AA-01": GUARDED}, fields={"AA-01": OPENS | NEAR})
    assert gaps(prove(suite)) == {}
    assert booths.lab is not None
    lanes = {str(names): lane for lane, names in booths.lab.planted}
    assert (lanes["['open']"], lanes["[]"]) == (0, 0)


def test_what_is_alone_stands_by_nowhere_and_is_proven_all_the_same(
    prove: Prove, make_suite: MakeSuite
) -> None:
    suite = make_suite(
        {"AA-01": GUARDED, "BB-01": GUARDED},
        fields={"AA-01": {"defects": ["odd"]}, "BB-01": {"alone": True, "defects": ["open"]}},
    )
    outcome = prove(suite)
    cells = {
        (c.control, c.variant): c
        for c in journals.of_type(journals.read(outcome.folder / JOURNAL), ProofCell)
    }
    assert cells["BB-01", "open"].ok is False  # AA-01 turned red beside it
    assert cells["BB-01", "open"].observed == ["AA-01"]
    assert cells["AA-01", "odd"].observed == []


def test_the_same_bystanders_are_drawn_each_time_and_all_of_them_on_demand(
    prove: Prove, make_suite: MakeSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(variants, "NEIGHBOURS", 1)
    monkeypatch.setattr(variants, "STRANGERS", 1)
    names = ["AA-01", "AA-02", "AA-03", "BB-01", "BB-02"]
    suite = make_suite(dict.fromkeys(names, ANSWERS), fields={"AA-01": OPENS})

    def observed(**options: Any) -> list[str]:
        records = journals.read(prove(suite, **options).folder / JOURNAL)
        (cell,) = [c for c in journals.of_type(records, ProofCell) if c.variant == "open"]
        return cell.observed

    drawn = observed(seed=1)
    assert [name[:2] for name in drawn] == ["AA", "BB"]
    assert observed(seed=2) == drawn
    assert observed(thorough=True) == names[1:]


def test_names_nobody_knows_are_refused_before_a_lab_is_opened(
    prove: Prove, make_suite: MakeSuite, booths: Booths, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no control or area 'ZZ'"):
        prove(make_suite({"AA-01": GUARDED}), select=("ZZ",))
    assert booths.lab is None
    assert not (tmp_path / "out").exists()


def test_another_labs_areas_are_left_out_by_name_and_are_no_gaps(
    prove: Prove, make_suite: MakeSuite
) -> None:
    elsewhere = {"defects": ["moon.falls"]}
    suite = make_suite(
        {"AA-01": GUARDED, "BB-01": GUARDED}, fields={"AA-01": OPENS, "BB-01": elsewhere}
    )
    outcome = prove(suite)
    assert outcome.exit is Exit.PASSED
    assert [c["id"] for c in matrix(outcome)["controls"]] == ["AA-01"]
    assert [o.control for o in outcome.results.out_of_scope] == ["BB-01"]
    assert prove(suite, select=("BB",)).exit is Exit.NOTHING_ASSESSED


def test_a_provider_without_a_lab_says_so(prove: Prove, make_suite: MakeSuite) -> None:
    with pytest.raises(ProviderError, match="'external' cannot plant defects"):
        prove(make_suite({"AA-01": GUARDED}), provider="external")


def test_a_lab_that_breaks_ends_the_proof_with_its_sentence(
    prove: Prove, make_suite: MakeSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = BoothLab.target

    def breaks(self: BoothLab, lane: int, defects: Sequence[str]) -> Target:
        if defects:
            raise ProviderError("The lane did not start.")
        return whole(self, lane, defects)

    monkeypatch.setattr(BoothLab, "target", breaks)
    with pytest.raises(ProviderError, match="The lane did not start"):
        prove(make_suite({"AA-01": GUARDED}, fields={"AA-01": OPENS}))


def test_an_interrupted_proof_says_what_is_known_and_invents_no_gap(
    prove: Prove, make_suite: MakeSuite, booths: Booths
) -> None:
    assert threading.current_thread() is threading.main_thread()
    waits = f"{ANSWERS}check.send(WAIT)\n"
    suite = make_suite(
        {"AA-01": GUARDED, "BB-01": waits},
        fields={"AA-01": OPENS, "BB-01": {"defects": ["slow"]}},
    )

    def interrupt() -> None:
        wait_until(lambda: booths.lab is not None and booths.lab.waits())
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt, daemon=True).start()
    outcome = prove(suite)
    assert outcome.exit is Exit.INTERRUPTED
    records = journals.read(outcome.folder / JOURNAL)
    assert isinstance(records[-1], RunEnded)
    assert records[-1].outcome == "interrupted"
    assert "slow" not in {c.variant for c in journals.of_type(records, ProofCell)}
    assert gaps(outcome)["BB-01", "slow"] == "It was not run."
