"""Callers without a credential."""

from __future__ import annotations

from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind, Safety
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.likeness import says_nothing
from l7audit.target.target_model import Surface
from l7audit_suites.authn.ground import readable
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authn.strange_writes import deed
from l7audit_suites.authn.visitors import Visitor, visitors

_MOST_READS = 24
_MOST_WRITES = 12
_WRITING = (
    Kind.RESOURCE_CREATE,
    Kind.KEY_CREATE,
    Kind.RESOURCE_CHANGE,
    Kind.RESOURCE_DELETE,
    Kind.UPLOAD,
    Kind.COSTLY,
    Kind.URL_TAKING,
    Kind.RATE_POLICY,
    Kind.SIGNING_KEY_CREATE,
    Kind.SIGNING_KEY_RETIRE,
)


@pytest.mark.control("AUTHN-01")
def test_a_stranger_reads_nothing_that_a_member_reads(check: Check) -> None:
    everybody = visitors(check)
    looked = 0
    for surface in check.surfaces(Kind.PROTECTED_READ, limit=_MOST_READS):
        found = _opened(check, surface, everybody)
        if found is None:
            continue
        visitor, good = found
        if not looked:
            opened = surface.request(auth=visitor.auth)
            check.witness("the read is answered to who may", partial(check.send, opened))
        looked += 1
        stranger = check.send(surface.request())
        seen = judge(stranger, good)
        if seen is Seen.UNCLEAR:
            check.observe("A stranger got no decision.", stranger)
            continue
        check.expect(
            seen is Seen.REFUSED,
            surface.place("without a credential"),
            "Anybody can read this without a credential.",
            stranger,
            good,
            expected="401, as HTTP says for a missing credential",
            seen=f"{stranger.status}, with the content that a member gets",
            confidence=Confidence.WEAK if says_nothing(good) else Confidence.CONFIRMED,
        )
    if not looked:
        check.inconclusive("No protected read answered to any identity of the profile.")


def _opened(
    check: Check, surface: Surface, everybody: list[Visitor]
) -> tuple[Visitor, Answer] | None:
    """The first visitor whom a read answers, and its answer."""
    if surface.needs_values:
        return None
    for visitor in everybody:
        answer = check.send(surface.request(auth=visitor.auth), identity=visitor.name)
        if answer.ok:
            return visitor, answer
    return None


@pytest.mark.control("AUTHN-02")
def test_a_stranger_changes_nothing(check: Check) -> None:
    visitor = visitors(check)[0]
    surface = readable(check)[0]
    check.witness("a member is let in", lambda: check.send(surface.request(auth=visitor.auth)))
    doubtful: list[tuple[Surface, Answer]] = []
    looked = 0
    for write in _writes(check):
        stranger = check.send(_harmless(write))
        if stranger.refused:
            looked += 1
            check.expect(True, write.place("without a credential"), "")
        elif stranger.ok:
            looked += 1
            _judged(check, write, stranger, visitor)
        else:
            doubtful.append((write, stranger))
    looked += sum(_settled(check, write, answer, visitor) for write, answer in doubtful)
    if not looked:
        check.inconclusive(
            "No write refused a stranger outright; the profile's safety level has to be intrusive "
            "to try a valid body."
        )


def _writes(check: Check) -> list[Surface]:
    """Protected writes of every kind, each once; none that would act without any body."""
    found: dict[str, Surface] = {}
    for kind in _WRITING:
        for surface in check.model.surfaces(kind, limit=_MOST_WRITES):
            operation = surface.operation
            acts_blindly = not operation.bodies and operation.method != "DELETE"
            if operation.public or operation.method == "GET" or acts_blindly:
                continue
            found.setdefault(str(operation.place), surface)
    if not found:
        check.not_applicable("The target's document has no protected write.")
    return list(found.values())[:_MOST_WRITES]


def _harmless(surface: Surface) -> Request:
    """The write with a body of the wrong shape and ids that nothing has."""
    media = surface.operation.media_type
    if not media:
        return surface.request()
    return surface.request(content=b"[]" if "json" in media else b"", media_type=media)


