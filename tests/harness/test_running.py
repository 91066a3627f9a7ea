"""How a check's end becomes a verdict, in the process that ran it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from booth.service import Booth
from booth.suite import ANSWERS, FAILS, GUARDED, HEAD, WITNESS

from l7audit.journal import CheckEnded, CheckStarted, Exchange, Observation, Record, StackEvent
from l7audit.journal import of_type as of
from l7audit.model import Identity, Place, Verdict
from l7audit.profile import Budget

Audit = Callable[..., dict[str, CheckEnded]]


def test_a_check_that_holds_passes_and_says_whose_its_exchanges_are(
    audit: Audit, records: list[Record]
) -> None:
    ended = audit({"AA-01": GUARDED})["AA-01"]
    assert (ended.verdict, ended.reason) == (Verdict.PASS, "")
    assert ended.check == "aa/test_aa.py::test_aa_01"
    assert ended.seconds > 0
    assert [r.check for r in of(records, CheckStarted)] == [ended.check]
    assert {r.check for r in of(records, Exchange)} == {ended.check}


def test_a_violation_is_a_fail_with_its_place(audit: Audit) -> None:
    ended = audit({"AA-01": FAILS})["AA-01"]
    assert (ended.verdict, ended.reason) == (Verdict.FAIL, "GET /things: It is always wrong")


def test_a_check_that_raises_is_an_error_with_its_line_and_the_others_run(audit: Audit) -> None:
    ends = audit({"AA-01": f"{WITNESS}{{}}['gone']", "AA-02": GUARDED})
    assert ends["AA-01"].verdict is Verdict.ERROR
    line = len(HEAD.splitlines()) + 6
    assert ends["AA-01"].reason == f"KeyError: 'gone' at aa/test_aa.py:{line}"
    assert ends["AA-02"].verdict is Verdict.PASS


def test_a_check_that_raises_after_a_violation_stays_a_fail(audit: Audit) -> None:
    ended = audit({"AA-01": f"{FAILS}raise RuntimeError('later')"})["AA-01"]
    assert (ended.verdict, ended.reason) == (Verdict.FAIL, "GET /things: It is always wrong")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("assert False, 'it should'", "AssertionError"),
        ("pytest.fail('it must not')", "it must not"),
        ("pytest.skip('not today')", "not today"),
        ("sys.exit(0)", "SystemExit"),
        ("pytest.exit('enough')", "enough"),
    ],
)
def test_ending_a_check_past_the_harness_is_an_error_that_says_so(
    body: str, said: str, audit: Audit
) -> None:
    ends = audit({"AA-01": f"{GUARDED}{body}", "AA-02": ANSWERS})
    assert ends["AA-01"].verdict is Verdict.ERROR
    assert said in ends["AA-01"].reason
    assert "aa/test_aa.py:" in ends["AA-01"].reason
    assert ends["AA-02"].verdict is Verdict.PASS


def test_a_fixture_that_breaks_is_an_error_that_names_it(audit: Audit) -> None:
    head = f"{HEAD}\n@pytest.fixture\ndef ground():\n    raise OSError('no ground')\n"
    body = "pytest.importorskip"
    ends = audit({"AA-01": body, "AA-02": GUARDED}, head=head.replace("def keyed", _AUTO))
    assert ends["AA-01"].verdict is Verdict.ERROR
    assert "OSError: no ground" in ends["AA-01"].reason
    assert "aa/test_aa.py:" in ends["AA-01"].reason


_AUTO = """@pytest.fixture(autouse=True)
def breaks(request):
    if request.node.name == "test_aa_01":
        request.getfixturevalue("ground")


