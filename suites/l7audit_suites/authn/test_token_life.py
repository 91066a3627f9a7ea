"""Tokens that their owner has ended."""

from __future__ import annotations

import time
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.schemas import properties
from l7audit.target.target_model import Surface
from l7audit_suites.authn.ground import Ground, bearer_ground, session_ground
from l7audit_suites.authn.judgement import Seen
from l7audit_suites.authn.made_keys import WINDOW, refused_everywhere


@pytest.mark.control("AUTHN-23")
def test_a_revoked_token_is_refused_everywhere_within_two_seconds(check: Check) -> None:
    for surface in check.surfaces(Kind.REVOKE_TOKEN, limit=2):
        ground = session_ground(check, fresh=True) or bearer_ground(check, ending=True)
        check.witness("the token is accepted everywhere", partial(_works, ground), once=True)
        ended = _end(check, surface, ground)
        check.sessions.forget(ground.identity)
        moved = (ended.status or 0) in {302, 303}  # how pages say goodbye
        if not (ended.ok or moved):
            check.inconclusive(f"Its owner could not end a token: {ended.status}.")
        late = refused_everywhere(ground, ground.credential, time.monotonic(), "a revoked token")
        check.expect(
            not late,
            surface.place("revoked token"),
            f"A revoked token is still accepted after {WINDOW:g} seconds.",
            ended,
            *late,
            expected="a refusal, as without a credential",
            seen="the same answer as before its end",
        )


def _end(check: Check, surface: Surface, ground: Ground) -> Answer:
    """Ends the ground's token, as its owner: by presenting it, or by naming it in the body."""
    fields = {
        name: ground.credential
        for name, part in properties(surface.operation.body_schema).items()
        if meaning.is_token(name, part)
    }
    auth = ground.auth_of(ground.credential)
    request = surface.request(auth=auth, fields=fields) if fields else surface.request(auth=auth)
    return check.send(request, identity=ground.identity.name)


def _works(ground: Ground) -> bool:
    answers = [ground.ask(ground.credential, address) for address in ground.everywhere()]
    return all(ground.seen(answer) is Seen.ACCEPTED for answer in answers)
