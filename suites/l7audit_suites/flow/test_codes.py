"""Codes that give something to whoever knows them: the next is not told by the last."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.target import meaning
from l7audit.target.schemas import Schema
from l7audit.target.target_model import Surface
from l7audit_suites.authn.leaves import texts
from l7audit_suites.flow.codes import counted
from l7audit_suites.flow.opened import opens
from l7audit_suites.flow.orders import Desk, pairs
from l7audit_suites.flow.signed_in import look_at_sessions

SAMPLES = 6
_MOST = 4
_SHORTEST = 3


@pytest.mark.control("FLOW-05")
def test_codes_that_give_something_are_not_counted_up(check: Check) -> None:
    looked = int(look_at_sessions(check))
    giving = check.model.surfaces if looked else check.surfaces
    for surface in giving(Kind.CODE_GIVING, limit=_MOST):
        samples = _samples(check, surface)
        if not samples:
            continue
        looked += 1
        told = {
            name: how
            for name, codes in samples.items()
            if (how := counted(codes))
            and (meaning.is_claim(name, Schema()) or opens(check, codes[-1]))
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


def _samples(check: Check, surface: Surface) -> dict[str, list[str]]:
    """Codes of one maker, by the member that gives them, in the order of their making."""
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
                    claims = meaning.is_claim(name, Schema()) or meaning.may_open(name, Schema())
                    if claims and len(_bare(text)) >= _SHORTEST:
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
