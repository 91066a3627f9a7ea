"""Answers: no secrets, nothing private of others, nothing inner that no document tells of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.schemas import properties
from l7audit.target.surface import Surface
from l7audit.target.words import all_words, says, words
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask, made_things, without_people
from l7audit_suites.expose.open_reads import open_reads
from l7audit_suites.expose.readings import Reading, looks, plain, planted
from l7audit_suites.expose.secret_forms import secrets_in, texts
from l7audit_suites.expose.undeclared import PRIVATE, undeclared

_MOST_PEOPLE = 2
_DIRECTORY = ("user", "member", "people", "person", "account", "directory", "employee", "customer")


@pytest.mark.control("EXPOSE-01")
def test_no_answer_holds_a_secret(check: Check) -> None:
    known = {c.secret for i in check.identities for c in i.credentials if len(c.secret) >= 8}
    seen = 0
    for made in planted(check):
        for reading in looks(check, made):
            if not reading.answer.ok:
                continue
            if not seen:
                check.witness("what was made is shown", made.thing.named_in(reading.answer))
            seen += 1
            _without_secrets(check, reading.surface, reading.answer, {*made.secrets, *known})
    for reading in plain(check):
        seen += 1
        _without_secrets(check, reading.surface, reading.answer, known)
    for surface, answer in open_reads(check):
        _without_secrets(check, surface, answer, known)
    if not seen:
        check.inconclusive("No identity of the profile could read anything.")


def _without_secrets(check: Check, surface: Surface, answer: Answer, canaries: set[str]) -> None:
    body = answer.json_or_none()
    if surface.kinds & {Kind.JWKS, Kind.OPENAPI}:
        return  # keys that are public, and texts about secrets
    quoted = sorted(c for c in canaries if c in answer.text)
    check.expect(
        not quoted,
        surface.place("secrets that were given"),
        "An answer gives back a secret that was given to the service before.",
        answer,
        expected="nothing, or what stands for it",
        seen="the secret itself",
    )
    for path, what, text in secrets_in(body):
        if text in canaries:
            continue
        check.probe.redactor.learn(text)
        check.expect(
            False,
            surface.place(f"member {path or 'body'}"),
            f"An answer holds {what}.",
            answer,
            expected="no such member",
            seen=f"{what}, {len(text)} characters long",
        )


@pytest.mark.control("EXPOSE-02")
def test_nobody_gets_what_is_private_of_others(check: Check) -> None:
    looked = 0
    private: dict[str, list[str]] = {}
    told: dict[str, str] = {}
    for thing in made_things(check, without_people):
        owner = thing.owner
        if owner.name not in private:
            private[owner.name] = _private(check, owner)
        for peer in thing.cast.strangers if private[owner.name] else []:
            for surface in (thing.family.read, thing.family.list):
                answer = ask(check, thing.at(surface), peer) if surface is not None else None
                if surface is None or answer is None or not thing.named_in(answer):
                    continue
                if peer.name not in told:
                    told[peer.name] = _told_anyway(check, peer)
                theirs = [text for text in private[owner.name] if text not in told[peer.name]]
                if not theirs:
                    continue
                looked += 1
                body = answer.json_or_none()
                found = sorted({p for p, t in texts(body) if any(x in t for x in theirs)})
                check.expect(
                    not found,
                    surface.place("private members of its owner"),
                    f"An answer gives what is private of another: {', '.join(found) or 'a text'}.",
                    answer,
                    expected="an id or a public name of the owner",
                    seen="what he logs in or is reached by, which its reader can't see elsewhere",
                )
    if not looked:
        check.not_applicable(
            "Nothing is shown to others of whose owner something private is known."
        )


@pytest.mark.control("EXPOSE-02")
def test_what_everybody_reads_gives_nothing_private_of_anybody(check: Check) -> None:
    ordinary, _ = by_role(check.identities, admin_roles(check))
    theirs = {text for one in ordinary[:_MOST_PEOPLE] for text in _private(check, one)}
    reads = open_reads(check) if theirs else []
    if not reads:
        check.not_applicable(
            "Nothing is read by everybody, or nothing private of anybody is known."
        )
    check.witness("what is read by everybody is answered", reads[0][1])
    for surface, answer in reads:
        shown = texts(answer.json_or_none())
        found = sorted({path for path, text in shown if any(x in text for x in theirs)})
        check.expect(
            not found,
            surface.place("private members of people"),
            f"What everybody reads gives what is private of somebody: {', '.join(found)}.",
            answer,
            expected="an id or a public name",
            seen="what somebody logs in or is reached by",
        )


def _private(check: Check, owner: Identity) -> list[str]:
    """What only somebody himself should see: what he logs in by where that is an address, and
    what the target tells him of himself under private names."""
    found = [c.name for c in owner.credentials if c.kind == "password" and "@" in c.name]
    for answer in _oneself(check, owner):
        for path, text in texts(answer.json_or_none()):
            name = words(path.rpartition(".")[2])
            if len(text) >= 5 and says(name, *PRIVATE):
                found.append(text)
    return list(dict.fromkeys(found))


def _oneself(check: Check, who: Identity) -> Iterator[Answer]:
    for surface in check.model.surfaces(Kind.PROTECTED_READ, limit=50):
        told = all_words([surface.operation.name, surface.operation.template])
        if surface.needs_values or not says(told, *meaning.ONESELF, "account"):
            continue
        try:
            answer = ask(check, surface, who)
        except CredentialError:
            continue
        if answer.ok:
            yield answer


def _told_anyway(check: Check, peer: Identity) -> str:
    """What a directory of people shows somebody: what is in it is nobody's secret from him."""
    shown = []
    for surface in check.model.surfaces(Kind.RESOURCE_LIST, limit=30):
        if not surface.needs_values and says(words(surface.operation.template), *_DIRECTORY):
            answer = ask(check, surface, peer)
            shown.append(answer.text if answer.ok else "")
    return "\n".join(shown)


@pytest.mark.control("EXPOSE-03")
def test_no_answer_holds_inner_members_that_no_document_tells_of(check: Check) -> None:
    readings = list(plain(check))
    if not readings:
        check.inconclusive("No identity of the profile could read anything.")
    first = readings[0]
    check.witness("a read is answered", lambda: ask(check, first.surface, first.who))
    for made in planted(check):
        readings += looks(check, made)
    readings += [Reading(s, first.who, answer) for s, answer in open_reads(check)]
    for reading in readings:
        if reading.answer.ok:
            _declared(check, reading)


def _declared(check: Check, reading: Reading) -> None:
    found = sorted(set(undeclared(reading.answer.json_or_none(), reading.schema)))
    check.expect(
        not found,
        reading.place("undeclared members"),
        f"An answer holds what its document does not tell of: {', '.join(found)}.",
        reading.answer,
        expected="the members of the declared schema",
        seen=", ".join(found),
        confidence=Confidence.WEAK if _taken(check, reading, found) else Confidence.CONFIRMED,
    )


def _taken(check: Check, reading: Reading, paths: list[str]) -> bool:
    """Whether the document has callers send all these members there: it forgot to say that they
    are shown again, and what is shown may be the reader's own."""
    template = reading.surface.operation.template
    told = {
        name
        for operation in check.model.operations
        if operation.template == template
        for name in properties(operation.body_schema)
    }
    return all(path.rpartition(".")[2] in told for path in paths)
