"""Tokens of sessions, as the codes that they are: whoever has one is somebody."""

from __future__ import annotations

from contextlib import suppress

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit_suites.flow.codes import counted
from l7audit_suites.input.entrances import Entrance, entrance
from l7audit_suites.keys.strength import FEWEST_BITS, bits

SAMPLES = 5
_MOST = 2


def look_at_sessions(check: Check) -> bool:
    """Expects that no token of a session tells the next; whether there were any to look at.

    Only where those of two people have little in common with chance somebody signs in a few times
    more: what is signed is as different as what is drawn.
    """
    entrances = [s for k in (Kind.LOGIN, Kind.TOKEN) for s in check.model.surfaces(k, limit=1)]
    held = _held(check) if entrances else []
    if len(held) < _MOST:
        return False
    check.witness("people are signed in by tokens of their own", len(set(held)) == len(held))
    door = entrance(check) if bits(held) < FEWEST_BITS else None
    told, answers = _told(door) if door is not None else ("", [])
    check.expect(
        not told,
        door.place if door is not None else entrances[0].place(),
        f"Whoever is signed in can tell the tokens of other sessions: {told}.",
        *answers[:2],
        expected="tokens that chance makes",
        seen=f"{SAMPLES} tokens of sessions made one after another",
    )
    return True


def _held(check: Check) -> list[str]:
    """What people carry who signed in by a password, if it is no token that is signed."""
    found: list[str] = []
    for identity in check.identities:
        if identity.credential("password") is None or len(found) >= _MOST:
            continue
        with suppress(CredentialError):
            auth = next((a for a in check.sessions.ways(identity) if a.kind in _CARRIED), None)
            if auth is None or auth.secret.count(".") == _DOTS:
                return []
            found.append(auth.secret)
    return found


_CARRIED = {"bearer", "cookie"}
_DOTS = 2
"""A token that is signed has three parts (RFC 7515); what holds for those is asked elsewhere."""


def _told(door: Entrance) -> tuple[str, list[Answer]]:
    """How the token of the next session is told by the last ones; empty where it is not."""
    tokens: list[str] = []
    answers: list[Answer] = []
    for _ in range(SAMPLES):
        answer = door.send(door.request(door.credential.name, door.credential.secret))
        auth = door.check.sessions.opened(answer)
        if auth is None:
            return "", answers
        door.check.probe.redactor.learn(auth.secret)
        tokens.append(auth.secret)
        answers.append(answer)
    return counted(tokens), answers
