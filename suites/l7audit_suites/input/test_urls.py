"""URLs that a caller gives and the target calls: never where the caller alone could not go."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit_suites.input.calling import LATER, Way, ways
from l7audit_suites.input.listener import TLS, Listener, listening
from l7audit_suites.input.names import LEADS, SINK, Names, naming
from l7audit_suites.input.urls import METADATA, PUBLIC, SCHEMES
from l7audit_suites.input.visits import again, anywhere, tried


@contextmanager
def allowed(check: Check) -> Iterator[Listener | None]:
    """A listener where the target may call; None where the target names no such address."""
    address = check.target.hints.get("listener")
    if not isinstance(address, str) or not address:
        yield None
        return
    try:
        with listening(address) as listener:
            yield listener
    except OSError as error:
        check.inconclusive(f"The address {address}, which the target may call, is taken: {error}.")


def witnessed(check: Check, way: Way) -> None:
    """A URL that may be called is called; where none is known, a public one is at least taken."""
    with allowed(check) as listener:
        if listener is None:
            check.witness("a public URL is taken", lambda: way.give(PUBLIC).answer, once=True)
            return
        path = listener.path()
        way.set_off(way.give(f"{listener.origin}{path}"))
        check.witness("a URL that may be called is called", listener.visited(path, LATER))


def scheme_of(way: Way) -> str:
    """`http` where the target takes such URLs at all, else `https`."""
    return "http" if way.give(PUBLIC.replace("https", "http", 1)).answer.ok else "https"


@pytest.mark.control("INPUT-13")
def test_no_url_leads_to_the_targets_own_machine(check: Check) -> None:
    blind = []
    quiet = []
    guilty: set[Place] = set()
    found = ways(check, needed=False)
    enough: dict[tuple[str, str], Collection[str]] = {}
    for way in found:
        scheme = scheme_of(way) if way.stores else "http"
        # What a thing is made and changed with mostly stands behind the same guard.
        named = way.surface.operation.template.partition("/{")[0], way.name
        with listening() as listener:
            seen = tried(way, listener, scheme, enough.get(named, ()) if way.stores else ())
        enough[named] = again(seen)
        if not seen.came:  # who calls us needs no other sign that URLs are called
            quiet.append(way)
        for place in [way.surface.place(way.part), *seen.callers]:
            check.expect(
                not seen.came,
                place,
                f"a URL to the target's own machine is called: {', '.join(seen.came)}",
                *[a for answers in seen.came.values() for a in answers][:6],
                expected="a refusal, or at least no call",
                seen="a visit at a listener of ours on loopback",
            )
        guilty |= {way.surface.place(), *seen.callers} if seen.came else set()
        if seen.taken and way.stores and not way.triggers():
            blind.append(str(way.surface.place()))
    elsewhere = anywhere(check, guilty)
    for way in quiet:  # last, since one that shows nothing must not keep others from being tried
        witnessed(check, way)
    if not elsewhere and not found:
        check.not_applicable("No operation takes a URL, or any text that could be one.")
    if blind:
        check.inconclusive(f"Nothing shows when the stored URL is called: {', '.join(blind)}.")


@pytest.mark.control("INPUT-14")
def test_a_redirect_does_not_lead_where_a_url_may_not(check: Check) -> None:
    looked = False
    for way in ways(check):
        with allowed(check) as first, listening() as second:
            if first is None:
                check.inconclusive("The target names no address of ours that it would call.")
            path, forbidden = first.path(), second.path()
            first.redirect = f"{second.origin}{forbidden}"
            made = way.give(f"{first.origin}{path}")
            answers = [made.answer, *way.set_off(made)]
            if not first.visited(path, LATER):
                continue
            looked = True
            check.witness("the URL that redirects is called", True)
            check.expect(
                not second.visited(forbidden),
                way.surface.place(f"{way.part}, redirect"),
                "a redirect is followed to the target's own machine",
                *answers,
                expected="no second call, or one that is judged as the first",
                seen="a visit at a listener of ours on loopback",
            )
    if not looked:
        check.inconclusive("The target called no address of ours that could have redirected it.")


@pytest.mark.control("INPUT-15")
def test_addresses_of_cloud_metadata_are_refused(check: Check) -> None:
    looked = False
    for way in ways(check):
        if not way.stores or not way.called() or _calls_at_once(check, way):
            continue
        if way.give("https://127.0.0.1/l7audit").answer.ok:
            continue  # it judges addresses when it calls, and that is not to be tried here
        looked = True
        check.witness("a public URL is taken", way.takes)
        answers = {n: way.give(f"https://{h}/l7audit").answer for n, h in METADATA.items()}
        taken = {n: a for n, a in answers.items() if a.ok}
        check.expect(
            not taken,
            way.surface.place(way.part),
            f"a URL to a cloud's metadata service is taken: {', '.join(taken)}",
            *list(taken.values())[:4],
            expected="a refusal, as of other inner addresses",
            seen="the URL was stored; it was not called",
        )
    if not looked:
        check.inconclusive(
            "No operation was seen to store a URL without calling it and to judge its address"
            " then: no other may be given one of a metadata service."
        )


def _calls_at_once(check: Check, way: Way) -> bool:
    """Whether giving a URL calls it; also where that can't be told."""
    with allowed(check) as listener:
        if listener is None:
            return True
        path = listener.path()
        return not way.give(f"{listener.origin}{path}").answer.ok or listener.visited(path, LATER)


