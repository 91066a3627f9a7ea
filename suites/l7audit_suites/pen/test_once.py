"""What may happen once: a session for each login, and a use for what is used up."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.schemas import properties
from l7audit.target.tokens import session_cookie, token_in
from l7audit_suites.authn.doors import ask, login
from l7audit_suites.authn.made_keys import MadeKey, discard, made_key, path_to, read_key

AT_ONCE = 8
ROUNDS = 3
"""Races that are held: two requests may miss each other once."""

_CHOSEN = "l7audit0chosen0by0somebody0else0"


@pytest.mark.control("PEN-18")
def test_each_login_starts_a_session_of_its_own(check: Check) -> None:
    surface, known = login(check)
    identity, credential = known[0]
    request = check.sessions.login_request(surface, credential.name, credential.secret)
    first = ask(check, request, identity.name)
    earlier = _session(check, first)
    check.witness("a right password gives a session", earlier is not None, once=True)
    assert earlier is not None  # the witness held
    for name, given in _given(earlier).items():
        answer = ask(check, request.with_auth(given), identity.name)
        again = _session(check, answer)
        if again is None and not answer.ok:
            check.observe(f"A login with {name} was refused.", answer)
            continue
        check.expect(
            again is not None and again.secret not in (earlier.secret, given.secret),
            surface.place(f"login with {name}"),
            f"A login with {name} goes on with a session that somebody else may know.",
            first,
            answer,
            expected="a new session",
            seen="the earlier session" if again is not None else "no new session",
        )


def _given(earlier: Auth) -> dict[str, Auth]:
    """What a login may be sent with: nothing, the session that is there, and one made up."""
    chosen = Auth.cookie(earlier.name, _CHOSEN) if earlier.kind == "cookie" else None
    return {
        "nothing": Auth.none(),
        "the session that is there": earlier,
        **({"a made-up session": chosen} if chosen else {}),
    }


def _session(check: Check, answer: Answer) -> Auth | None:
    if not answer.ok:
        return None
    token, cookie = token_in(answer), session_cookie(answer)
    if token:
        return Auth.bearer(token)
    if cookie is None:
        return None
    check.probe.redactor.learn(cookie[1])
    return Auth.cookie(*cookie)


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
