"""What pages of other sites have the browsers of those do who are signed in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit_suites.authn.ground import bearer_ground
from l7audit_suites.authn.judgement import Seen
from l7audit_suites.authz.families import seen_families
from l7audit_suites.authz.markers import new_marker
from l7audit_suites.authz.people import Cast
from l7audit_suites.authz.things import Thing, keep_for_removal, make, without_people
from l7audit_suites.authz.told import named
from l7audit_suites.cors.browsers import AS_JSON, Browser, asks_for_token, browser, forms
from l7audit_suites.cors.fetch_standard import Sharing, sharing
from l7audit_suites.cors.grounds import lattice
from l7audit_suites.cors.lattice import Family, of_family

_MOST_TRIED = 4
_MOST_VISITORS = 3
_COOKIES = ("session", "token", "access_token", "jwt")
"""Names under which frameworks look for a token in a cookie, too."""


@pytest.mark.control("CORS-14")
def test_another_site_s_form_does_nothing_for_who_is_signed_in(check: Check) -> None:
    visitor = browser(check)
    if visitor is None:
        _tokens_in_cookies(check)
        return
    if visitor.kept_home:
        check.expect(True, visitor.login, "")
        check.observe(f"Browsers keep {visitor.session} back: SameSite={visitor.same_site}.")
        return
    origin = of_family(lattice(check), Family.ARBITRARY)[0].origin
    tried: list[str] = []
    while visitor is not None and len(tried) < _MOST_VISITORS:
        guarded, looked = asks_for_token(check, visitor.owner), 0
        for thing in _made(check, visitor):
            looked += 1
            _tried(check, visitor, thing, origin, guarded)
        if looked:
            return
        # Who may only read makes nothing, so that there is nothing to forge.
        tried.append(visitor.owner.name)
        visitor = browser(check, besides=tried)
    check.inconclusive("Nothing could be made that a form of another site might make, too.")


def _tokens_in_cookies(check: Check) -> None:
    """Where a login sets no cookie: one that holds its token opens nothing either."""
    ground = bearer_ground(check)
    for name in _COOKIES:
        answer = check.send(ground.surface.request(auth=Auth.cookie(name, ground.credential)))
        if ground.seen(answer) is Seen.UNCLEAR:
            check.inconclusive(f"A token in a cookie got no decision, but {answer.status}.")
        check.expect(
            ground.seen(answer) is Seen.REFUSED,
            ground.place(f"cookie {name}"),
            "A token is taken from a cookie, which browsers send for pages of other sites, too.",
            answer,
            expected="a refusal: tokens go in the header alone",
            seen="the same answer as to the token in its header",
            confidence=Confidence.WEAK,
        )


def _made(check: Check, visitor: Browser) -> Iterator[Thing]:
    """Things that the browser's owner made by a POST that could be repeated."""
    count = 0
    for family in filter(without_people, seen_families(check.model)):
        if family.create is None or count >= _MOST_TRIED:
            continue
        thing = make(check, family, Cast(visitor.owner, None, None))
        if thing is not None:
            count += 1
            yield thing


def _tried(check: Check, visitor: Browser, thing: Thing, origin: str, guarded: bool) -> None:
    assert thing.family.create is not None  # `_made` gives none without
    place = thing.family.create.place("from another site")
    for manner, request in forms(thing.made.request):
        marker = new_marker()
        answer = check.send(visitor.sends(_marked(request, thing.marker, marker), origin))
        there = _there(check, thing, marker, answer)
        if there is None:
            continue
        by_form = manner != AS_JSON
        open_ = not by_form and _preflight_open(check, request, origin)
        check.expect(
            False,
            place,
            "A page of another site has the browser of who is signed in do this: no token is asked "
            "for, and no origin looked at.",
            answer,
            there,
            expected="a refusal without a token that only the target's own pages know",
            seen=f"{answer.status} {manner}, and its owner finds it; the session's cookie has "
            f"{_said(visitor)}",
            confidence=_sure(visitor, by_form or open_, guarded),
        )
        return
    check.expect(True, place, "")


def _sure(visitor: Browser, sendable: bool, guarded: bool) -> Confidence:
    """A token that is asked for elsewhere and not here is a rule that is not kept, whoever can send
    the request; without one JSON alone is hardly sent by others."""
    if sendable and visitor.same_site == "none":
        return Confidence.CONFIRMED
    if (sendable or guarded) and visitor.attributes is not None:
        return Confidence.STRONG
    return Confidence.WEAK


def _said(visitor: Browser) -> str:
    if visitor.attributes is None:
        return "unknown attributes"
    return f"SameSite={visitor.same_site}" if visitor.same_site else "no SameSite"


def _marked(request: Request, old: str, new: str) -> Request:
    """The request with another marker, so that what came of it is told from the thing."""
    if not old:
        return request
    path = request.path.replace(old, new)
    content = request.content.replace(old.encode(), new.encode())
    return Request(request.method, path, request.headers, content)


def _there(check: Check, thing: Thing, marker: str, answer: Answer) -> Answer | None:
    """What its owner sees of what was made; None where nothing was."""
    if not answer.ok:
        return None
    key = named(answer, thing.family.key)
    if key and key != thing.id:
        made = thing.called(key)
        keep_for_removal(check, made, thing.owner)
        seen = made.view(check)
        return seen if made.named_in(seen) or marker in seen.text else None
    listing = thing.listed(check, thing.owner)
    found = listing is not None and thing.marker and marker in listing.text
    return listing if found else None


def _preflight_open(check: Check, request: Request, origin: str) -> bool:
    """Whether a browser that asks first is told that it may send such a request with cookies."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": request.method,
        "Access-Control-Request-Headers": "content-type",
    }
    answer = check.send(Request("OPTIONS", request.path, tuple(asked.items())))
    return answer.ok and sharing(origin, answer.headers) is Sharing.CREDENTIALED
