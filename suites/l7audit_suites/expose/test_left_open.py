"""What answers to everybody although it was meant for developers, or for nobody."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Confidence, Kind, Place
from l7audit.probe.request import Auth, Request
from l7audit.target.forms import login_form
from l7audit_suites.authz.people import admin_roles, powerful
from l7audit_suites.expose.nothing_there import there
from l7audit_suites.expose.operators import operators_places
from l7audit_suites.expose.readings import callers
from l7audit_suites.expose.routes import collections, documented, folders
from l7audit_suites.expose.word_lists import (
    ALL,
    ANY,
    BELOW_PREFIX,
    DEBUG,
    DOCUMENTATION,
    FILES,
    LEFT_BEHIND,
    Form,
)
from l7audit_suites.pen.ground import reads

_MOST_BACKUPS = 4
_INTROSPECTION = b'{"query":"{__schema{queryType{name}}}"}'


@pytest.mark.control("EXPOSE-05")
def test_no_interface_for_developers_answers(check: Check) -> None:
    _answers(check)
    _closed(check, DEBUG, "An interface for developers or operators answers to everybody.")
    _operators_own(check)


def _operators_own(check: Check) -> None:
    """What operators keep, asked for by somebody ordinary: what nobody is refused he is not."""
    ordinary = callers(check)[:1]
    who = ordinary[0] if ordinary and not powerful(ordinary[0], admin_roles(check)) else None
    try:
        auth = check.sessions.auth(who) if who is not None else Auth.none()
    except CredentialError:
        auth = Auth.none()
    for folder, names in operators_places(check.model):
        for asked in there(check, [folder], names, auth, patient=False):
            if login_form(asked.answer.text, asked.path) is not None:
                continue
            alone = check.send(Request("GET", asked.path, (("Accept", "*/*"),)))
            whom = "everybody" if alone.ok else "any caller"
            check.expect(
                False,
                _place(check, folder, asked.name),
                f"What is kept for operators or developers answers to {whom}.",
                alone if alone.ok else asked.answer,
                expected="a refusal, or what a name is answered that nobody gave",
                seen=f"{asked.answer.status}, {asked.answer.media_type or 'no type'}",
                confidence=Confidence.STRONG,
            )


@pytest.mark.control("EXPOSE-06")
def test_no_file_of_the_service_s_own_is_served(check: Check) -> None:
    _answers(check)
    words = {base.rpartition("/")[2] for base in collections(check.model)}
    backups = [f"{w}.{ending}" for w in sorted(words)[:_MOST_BACKUPS] for ending in LEFT_BEHIND]
    names = {**FILES, **dict.fromkeys(backups, ANY)}
    _closed(check, names, "A file of version control, configuration or a backup is served.")


def _answers(check: Check) -> None:
    """The witness: a read is answered, a public one where there is any that answers."""
    reads(check, public=2, protected=1)


def _closed(check: Check, names: Mapping[str, Form], statement: str) -> None:
    root, *others = folders(check.model)
    for folder in (root, *others):
        check.expect(True, _place(check, folder, ""), "")
    below = [name for name in names if name in BELOW_PREFIX or name not in ALL]
    asked_for = [*there(check, [root], list(names), Auth.none())]
    for asked in [*asked_for, *there(check, others, below, Auth.none())]:
        if documented(check.model, asked.path):
            continue
        sure = bool(names[asked.name].search(asked.answer.text))
        if not sure and asked.name in FILES:
            # Browsers are given files of such names, too: only the content tells.
            check.observe("A name of a file is answered with another content.", asked.answer)
            continue
        check.expect(
            False,
            _place(check, asked.folder, asked.name),
            statement,
            asked.answer,
            expected="what a name is answered that nobody gave",
            seen=f"{asked.answer.status}, {asked.answer.media_type or 'no type'}"
            + (", with what such a thing holds" if sure else ""),
            confidence=Confidence.CONFIRMED if sure else Confidence.STRONG,
        )


def _place(check: Check, folder: str, name: str) -> Place:
    path = f"{folder.removeprefix(check.model.prefix)}/{name}"
    return Place(operation=f"GET {path}", part="not in the document")


@pytest.mark.control("EXPOSE-07")
def test_the_documentation_is_as_public_as_it_is_meant_to_be(check: Check) -> None:
    meant = check.target.hints.get("documentation")
    if meant not in {"document", "closed"}:
        check.not_applicable("The profile does not say that pages of documentation are closed.")
    _answers(check)
    what = "A page on which the API is read and tried answers to everybody."
    _closed(check, DOCUMENTATION, what)
    for folder in folders(check.model):
        _no_introspection(check, folder)
    if meant == "closed":
        for surface in check.model.surfaces(Kind.OPENAPI):
            answer = check.send(surface.request())
            told = "The document answers to everybody."
            check.expect(not answer.ok, surface.place(), told, answer, expected="a refusal")


def _no_introspection(check: Check, folder: str) -> None:
    json = (("Content-Type", "application/json"), ("Accept", "application/json"))
    answer = check.send(Request("POST", f"{folder}/graphql", json, _INTROSPECTION))
    check.expect(
        not (answer.ok and "queryType" in answer.text),
        Place(operation="POST /graphql", part="introspection"),
        "A GraphQL endpoint tells its whole schema to everybody.",
        answer,
        expected="no schema",
        seen="the schema's query type",
    )
