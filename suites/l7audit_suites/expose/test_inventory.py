"""The document and what answers: the same, in both directions, and in one version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target.operation import Operation
from l7audit.target.surface import Surface
from l7audit_suites.authz.made_up import like
from l7audit_suites.authz.things import ask, made_things, without_people
from l7audit_suites.expose.nothing_there import there
from l7audit_suites.expose.readings import callers, lets_in
from l7audit_suites.expose.routes import documented, neighbours
from l7audit_suites.expose.word_lists import OF_A_THING
from l7audit_suites.input.ground import ask_all
from l7audit_suites.pen.ground import reads

_MOST_THINGS = 6
_ABSENT = {404, 405, 501}
_TRIED = ("PUT", "PATCH", "DELETE", "POST")
_ODD = ("PROPFIND", "REPORT")
"""Methods that exist and that no API of this kind has: how they are answered is a refusal."""
_HARMLESS = {"GET", "HEAD", "OPTIONS"}


@pytest.mark.control("EXPOSE-08")
def test_no_route_answers_that_is_not_in_the_document(check: Check) -> None:
    reads(check, public=1, protected=1)
    looked = 0
    for who in _widest(check):
        auth = check.sessions.auth(who)
        for folder, names in neighbours(check.model):
            looked += len(names)
            place = Place(
                operation=f"GET {folder.removeprefix(check.model.prefix)}/", part="routes"
            )
            check.expect(True, place, "")
            for asked in there(check, [folder], names, auth):
                if documented(check.model, asked.path) and not _below(check, folder):
                    continue
                path = asked.path.removeprefix(check.model.prefix)
                check.expect(
                    False,
                    Place(operation=f"GET {path}", part="not in the document"),
                    "A route answers that the document does not tell of.",
                    asked.answer,
                    expected="404, as for any other name",
                    seen=f"{asked.answer.status} with something of its own",
                    confidence=Confidence.STRONG,
                )
    looked += _below_things(check)
    if not looked:
        check.not_applicable("The document has no collections beside which a route could stand.")


def _below_things(check: Check) -> int:
    """Routes below one thing: one that is listed, or made for this, asked for by who sees it."""
    looked, who = 0, callers(check)
    for surface in check.model.surfaces(Kind.RESOURCE_READ, limit=_MOST_THINGS):
        if Kind.PATH_TAKING in surface.kinds:
            continue  # below a file anything may be another file
        found = ((o, check.model.resolve(surface, check.sessions, o)) for o in who)
        seen = ((o, s) for o, s in found if s is not None and ask(check, s, o).ok)
        owner, read = next(seen, (None, None))
        if owner is None or read is None:
            continue
        auth = check.sessions.auth(owner, read)
        plain = read.request()
        known = {o.template for o in check.model.documented}
        names = [n for n in OF_A_THING if f"{read.operation.template}/{n}" not in known]
        looked += len(names)
        for asked in there(check, [plain.path.rstrip("/")], names, auth):
            check.expect(
                False,
                Place(
                    operation=f"GET {read.operation.template}/{asked.name}",
                    part="not in the document",
                ),
                "A route below a thing answers that the document does not tell of.",
                asked.answer,
                expected="404, as for any other name",
                seen=f"{asked.answer.status} with something of its own",
                confidence=Confidence.STRONG,
            )
    return looked


def _widest(check: Check) -> list[Identity]:
    """The caller to whom most collections are open: he would see most of what stands beside."""
    lists = check.model.surfaces(Kind.RESOURCE_LIST, limit=4)
    ready = [s for s in lists if not s.needs_values]

    def opened(who: Identity) -> int:
        return sum(lets_in(check, surface, who) for surface in ready)

    return sorted(callers(check), key=opened)[-1:]


def _below(check: Check, folder: str) -> bool:
    """Whether names in this folder are those of a collection's things."""
    return documented(check.model, folder)


