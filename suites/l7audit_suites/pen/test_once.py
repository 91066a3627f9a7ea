"""What may happen once: a session for each login, and a use for what is used up."""

from __future__ import annotations

import time

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.schemas import properties
from l7audit.target.tokens import claims, session_cookie, token_in
from l7audit_suites.authn.made_keys import MadeKey, discard, made_key, path_to, read_key
from l7audit_suites.authn.password_doors import login_door

AT_ONCE = 8
A_SECOND = 1.1
ROUNDS = 3
"""Races that are held: two requests may miss each other once."""

_CHOSEN = "l7audit0chosen0by0somebody0else0"


@pytest.mark.control("PEN-18")
def test_each_login_starts_a_session_of_its_own(check: Check) -> None:
    door = login_door(check)
    first = door.good
    earlier = _sessions(check, first)
    check.witness("a right password gives a session", bool(earlier), once=True)
    told = {auth.secret for auth in earlier}  # replicas may each have a session to give out again
    for name, given in _given(earlier).items():
        request = door.rightful()
        answer = check.send(_beside(request, given), identity=door.known[0][0].name)
        if not door.lets_in(answer):
            check.observe(f"A login with {name} was refused.", answer)
            continue
        known = told | {given.secret} | _cookies_of(request)
        given_out = _sessions(check, answer)
        kept = [auth for auth in given_out if auth.secret in known]
        told |= {auth.secret for auth in given_out}
        if kept and all(map(dated, kept)):
            time.sleep(A_SECOND)
            known |= told
            answer = check.send(_beside(request, given), identity=door.known[0][0].name)
            given_out = _sessions(check, answer)
            kept = [auth for auth in given_out if auth.secret in known]
        if not given_out:  # it let somebody in and changed no session: it goes on with the old one
            kept = [auth for auth in [check.sessions.opened(answer)] if auth is not None]
        check.expect(
            not kept,
            door.place(f"login with {name}"),
            f"A login with {name} goes on with a session that somebody else may know.",
            first,
            answer,
            expected="a new session",
            seen="the earlier session",
            cause="the session of a login",
        )


def dated(auth: Auth) -> bool:
    """Whether it is a signed token that tells the second of its making (RFC 7519, 4.1.6).

    Of two made within one second for one caller the bytes are the same, and nobody but him was
    given either: it is not the earlier one that goes on.
    """
    return "iat" in claims(auth.secret)


def _given(earlier: list[Auth]) -> dict[str, Auth]:
    """What a login may be sent with: nothing, the session that is there, and one made up."""
    found = {"nothing": Auth.none()}
    for auth in earlier:
        found[f"the {auth.kind} that is there"] = auth
        if auth.kind == "cookie":
            found["a made-up session"] = Auth.cookie(auth.name, _CHOSEN)
    return found


def _beside(request: Request, given: Auth) -> Request:
    """The login with somebody's session; a form goes with the session that its page began."""
    if given.kind == "cookie" and given.name in _names(request):
        return request
    return request.with_auth(given)


def _names(request: Request) -> set[str]:
    return {pair.strip().partition("=")[0] for pair in (request.header("Cookie") or "").split(";")}


def _cookies_of(request: Request) -> set[str]:
    pairs = (request.header("Cookie") or "").split(";")
    return {pair.strip().partition("=")[2] for pair in pairs if "=" in pair}


def _sessions(check: Check, answer: Answer) -> list[Auth]:
    """Everything in an answer that opens a session: a token, a cookie, or both."""
    token, cookie = token_in(answer), session_cookie(answer)
    found = [check.sessions.carried(token)] if token else []
    found += [Auth.cookie(*cookie)] if cookie else []
    for auth in found:
        check.probe.redactor.learn(auth.secret)
    return found


@pytest.mark.control("PEN-19")
def test_what_is_used_up_once_is_not_used_twice_at_once(check: Check) -> None:
    surface = check.surface(Kind.KEY_ROTATE)
    with made_key(check) as made:
        check.witness("a new key works", lambda: made.ground.ask(made.text), once=True)
        request = _replacing(check, made)
        turns = [check.send(request, identity=made.owner.name) for _ in range(2)]
        _let_go(check, made, turns)
        if not turns[0].ok:
            check.inconclusive(f"Its owner could not replace a key: {turns[0].status}.")
        if turns[1].ok:
            check.not_applicable("A key may be replaced any number of times.")
    for _ in range(ROUNDS):
        with made_key(check) as made:
            check.witness("another new key works", lambda: made.ground.ask(made.text), once=True)
            # Connections that are open already bring what is sent at once there at once.
            check.burst([made.ground.request(made.text)] * AT_ONCE, AT_ONCE)
            answers = check.burst([_replacing(check, made)] * AT_ONCE, AT_ONCE)
            _let_go(check, made, answers)
        won = [a for a in answers if a.ok]
        if not won:
            check.inconclusive("None of the requests at once had success.")
        if not check.expect(
            len(won) == 1,
            surface.place("at once"),
            f"A key that can be replaced once was replaced {len(won)} times by {AT_ONCE} requests "
            "at once.",
            *won,
            expected="one success",
            seen=f"{len(won)} successes",
        ):
            return


def _replacing(check: Check, made: MadeKey) -> Request:
    surface = check.surface(Kind.KEY_ROTATE)
    wish: dict[str, object] | None = {} if properties(surface.operation.json_schema) else None
    return surface.request(auth=made.auth, path=path_to(surface, made.answer), fields=wish)


def _let_go(check: Check, made: MadeKey, answers: list[Answer]) -> None:
    """Ends the keys that came of it."""
    surface = check.surface(Kind.KEY_ROTATE)
    for answer in answers:
        if answer.ok:
            discard(check, read_key(check, answer, surface, made.owner, made.auth))
