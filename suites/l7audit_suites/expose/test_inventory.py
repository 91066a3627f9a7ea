"""The document and what answers: the same, in both directions, and in one version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target.operation import Operation
from l7audit.target.surface import Surface
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.existence import like
from l7audit_suites.authz.things import ask, made_things, without_people
from l7audit_suites.expose.nothing_there import there
from l7audit_suites.expose.readings import callers
from l7audit_suites.expose.routes import documented, in_version, neighbours, version_of, versions
from l7audit_suites.input.ground import ask_all
from l7audit_suites.pen.ground import reads

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
    if not looked:
        check.not_applicable("The document has no collections beside which a route could stand.")


def _widest(check: Check) -> list[Identity]:
    """The caller to whom most collections are open: he would see most of what stands beside."""
    lists = check.model.surfaces(Kind.RESOURCE_LIST, limit=6)
    ready = [s for s in lists if not s.needs_values]

    def opened(who: Identity) -> int:
        return sum(ask(check, surface, who).ok for surface in ready)

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
    return {o.method for o in check.model.operations if o.template == template}


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
    for operation in check.model.operations:
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
    """The operation asked for without any effect, by nobody and then by all; as far as needed.

    What names a thing in its path is left out: a thing that is not there is no operation.
    """
    surface = check.model.surface(operation)
    if operation.path_parameters or Kind.STREAMING in operation.kinds:
        return
    people: list[Identity | None] = [None, *callers(check)]
    for one in people:
        try:
            auth = check.sessions.auth(one, surface) if one is not None else Auth.none()
        except CredentialError:
            continue
        request = surface.request(auth)
        if operation.method not in _HARMLESS:
            if one is not None and not operation.bodies:
                continue  # nothing could be malformed about it, so it would be done
            typed = request.with_headers({"Content-Type": "application/x-l7audit"})
            request = replace(typed, content=b"l7audit")
        answer = check.send(request, identity=one.name if one is not None else "")
        if answer.status is not None and not (one is None and answer.status in {401, 403}):
            yield answer
            if answer.status not in _ABSENT:
                return


@dataclass(frozen=True, slots=True)
class Guarded:
    """A read of the current version, as who may sees it, and who may not."""

    surface: Surface
    good: Answer = field(repr=False)
    name: str
    auth: Auth = field(repr=False)


@pytest.mark.control("EXPOSE-11")
def test_another_version_is_guarded_as_the_current_one(check: Check) -> None:
    current = [
        s
        for s in check.model.surfaces(Kind.PROTECTED_READ, limit=40)
        if version_of(s.operation.template) and not s.needs_values
    ]
    if not current:
        check.not_applicable("No protected path of the document names a version.")
    looked = 0
    for guarded in _guarded(check, current):
        old = version_of(guarded.surface.operation.template)
        plain = guarded.surface.request(guarded.auth)
        others = ["", *versions(old)]
        paths = [in_version(plain.path, old, new) for new in others]
        for new, answer in zip(
            others, ask_all(check, [plain.with_path(path) for path in paths]), strict=True
        ):
            looked += 1
            template = in_version(guarded.surface.operation.template, old, new)
            if any(o.template == template and o.public for o in check.model.operations):
                continue
            check.expect(
                judge(answer, guarded.good) is not Seen.ACCEPTED,
                guarded.surface.place(f"version {new or 'none'}, {guarded.name or 'nobody'}"),
                "Another version answers to somebody whom the current one refuses.",
                answer,
                guarded.good,
                expected="no such path, or the same refusal",
                seen=f"{answer.status}, with what the rightful caller gets",
            )
    if not looked:
        check.inconclusive("No protected read of the current version could be made.")


def _guarded(check: Check, current: list[Surface]) -> Iterator[Guarded]:
    """Reads that are shut to nobody in particular, and one that is shut to an ordinary caller."""
    who, shut_to_all, shut_to_one = callers(check), 0, 0
    for surface in current:
        good = next(((o, a) for o in who if (a := ask(check, surface, o)).ok), None)
        if good is None:
            continue
        nobody = check.send(surface.request())
        if nobody.refused and shut_to_all < 2:
            shut_to_all += 1
            check.witness("who may is let in", good[1])
            yield Guarded(surface, good[1], "", Auth.none())
        weak = who[0]
        if good[0] is not weak and not shut_to_one and ask(check, surface, weak).refused:
            shut_to_one += 1
            yield Guarded(surface, good[1], weak.role, check.sessions.auth(weak, surface))