@pytest.mark.control("EXPOSE-09")
def test_no_method_is_taken_that_is_not_in_the_document(check: Check) -> None:
    looked = 0
    for thing in made_things(check, without_people):
        for surface in (thing.family.read, thing.family.delete):
            if surface is None:
                continue
            looked += 1
            _on_nothing(check, thing.at(surface), thing.owner, thing.family.key, thing.id)
            break
    if not looked:
        check.not_applicable("Nothing can be made on which methods could be tried.")


def _methods(check: Check, template: str) -> set[str]:
    return {o.method for o in check.model.documented if o.template == template}


def _on_nothing(check: Check, surface: Surface, who: Identity, key: str, known: str) -> None:
    """Methods on a thing that is not there, so that nothing is changed: whoever looks for it
    first has taken the method."""
    told = _methods(check, surface.operation.template) | _HARMLESS
    plain = surface.request(
        check.sessions.auth(who, surface), path={key: like(known, check.random)}
    )
    plain = replace(plain, content=b"").without_header("Content-Type")
    methods = [m for m in _TRIED if m not in told]
    requests = [replace(plain, method=m) for m in (*_ODD, *methods)]
    answers = ask_all(check, requests)
    odd, answers = answers[: len(_ODD)], answers[len(_ODD) :]
    unknown = {a.status for a in odd}
    for method, answer in zip(methods, answers, strict=True):
        taken = (
            answer.status is not None
            and answer.status not in {405, 501, 429, *unknown}
            and answer.status < 500
            and not answer.refused
        )
        check.expect(
            not taken,
            Place(operation=f"{method} {surface.operation.template}", part="not in the document"),
            f"The method {method} is taken, which the document does not tell of.",
            odd[0],
            answer,
            expected="405 or 501",
            seen=f"{answer.status}, where a method that nobody has is answered {odd[0].status}",
            confidence=Confidence.STRONG,
        )
    offers = [a for a in odd if a.status == 405]
    allowed = {m.upper() for a in offers for m in a.headers.values_of("Allow")} - told - {"TRACE"}
    check.expect(
        not allowed,
        surface.place("Allow"),
        f"Methods are offered that the document does not tell of: {', '.join(sorted(allowed))}.",
        *offers[:1],
        expected="the methods of the document",
        seen=f"Allow: {', '.join(a.headers.get('Allow') for a in offers[:1])}",
        confidence=Confidence.STRONG,
    )


@pytest.mark.control("EXPOSE-10")
def test_what_the_document_offers_is_there(check: Check) -> None:
    reads(check, public=1, protected=1)
    looked = 0
    for operation in check.model.documented:
        answers = list(_asked(check, operation))
        if not answers:
            continue
        looked += 1
        check.expect(
            any(a.status not in _ABSENT for a in answers),
            operation.place,
            "An operation of the document is not there for anybody.",
            answers[-1],
            expected="anything but 404, 405 and 501 for somebody who may use it",
            seen=f"{answers[-1].status} for everybody who was asked",
        )
    if not looked:
        check.inconclusive("No operation of the document could be asked for without harm.")


def _asked(check: Check, operation: Operation) -> Iterator[Answer]:
    """The operation asked for without any effect by all who may use it, as far as needed.

    Without a credential only what is public is asked for, since some hide the rest from strangers.
    What names a thing in its path is left out: a thing that is not there is no operation.
    """
    surface = check.model.surface(operation)
    if operation.path_parameters or Kind.STREAMING in operation.kinds:
        return
    people: list[Identity | None] = [None] if operation.public else [*callers(check)]
    for one in people:
        try:
            auth = check.sessions.auth(one, surface) if one is not None else Auth.none()
        except CredentialError:
            continue
        request = surface.request(auth)
        if operation.method not in _HARMLESS:
            if not operation.bodies:
                return  # nothing could be malformed about it, so it would be done
            typed = request.with_headers({"Content-Type": "application/x-l7audit"})
            request = replace(typed, content=b"l7audit")
        answer = check.send(request, identity=one.name if one is not None else "")
        if answer.status is not None:
            yield answer
            if answer.status not in _ABSENT:
                return