def keyed"""


def test_not_applicable_keeps_its_reason(audit: Audit) -> None:
    ended = audit({"AA-01": "check.not_applicable('There is no such thing.')"})["AA-01"]
    assert (ended.verdict, ended.reason) == (Verdict.NOT_APPLICABLE, "There is no such thing.")


def test_a_spent_budget_is_inconclusive(audit: Audit, booth: Booth) -> None:
    ended = audit({"AA-01": GUARDED}, budget=Budget(requests=2, timeout=5))["AA-01"]
    assert ended.verdict is Verdict.INCONCLUSIVE
    assert "budget of 2 requests is spent" in ended.reason
    assert len(booth.seen) == 2


def test_credentials_that_open_nothing_are_inconclusive(audit: Audit) -> None:
    body = "check.sessions.bearer(check.identities[0])\n" + GUARDED
    ended = audit({"AA-01": body})["AA-01"]
    assert ended.verdict is Verdict.INCONCLUSIVE
    assert "identity reader has no credentials that give a bearer token" in ended.reason


def test_what_is_out_of_scope_is_not_sent_and_inconclusive(audit: Audit) -> None:
    body = WITNESS + 'check.send(Request("GET", "/", base_url="http://192.0.2.1"))\n'
    ended = audit({"AA-01": body})["AA-01"]
    assert ended.verdict is Verdict.INCONCLUSIVE
    assert "http://192.0.2.1 was not sent" in ended.reason


def test_a_target_that_dies_half_way_is_inconclusive_and_told(
    audit: Audit, booth: Booth, records: list[Record]
) -> None:
    booth.lives_for = 2
    ended = audit({"AA-01": GUARDED})["AA-01"]
    assert ended.verdict is Verdict.INCONCLUSIVE
    assert "stopped answering" in ended.reason
    assert [e.event for e in of(records, StackEvent)] == ["lost"]


def test_a_target_that_dies_after_a_violation_leaves_the_violation_and_is_told(
    audit: Audit, booth: Booth, records: list[Record]
) -> None:
    booth.lives_for = 2
    ended = audit({"AA-01": FAILS})["AA-01"]
    assert (ended.verdict, ended.reason) == (Verdict.FAIL, "GET /things: It is always wrong")
    assert [e.event for e in of(records, StackEvent)] == ["lost"]


def test_the_places_where_a_check_looked_are_told_once_each(audit: Audit) -> None:
    ends = audit({"AA-01": GUARDED + GUARDED.removeprefix(WITNESS) + FAILS, "AA-02": WITNESS})
    assert ends["AA-01"].looked_at == [Place(operation="GET /things")]
    assert ends["AA-02"].looked_at == []


MAKES = f"""\
{GUARDED}
surface = check.surface(Kind.RESOURCE_READ)
reader = check.identities[0]
ready = check.model.resolve(surface, check.sessions, reader)
answer = check.send(ready.request(auth=check.sessions.auth(reader)))
check.expect(answer.ok, ready.place(), "What was made cannot be read", answer)
"""


def test_what_a_check_made_is_removed_at_its_end(audit: Audit, booth: Booth) -> None:
    assert audit({"AA-01": MAKES})["AA-01"].verdict is Verdict.PASS
    assert ("POST", "/things") in booth.seen
    assert booth.things == {}


def test_what_a_check_made_is_removed_even_where_it_breaks(audit: Audit, booth: Booth) -> None:
    assert audit({"AA-01": f"{MAKES}raise OSError"})["AA-01"].verdict is Verdict.ERROR
    assert ("POST", "/things") in booth.seen
    assert booth.things == {}


def test_what_cannot_be_removed_is_said(audit: Audit, records: list[Record]) -> None:
    body = f"{MAKES}check.sessions.keep_for_removal(READ, 'reader')\n"
    assert audit({"AA-01": body})["AA-01"].verdict is Verdict.PASS
    (said,) = [o for o in of(records, Observation) if "could not be removed" in o.statement]
    assert len(said.exchanges) == 1


def test_checks_of_one_job_share_sessions_and_nothing_they_said(
    audit: Audit, records: list[Record]
) -> None:
    ends = audit({"AA-01": FAILS, "AA-02": GUARDED, "BB-01": GUARDED})
    assert [e.verdict for e in ends.values()] == [Verdict.FAIL, Verdict.PASS, Verdict.PASS]
    assert len({r.id for r in of(records, Exchange)}) == len(list(of(records, Exchange)))


def test_no_identity_at_all_is_inconclusive(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody: list[Identity] = []
    monkeypatch.setattr(Booth, "identities", property(lambda _: nobody))
    ended = audit({"AA-01": f"check.identity()\n{GUARDED}"})["AA-01"]
    assert ended.verdict is Verdict.INCONCLUSIVE
    assert "no identity at all" in ended.reason


def test_a_fixture_may_end_its_check_as_the_check_itself_may(audit: Audit, booth: Booth) -> None:
    ground = "\n@pytest.fixture(autouse=True)\ndef ground(check):\n    "
    upload = audit({"AA-01": GUARDED}, head=f"{HEAD}{ground}check.surface(Kind.UPLOAD)\n")
    assert upload["AA-01"].verdict is Verdict.NOT_APPLICABLE
    wrong = 'check.violation(THINGS, "It is wrong")\n    raise OSError\n'
    broken = audit({"BB-01": GUARDED}, head=f"{HEAD}{ground}{wrong}")
    assert broken["BB-01"].verdict is Verdict.FAIL
    assert booth.count("/things") == 0


def test_a_check_that_ends_past_the_harness_after_a_violation_stays_a_fail(audit: Audit) -> None:
    assert audit({"AA-01": f"{FAILS}pytest.fail('late')"})["AA-01"].verdict is Verdict.FAIL


_HELD = "check.sessions._wallet.held"


@pytest.mark.parametrize(("asked", "kept"), [("READ", False), ("Request('GET', '/not')", True)])
def test_a_witness_that_is_refused_makes_the_next_check_begin_with_new_sessions(
    audit: Audit, asked: str, kept: bool
) -> None:
    loses = "from l7audit.probe.request import Auth\nsession = Auth.bearer('a-session')\n"
    loses += f"{_HELD}[check.identities[0].name, 'password:x'] = (session, 9e9)\n"
    loses += f"check.witness('It opens', lambda: check.send({asked}))\n"
    looks = f"{WITNESS}check.expect(bool({_HELD}) is {kept}, THINGS, 'It is otherwise')\n"
    ends = audit({"AA-01": loses, "AA-02": looks})
    assert ends["AA-01"].verdict is Verdict.INCONCLUSIVE
    assert ends["AA-02"].verdict is Verdict.PASS, ends["AA-02"].reason
