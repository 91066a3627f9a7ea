"""Codes that give something to whoever knows them: the next is not told by the last."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.target import meaning
from l7audit.target.operation import Operation
from l7audit.target.schemas import Schema, walk
from l7audit.target.target_model import Surface
from l7audit.target.words import Words, words
from l7audit_suites.authn.leaves import texts
from l7audit_suites.flow.codes import counted
from l7audit_suites.flow.opened import opens, references
from l7audit_suites.flow.orders import Desk, pairs
from l7audit_suites.flow.signed_in import look_at_sessions

SAMPLES = 6
_MOST = 4
_SHORTEST = 3


@pytest.mark.control("FLOW-05")
def test_codes_that_give_something_are_not_counted_up(check: Check) -> None:
    looked = int(look_at_sessions(check))
    open_ = references(check)
    named = [s for s in check.model.surfaces(Kind.RESOURCE_CREATE, limit=32) if _named(s, open_)]
    giving = check.model.surfaces if looked or named else check.surfaces
    found = [*giving(Kind.CODE_GIVING, limit=_MOST), *named[:_MOST]]
    for surface in {s.operation.place: s for s in found}.values():
        samples = _samples(check, surface, open_)
        if not samples:
            continue
        looked += 1
        told = {
            name: how
            for name, codes in samples.items()
            if (how := counted(codes))
            and (
                meaning.is_claim(name, Schema()) or opens(check, codes[-1], open_.get(words(name)))
            )
        }
        # A code and the link that holds it are one weakness.
        check.expect(
            not told,
            surface.place("code"),
            f"Whoever has one code can tell others: {next(iter(told.values()), '')}.",
            expected="codes that chance makes",
            seen=f"{SAMPLES} of {', '.join(told)}",
        )
    if not looked:
        check.inconclusive("Nobody of the profile could have codes made.")


def _named(surface: Surface, references: Mapping[Words, Operation]) -> bool:
    """Whether it gives what a public read asks for, to somebody who had to sign in for it."""
    shown = (n for schema in surface.operation.success.values() for n, _ in walk(schema, 3))
    return not surface.operation.public and any(words(name) in references for name in shown)


def _samples(
    check: Check, surface: Surface, references: Mapping[Words, Operation]
) -> dict[str, list[str]]:
    """Codes of one maker, by the member that gives them, in the order of their making."""
    made = Kind.CODE_GIVING in surface.kinds
    for pair in pairs(check):
        desk = Desk(check, pair)
        ready = desk.ready(surface)
        if ready is None:
            continue
        for body in desk.bodies(ready):
            found: dict[str, list[str]] = {}
            for number in range(SAMPLES):
                answer = desk.send(ready, body)
                if not answer.ok:
                    break
                if number == 0:
                    check.witness("a code is made", answer, once=True)
                for name, text in texts(answer.json_or_none()):
                    claims = meaning.is_claim(name, Schema()) or words(name) in references
                    opening = made and meaning.may_open(name, Schema())
                    if (claims or opening) and len(_bare(text)) >= _SHORTEST:
                        found.setdefault(name, []).append(_bare(text))
                        if meaning.is_claim(name, Schema()):  # an id is no secret by its name
                            check.probe.redactor.learn(_bare(text))
            whole = {n: codes for n, codes in found.items() if len(codes) == SAMPLES}
            if whole:
                return whole
    return {}


def _bare(text: str) -> str:
    """The code of a link: the last value of its query, or the last segment of its path."""
    if "://" not in text and not text.startswith("/"):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    if parts.query or parts.fragment:
        return (parts.query or parts.fragment).rpartition("=")[2]
    return parts.path.rstrip("/").rpartition("/")[2]