@pytest.mark.control("INPUT-16")
def test_only_urls_of_the_web_are_taken(check: Check) -> None:
    looked = False
    for way in ways(check):
        if not way.stores or not way.called():
            continue
        looked = True
        check.witness("a public URL is taken", way.takes)
        answers = {url.partition(":")[0]: way.give(url).answer for url in SCHEMES}
        taken = {n: a for n, a in answers.items() if a.ok}
        check.expect(
            not taken,
            way.surface.place(f"{way.part}, scheme"),
            f"a URL of another scheme than https or http is taken: {', '.join(taken)}",
            *list(taken.values())[:4],
            expected="a refusal",
        )
    if not looked:
        check.not_applicable("The target stores no URL that it would call.")


@pytest.mark.control("INPUT-32")
def test_a_name_is_judged_by_where_it_leads_when_it_is_called(check: Check) -> None:
    unseen = []
    with resolving(check) as names:
        for way in ways(check):
            witnessed(check, way)
            before = names.asked_in_all
            with listening() as listener:
                came = _led(way, names, listener)
            if names.asked_in_all == before and not came:
                unseen.append(str(way.surface.place()))
                continue
            check.expect(
                not came,
                way.surface.place(f"{way.part}, name"),
                f"a name that leads to the target's own machine is called: {', '.join(came)}",
                *[a for answers in came.values() for a in answers][:6],
                expected="a refusal by the address, whenever the name is asked for",
                seen="a visit at a listener of ours on loopback",
            )
    if unseen:
        check.inconclusive(f"Nobody asked for a name of ours: {', '.join(unseen)}.")


@contextmanager
def resolving(check: Check) -> Iterator[Names]:
    """The name server that the target asks, played by us."""
    address = str(check.target.hints.get("resolver") or "")
    try:
        with naming(address) as names:
            names.point(urlsplit(PUBLIC).hostname or "", SINK)
            yield names
    except OSError as error:
        check.inconclusive(f"The address {address}, where names are asked for, is taken: {error}.")


def _led(way: Way, names: Names, listener: Listener) -> dict[str, list[Answer]]:
    """The kinds of names by which somebody came, with the answers.

    The last kind leads to a public address while it is given, and to loopback when it is called.
    A target that would call at once is not given it: it would call that address.
    """
    came: dict[str, list[Answer]] = {}
    scheme = "https" if way.stores and way.takes().ok else "http"
    leads = {"changed between judgement and call": SINK} if _keeps(way) else {}
    for kind, address in {**LEADS, **leads}.items():
        path, before = listener.path(), listener.visits.count(TLS)
        name = names.made(address)
        made = way.give(f"{scheme}://{name}:{listener.port}{path}")
        names.point(name, LEADS.get(kind, "127.0.0.1"))
        answers = [made.answer, *(way.set_off(made) if made.answer.ok else [])]
        if listener.visited(path) or listener.visits.count(TLS) > before:
            came[kind] = answers
    return came


def _keeps(way: Way) -> bool:
    """Whether a URL is kept and called on demand alone."""
    return way.stores and bool(way.triggers()) and not _calls_at_once(way.check, way)