def _judged(check: Check, surface: Surface, answer: Answer, visitor: Visitor) -> None:
    """A stranger's write that was answered like a success: what it did decides."""
    member = next(i for i in check.identities if i.name == visitor.name)
    did = deed(check, surface, answer, member)
    check.expect(
        not did.done,
        surface.place("without a credential"),
        "Anybody can do this without a credential.",
        *did.answers,
        expected="401, as HTTP says for a missing credential, and nothing done",
        seen=did.seen,
        confidence=did.confidence,
    )


def _open_door(check: Check, surface: Surface, answer: Answer) -> None:
    check.violation(
        surface.place("without a credential"),
        "Anybody can do this without a credential.",
        answer,
        expected="401, as HTTP says for a missing credential",
        seen=f"{answer.status}",
    )


def _settled(check: Check, surface: Surface, answer: Answer, visitor: Visitor) -> bool:
    """Whether a stranger's 4xx that is no refusal could be told from one.

    A body may be looked at before the caller: that is no hole as long as a right body does not
    get any further. Only where writing is allowed is that tried.
    """
    creates = {Kind.RESOURCE_CREATE, Kind.KEY_CREATE} & surface.kinds
    allowed = check.probe.scope.safety.rank >= Safety.INTRUSIVE.rank
    if (answer.status or 500) >= 500 or not creates or not allowed:
        check.observe("A stranger's harmless write was not refused as a stranger's.", answer)
        return False
    second = check.send(surface.request())
    if second.ok:
        _open_door(check, surface, second)
        _removed(check, surface, second, visitors(check))
        return True
    kept_out = second.refused or _member_makes(check, surface, second, visitor)
    if kept_out:
        check.expect(True, surface.place("without a credential"), "")
    return kept_out


def _member_makes(check: Check, surface: Surface, stranger: Answer, visitor: Visitor) -> bool:
    """Whether a member may what the stranger just could not, so that it was about who asked."""
    if (stranger.status or 500) >= 500 or stranger.throttled:
        return False
    good = check.send(surface.request(auth=visitor.auth), identity=visitor.name)
    if good.ok:
        _removed(check, surface, good, [visitor])
    return good.ok


def _removed(check: Check, surface: Surface, answer: Answer, by: list[Visitor]) -> None:
    """Deletes what the check made, as the first who may."""
    value = answer.json_or_none()
    made = value.get("id") if isinstance(value, dict) else None
    template = f"{surface.operation.template.rstrip('/')}/{{"
    for kind in (Kind.RESOURCE_DELETE, Kind.KEY_REVOKE):
        for remover in check.model.surfaces(kind, limit=20):
            if not remover.operation.template.startswith(template) or made is None:
                continue
            names = [p.name for p in remover.operation.path_parameters[-1:]]
            for visitor in by:
                path = {name: str(made) for name in names}
                if check.send(remover.request(auth=visitor.auth, path=path)).ok:
                    return
    check.observe("What the check made may remain.", answer)


@pytest.mark.control("AUTHN-03")
def test_a_401_says_how_to_authenticate(check: Check) -> None:
    visitor = visitors(check)[0]
    surfaces = readable(check)
    check.witness(
        "the read is answered to who may",
        lambda: check.send(surfaces[0].request(auth=visitor.auth)),
    )
    seen = 0
    for surface in surfaces[:3]:
        for part, auth in (
            ("without a credential", Auth.none()),
            ("with a wrong credential", Auth.bearer("l7audit-wrong")),
        ):
            answer = check.send(surface.request(auth=auth))
            if answer.status != 401:
                continue
            seen += 1
            challenges = answer.headers.get_all("WWW-Authenticate")
            check.expect(
                any(challenge.strip() for challenge in challenges),
                surface.place(part),
                "A 401 carries no WWW-Authenticate, so a client cannot tell how to authenticate.",
                answer,
                expected="WWW-Authenticate with a scheme",
                seen="none",
            )
    if not seen:
        check.not_applicable("No refusal of the target is a 401.")
