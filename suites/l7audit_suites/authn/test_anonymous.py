"""Callers without a credential."""

from __future__ import annotations

from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.likeness import says_nothing
from l7audit.target.target_model import Surface
from l7audit_suites.authn.ground import readable
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authn.kept import at, kept_things, nowhere, private, read, told
from l7audit_suites.authn.strange_writes import Deed, Deeds
from l7audit_suites.authn.visitors import Visitor, visitors
from l7audit_suites.authz.families import seen_families
from l7audit_suites.authz.own_ids import own_reads
from l7audit_suites.authz.things import Thing

_MOST_READS = 24
_MOST_BELOW = 5
_MOST_OWNERS = 2
_MOST_WRITES = 24
_WRITING = (
    Kind.RESOURCE_CREATE,
    Kind.KEY_CREATE,
    Kind.RESOURCE_CHANGE,
    Kind.RESOURCE_DELETE,
    Kind.UPLOAD,
    Kind.COSTLY,
    Kind.URL_TAKING,
    Kind.AMOUNT_TAKING,
    Kind.ONCE_ONLY,
    Kind.SEARCH,
    Kind.RATE_POLICY,
    Kind.SIGNING_KEY_CREATE,
    Kind.SIGNING_KEY_RETIRE,
    Kind.DATA_KEY_ROTATE,
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
    looked += _below(check, everybody)
    if not looked:
        check.inconclusive("No protected read answered to any identity of the profile.")


def _below(check: Check, everybody: list[Visitor]) -> int:
    """The same for what is asked for by the id of a thing: a stranger who is sent away where there
    is nothing needs no thing to be made for him."""
    refusals = [check.send(s.request()) for s in readable(check)[:1]]
    open_, looked = set[str](), 0
    for surface in check.surfaces(Kind.PROTECTED_READ, limit=_MOST_READS * 2):
        if not surface.needs_values or Kind.STREAMING in surface.kinds:
            continue
        answer = check.send(surface.request(path=nowhere(check, surface)))
        if _sent_away(answer, refusals):
            looked += 1
            check.expect(True, surface.place("without a credential"), "")
        else:
            open_.add(str(surface.place()))

    def wanted(surface: Surface) -> bool:
        return surface.operation.public or str(surface.place()) in open_

    for thing, surfaces in kept_things(check, _members(check, everybody), wanted):
        for surface in surfaces[:_MOST_BELOW]:
            ready = at(thing, surface)
            if surface.operation.public:
                _given_away(check, thing, ready)
            elif not ready.needs_values:
                open_.discard(str(surface.place()))
                looked += _guarded(check, thing, ready)
    return looked + _by_own_ids(check, _members(check, everybody), open_)


def _by_own_ids(check: Check, members: list[Identity], open_: set[str]) -> int:
    """The same for what a member reads by an id of his own, as his account tells it."""
    looked, left = 0, set(open_)
    for member in members[:_MOST_OWNERS] if open_ else []:
        for own in own_reads(check, member, lambda s: str(s.place()) in left):
            left.discard(str(own.surface.place()))
            stranger = check.send(own.surface.request())
            if judge(stranger, own.answer) is Seen.UNCLEAR:
                check.observe("A stranger got no decision.", stranger)
                continue
            looked += 1
            check.expect(
                not own.same(stranger),
                own.surface.place("without a credential"),
                "Anybody who knows its address can read this without a credential.",
                stranger,
                own.answer,
                expected="401, as HTTP says for a missing credential",
                seen=f"{stranger.status}, with what a member is told by his own id",
            )
    return looked


def _sent_away(answer: Answer, refusals: list[Answer]) -> bool:
    """Whether a stranger was told to say who he is. A 403 alone may also be said of what is not
    there, unless it is what he is told elsewhere."""
    same = any((answer.status, answer.text) == (r.status, r.text) for r in refusals)
    return answer.refused and (answer.status != 403 or same)


def _guarded(check: Check, thing: Thing, surface: Surface) -> int:
    good = read(check, thing, surface)
    if not good.ok:
        return 0
    check.witness("the read is answered to who may", good, once=True)
    stranger = check.send(surface.request())
    seen = judge(stranger, good)
    if seen is Seen.UNCLEAR:
        check.observe("A stranger got no decision.", stranger)
        return 0
    sure = seen is Seen.ACCEPTED and told(check, thing, surface, stranger, good)
    check.expect(
        seen is Seen.REFUSED,
        surface.place("without a credential"),
        "Anybody who knows its address can read this without a credential.",
        stranger,
        good,
        expected="401, as HTTP says for a missing credential",
        seen=f"{stranger.status}, with what a member is told of what is his",
        confidence=Confidence.CONFIRMED if sure else Confidence.WEAK,
    )
    return 1


def _given_away(check: Check, thing: Thing, surface: Surface) -> None:
    """A read that the document itself calls public, of a thing that other members may not see:
    a way to share it, or a guard that was forgotten."""
    stranger = check.send(surface.request())
    if not stranger.ok or says_nothing(stranger) or not thing.named_in(stranger):
        return
    check.expect(
        not (told(check, thing, surface, stranger, stranger) and private(check, thing)),
        surface.place("without a credential"),
        "Anybody who knows its address can read what other members may not see.",
        stranger,
        thing.seen,
        expected="401, unless it is meant to be shared by its address",
        seen=f"{stranger.status}, with what is kept from another member",
        confidence=Confidence.WEAK,
    )


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


def _read_by_a_member(check: Check, everybody: list[Visitor]) -> Request | None:
    """The plainest read without an id that somebody is let in to: the first may be for others."""
    for surface in readable(check)[:_MOST_READS]:
        found = _opened(check, surface, everybody)
        if found is not None:
            return surface.request(auth=found[0].auth)
    return None


@pytest.mark.control("AUTHN-02")
def test_a_stranger_changes_nothing(check: Check) -> None:
    everybody = visitors(check)
    good = _read_by_a_member(check, everybody)
    if good is None:
        check.inconclusive("There is no protected read without an id to see a member let in at.")
    check.witness("a member is let in", lambda: check.send(good))
    deeds, looked = Deeds(check, _members(check, everybody)), 0
    doubtful: list[tuple[Surface, Answer | None]] = []
    for write in _writes(check):
        # What takes no body acts at once: it is only done to what was made for that.
        blind = not write.operation.bodies and write.operation.method != "DELETE"
        harmless = None if blind else check.send(_harmless(check, write))
        if harmless is not None and harmless.refused:
            looked += 1
            check.expect(True, write.place("without a credential"), "")
        else:
            doubtful.append((write, harmless))
    # Nothing is left to be changed where something was removed.
    doubtful.sort(key=lambda pair: pair[0].operation.method == "DELETE")
    looked += sum(_judged(check, deeds, *pair) for pair in doubtful)
    for write, did in deeds.called_public():
        _said(check, write, did)
    if not looked:
        check.inconclusive(
            "No write refused a stranger outright; the profile's safety level has to be intrusive "
            "to try a valid body."
        )


def _members(check: Check, everybody: list[Visitor]) -> list[Identity]:
    """Who the visitors are, in their order."""
    by_name = {identity.name: identity for identity in check.identities}
    return [by_name[visitor.name] for visitor in everybody]


def _writes(check: Check) -> list[Surface]:
    """Protected writes of every kind, each once."""
    found: dict[str, Surface] = {}
    for kind in _WRITING:
        for surface in check.model.surfaces(kind, limit=_MOST_WRITES):
            found.setdefault(str(surface.operation.place), surface)
    for family in seen_families(check.model):
        for surface in family.below:
            found.setdefault(str(surface.operation.place), surface)
    writes = [
        s
        for s in found.values()
        if not s.operation.public
        and s.operation.method != "GET"
        and (s.operation.bodies or s.operation.method == "DELETE" or s.operation.path_parameters)
    ]
    if not writes:
        check.not_applicable("The target's document has no protected write.")
    return writes[:_MOST_WRITES]


def _harmless(check: Check, surface: Surface) -> Request:
    """The write with a body of the wrong shape and ids that nothing has."""
    media, path = surface.operation.media_type, nowhere(check, surface)
    if not media:
        return surface.request(path=path)
    wrong = b"[]" if "json" in media else b""
    return surface.request(path=path, content=wrong, media_type=media)


def _judged(check: Check, deeds: Deeds, surface: Surface, harmless: Answer | None) -> bool:
    """Whether it could be told what a stranger's write does that was not refused."""
    did = deeds.of(surface, harmless)
    if did is None:
        if harmless is not None:
            check.observe("A stranger's harmless write was not refused as a stranger's.", harmless)
        return False
    _said(check, surface, did)
    return True


def _said(check: Check, surface: Surface, did: Deed) -> None:
    check.expect(
        not did.done,
        surface.place("without a credential"),
        "Anybody can do this without a credential.",
        *did.answers,
        expected="401, as HTTP says for a missing credential, and nothing done",
        seen=did.seen,
        confidence=did.confidence,
    )


@pytest.mark.control("AUTHN-03")
def test_a_401_says_how_to_authenticate(check: Check) -> None:
    everybody = visitors(check)
    visitor, surfaces = everybody[0], readable(check)
    good = _read_by_a_member(check, everybody)
    if good is None:
        check.inconclusive("Nobody of the profile is answered by a protected read without an id.")
    check.witness("the read is answered to who may", lambda: check.send(good))
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
                # No scheme of HTTP stands for a session in a cookie: there is none to name.
                confidence=Confidence.WEAK
                if visitor.auth.kind == "cookie"
                else Confidence.CONFIRMED,
                cause="401 without a challenge",
            )
    if not seen:
        check.not_applicable("No refusal of the target is a 401.")
