"""What a check may say: no pass without a witness before and after, no fail that fades."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from booth.service import Booth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from l7audit.errors import TargetLostError
from l7audit.harness.check import Check
from l7audit.harness.saying import Ended
from l7audit.journal import Measurement, Observation, Record, Timeline, Violation, Witness, of_type
from l7audit.model import Confidence, Credential, Identity, Kind, Place, Verdict
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request

THINGS = Place(operation="GET /things")
READ = Request("GET", "/things")


def read(check: Check) -> Answer:
    """A read with the key."""
    return check.send(READ.with_auth(check.sessions.auth(check.identities[0])))


def guarded(check: Check) -> Ended:
    """A whole check: with the key it opens, without it does not."""
    check.witness("The key opens it", lambda: read(check))
    answer = check.send(READ)
    check.expect(answer.refused, THINGS, "It opens without a key", answer)
    return check.close()


def witnesses(records: list[Record]) -> list[tuple[str, bool]]:
    return [(w.phase, w.held) for w in of_type(records, Witness)]


def test_a_check_passes_when_it_looked_and_its_witness_held_before_and_after(
    check: Check, records: list[Record]
) -> None:
    assert guarded(check).verdict is Verdict.PASS
    assert witnesses(records) == [("opening", True), ("closing", True)]
    assert all(w.exchanges for w in of_type(records, Witness))


def test_without_a_witness_nothing_passes(check: Check) -> None:
    check.expect(True, THINGS, "never said")
    ended = check.close()
    assert ended.verdict is Verdict.INCONCLUSIVE
    assert "No witness" in ended.reason


def test_without_an_expectation_nothing_passes(check: Check) -> None:
    check.witness("The key opens it", lambda: read(check))
    assert check.close().verdict is Verdict.INCONCLUSIVE


def test_a_witness_that_does_not_hold_at_first_ends_the_check(
    check: Check, records: list[Record]
) -> None:
    with pytest.raises(Ended) as ended:
        check.witness("It opens", lambda: check.send(READ))
    assert ended.value.verdict is Verdict.INCONCLUSIVE
    assert "opening witness did not hold: It opens (answered 401)" in ended.value.reason
    assert witnesses(records) == [("opening", False)]


@pytest.mark.parametrize("uses", [1, 2])
def test_credentials_that_stop_working_half_way_leave_no_pass(
    uses: int, check: Check, booth: Booth, records: list[Record]
) -> None:
    booth.good_for = uses
    if uses == 2:
        read(check)
    ended = guarded(check)
    assert ended.verdict is Verdict.INCONCLUSIVE
    assert "closing witness did not hold" in ended.reason
    assert witnesses(records) == [("opening", True), ("closing", False)]


def test_each_of_several_witnesses_is_asked_again(check: Check, records: list[Record]) -> None:
    held = iter([True, True, True, False])
    check.witness("One", lambda: next(held))
    check.witness("Two", lambda: next(held))
    check.expect(True, THINGS, "never said")
    assert "Two" in check.close().reason
    assert len(witnesses(records)) == 4


@pytest.mark.parametrize("how", ["answer", "judgement", "once"])
def test_what_was_seen_once_is_not_asked_again(
    how: str, check: Check, booth: Booth, records: list[Record]
) -> None:
    seen = read(check)
    if how == "answer":
        check.witness("Seen", seen)
    elif how == "judgement":
        check.witness("Seen", seen.ok)
    else:
        check.witness("Seen", lambda: read(check), once=True)
    check.expect(True, THINGS, "never said")
    asked = len(booth.seen)
    assert check.close().verdict is Verdict.PASS
    assert len(booth.seen) == asked
    assert witnesses(records) == [("opening", True)]


def test_a_target_that_dies_half_way_is_lost_and_never_passed(check: Check, booth: Booth) -> None:
    booth.lives_for = 2
    with pytest.raises(TargetLostError, match="stopped answering"):
        guarded(check)


def test_a_violation_stays_whatever_follows_and_the_witness_is_still_asked_again(
    check: Check, booth: Booth, records: list[Record]
) -> None:
    booth.weak.add("open")
    check.witness("The key opens it", lambda: read(check))
    answer = check.send(READ)
    assert not check.expect(answer.refused, THINGS, "It opens without a key", answer)
    booth.weak.clear()
    booth.good_for = 0
    for later in (None, Ended(Verdict.INCONCLUSIVE, "lost"), Ended(Verdict.ERROR, "broke")):
        ended = check.close(later)
        assert ended.verdict is Verdict.FAIL
        assert ended.reason == "GET /things: It opens without a key"
    asked = [(w.phase, w.held) for w in of_type(records, Witness)]
    assert asked == [("opening", True), ("closing", False)]


def test_a_violation_carries_its_evidence(
    check: Check, booth: Booth, records: list[Record]
) -> None:
    booth.weak.add("open")
    answer = check.send(READ)
    check.expect(
        answer.refused, THINGS, "It opens", answer, expected="401", confidence=Confidence.STRONG
    )
    (violation,) = of_type(records, Violation)
    assert violation.exchanges == [answer.exchange]
    assert (violation.expected, violation.seen) == ("401", "200")
    assert violation.confidence is Confidence.STRONG


def test_one_place_is_one_finding_and_more_of_it_an_observation(
    check: Check, records: list[Record]
) -> None:
    for part in ("header A", "header A", "header B"):
        check.violation(Place(operation="GET /things", part=part), f"Wrong in {part}")
    assert [v.place.part for v in of_type(records, Violation)] == ["header A", "header B"]
    assert [o.statement for o in of_type(records, Observation)] == ["Wrong in header A"]


def test_one_cause_is_one_finding_wherever_it_shows(check: Check, records: list[Record]) -> None:
    for part in ("header A", "header A", "header B"):
        place = Place(operation="GET /things", part=part)
        check.expect(False, place, f"Wrong in {part}", cause="nobody guards headers")
    seen = list(of_type(records, Violation))
    assert [v.place.part for v in seen] == ["header A", "header B"]
    assert len({v.fingerprint for v in seen}) == 1
    assert {v.cause for v in seen} == {"nobody guards headers"}
    assert seen[0].fingerprint not in {check.fingerprint(v.place) for v in seen}
    assert len(check.looked_at) == 2


def test_a_fingerprint_names_control_and_place_and_no_port(
    make_check: Callable[..., Check],
) -> None:
    prints = {
        make_check(base_url=f"http://127.0.0.1:{port}", origins=[]).fingerprint(THINGS)
        for port in (1001, 1002)
    }
    assert len(prints) == 1
    assert re.fullmatch("[0-9a-f]{16}", prints.pop())
    check = make_check()
    places = [THINGS, Place(operation="GET /thing", part="s"), Place(operation="GET", part="x")]
    assert len({check.fingerprint(p) for p in places}) == 3


TEXT = st.text("aZ0 /{}\\\0\u202eé", max_size=4)
PLACES = st.builds(Place, operation=TEXT, part=TEXT)


@given(one=PLACES, other=PLACES, port=st.integers(1, 65535), seed=st.integers(0, 2**31))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_findings_have_one_fingerprint_where_and_only_where_control_and_place_are_the_same(
    make_check: Callable[..., Check], one: Place, other: Place, port: int, seed: int
) -> None:
    here = make_check(base_url=f"http://127.0.0.1:{port}")
    there = make_check(base_url="https://api.example.org", origins=[])
    there.random.seed(seed)
    assert here.fingerprint(one) == there.fingerprint(one)
    assert (here.fingerprint(one) == there.fingerprint(other)) is (one == other)
    there.control = msgspec.structs.replace(there.control, id="ZZ-99")
    assert here.fingerprint(one) != there.fingerprint(one)


def test_a_missing_surface_is_not_applicable_only_where_a_document_shows_it(
    make_check: Callable[..., Check],
) -> None:
    with pytest.raises(Ended) as documented:
        make_check().surfaces(Kind.UPLOAD)
    assert documented.value.verdict is Verdict.NOT_APPLICABLE
    with pytest.raises(Ended) as unknown:
        make_check(document=b"").surfaces(Kind.UPLOAD)
    assert unknown.value.verdict is Verdict.INCONCLUSIVE
    assert "hint" in unknown.value.reason


def test_a_surface_is_found_by_what_it_is(check: Check) -> None:
    assert str(check.surface(Kind.RESOURCE_CREATE).place()) == "POST /things"
    assert len(check.surfaces(Kind.PROTECTED_READ, limit=1)) == 1


IDENTITIES = [
    Identity(name="a", role="admin", credentials=[Credential(kind="api_key", secret="k")]),
    Identity(name="b", tenant="acme"),
    Identity(name="c", tenant="acme", credentials=[Credential(kind="password", secret="p")]),
    Identity(name="d", tags=["limited"]),
]


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({}, "a"),
        ({"index": 1}, "b"),
        ({"role": "user"}, "b"),
        ({"tenant": "acme", "index": 1}, "c"),
        ({"kind": "password"}, "c"),
        ({"tag": "limited"}, "d"),
    ],
)
def test_identities_are_chosen_by_what_they_are(
    wish: dict[str, Any], found: str, make_check: Callable[..., Check]
) -> None:
    assert make_check(identities=IDENTITIES).identity(**wish).name == found


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"role": "root"}, "no identity role root"),
        ({"tag": "limited", "index": 1}, r"no identity tag limited \(number 2\)"),
        ({"index": 3}, r"no identity at all \(number 4\)"),
    ],
)
def test_a_missing_identity_leaves_the_check_inconclusive(
    wish: dict[str, Any], said: str, make_check: Callable[..., Check]
) -> None:
    with pytest.raises(Ended, match=said) as ended:
        make_check(identities=IDENTITIES).identity(**wish)
    assert ended.value.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("what", ["storage", "logs", "backups"])
def test_what_the_provider_does_not_grant_leaves_the_check_inconclusive(
    check: Check, what: str
) -> None:
    with pytest.raises(Ended, match="granted") as ended:
        getattr(check, what)()
    assert ended.value.verdict is Verdict.INCONCLUSIVE


def test_chance_is_the_same_for_the_same_seed_and_check(make_check: Callable[..., Check]) -> None:
    assert make_check().random.random() == make_check().random.random()


def test_a_timeline_is_kept_as_it_was_told(check: Check, records: list[Record]) -> None:
    told = {"began": 5.0, "step": 0.5, "served": [2, 0], "failed": [0, 1], "slowest": [0.1, 2.0]}
    check.timeline("reads", **told)
    (kept,) = of_type(records, Timeline)
    assert (kept.control, kept.name) == ("AA-01", "reads")
    assert {name: getattr(kept, name) for name in told} == told


def test_measurements_and_observations_are_kept(check: Check, records: list[Record]) -> None:
    answers = check.burst([READ] * 3, concurrency=3)
    check.measure("refused", "ratio", successes=3, trials=3, documented="auth-success-rate")
    check.observe("Three came", *answers, wanted=3)
    (measured,) = of_type(records, Measurement)
    assert (measured.successes, measured.trials, measured.control) == (3, 3, "AA-01")
    (observed,) = of_type(records, Observation)
    assert observed.data == {"wanted": 3}
    assert observed.exchanges == [a.exchange for a in answers]


def test_ending_early_says_why(check: Check) -> None:
    for end, verdict in (
        (check.not_applicable, Verdict.NOT_APPLICABLE),
        (check.inconclusive, Verdict.INCONCLUSIVE),
    ):
        with pytest.raises(Ended, match="so it is") as ended:
            end("so it is")
        assert check.close(ended.value).verdict is verdict
