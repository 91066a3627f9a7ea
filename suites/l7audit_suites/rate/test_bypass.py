"""Ways around a limit: each is tried while the plain request is shut out, and must be too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.target_model import Surface
from l7audit_suites.rate.flood import (
    caller,
    exhausted,
    protected_request,
    settle,
    still_shut,
    throttled,
)

FORWARDING = (
    ("X-Forwarded-For", "198.51.100.{n}"),
    ("X-Real-IP", "198.51.100.{n}"),
    ("Forwarded", "for=198.51.100.{n}"),
    ("X-Client-IP", "198.51.100.{n}"),
    ("True-Client-IP", "198.51.100.{n}"),
    ("CF-Connecting-IP", "198.51.100.{n}"),
    ("X-Originating-IP", "198.51.100.{n}"),
)
"""Headers that name a client's address; 198.51.100.0/24 is reserved for documentation."""


Trick = Callable[[], Request]
"""Makes the request that might walk around the limit; each call may make another one."""

ROUNDS = 5
"""A success between two refusals may be the bucket's own refill; five in a row are a way around."""


def tried_around(
    check: Check, plain: Request, tricks: Mapping[str, Trick]
) -> list[tuple[str, Answer]]:
    """The tricks that were let in, each time, while the plain request was shut out."""
    through = []
    for name, trick in tricks.items():
        answer = _let_in(check, plain, trick)
        if answer is not None:
            through.append((name, answer))
    return through


WRONG_REQUEST = frozenset({400, 404, 405, 406, 410, 414, 415, 422, 501})
"""Answers that say nothing of the limit: the trick was not understood as the plain request is."""


def _let_in(check: Check, plain: Request, trick: Trick) -> Answer | None:
    """The last answer of a trick that worked in all rounds."""
    shut = still_shut(check, plain)
    for _ in range(ROUNDS):
        if not shut():
            exhausted(check, plain)
        answer = check.send(trick(), patience=False)
        if throttled(answer) or not 200 <= (answer.status or 0) < 500 or not shut():
            return None
        if answer.status in WRONG_REQUEST:
            return None
    return answer


def forwarded(check: Check, request: Request) -> dict[str, Trick]:
    """The request with each forwarding header, each time naming an address nobody had before."""

    def trick(name: str, value: str) -> Trick:
        return lambda: request.with_headers({name: value.format(n=check.random.randrange(1, 255))})

    return {f"header {name}": trick(name, value) for name, value in FORWARDING}


def report(check: Check, surface: Surface, through: list[tuple[str, Answer]], what: str) -> None:
    """One expectation for all tricks, and a finding for each that worked."""
    check.expect(
        not through,
        surface.place(through[0][0] if through else ""),
        what,
        *(a for _, a in through[:1]),
        expected="429, as for the plain request",
    )
    for name, answer in through[1:]:
        check.violation(surface.place(name), what, answer, expected="429")


@pytest.mark.control("RATE-04")
def test_a_forwarding_header_does_not_reset_a_principals_limit(check: Check) -> None:
    surface, request = protected_request(check, caller(check, 4))
    check.witness(
        "the caller is let in before the flood", lambda: settle(check, request), once=True
    )
    exhausted(check, request)
    check.witness("the plain request is shut out", still_shut(check, request), once=True)
    through = tried_around(check, request, forwarded(check, request))
    report(check, surface, through, "a header with another address gives a fresh quota")


@pytest.mark.control("RATE-05")
def test_a_forwarding_header_does_not_reset_an_anonymous_limit(check: Check) -> None:
    surface = check.surface(Kind.PUBLIC_READ)
    request = surface.request()
    check.witness("the public read answers", lambda: settle(check, request), once=True)
    exhausted(check, request)
    through = tried_around(check, request, forwarded(check, request))
    report(check, surface, through, "a header with another address gives a fresh quota")


@pytest.mark.control("RATE-06")
def test_a_second_credential_shares_the_limit(check: Check) -> None:
    identity = caller(check, 6)
    if len(identity.credentials) < 2:
        check.inconclusive(f"{identity.name} has one credential only.")
    surface, request = protected_request(check, identity)
    ways = check.sessions.ways(identity)
    others = [w for w in ways if w != check.sessions.auth(identity)]
    if not others:
        check.inconclusive(f"{identity.name} can authenticate in one way only.")
    second = surface.request(auth=others[0])
    check.witness("the second credential is let in too", lambda: settle(check, second), once=True)
    exhausted(check, request)
    through = tried_around(check, request, {f"credential {others[0].kind}": lambda: second})
    report(check, surface, through, "another credential of the same principal has its own quota")


@pytest.mark.control("RATE-07")
def test_another_spelling_does_not_reset_the_limit(check: Check) -> None:
    surface, request = protected_request(check, caller(check, 7))
    check.witness(
        "the caller is let in before the flood", lambda: settle(check, request), once=True
    )
    exhausted(check, request)
    through = tried_around(check, request, spellings(check, request))
    report(check, surface, through, "another spelling of the same request has its own quota")


def spellings(check: Check, request: Request) -> dict[str, Trick]:
    """The same request as a lenient router might also read it."""
    path, _, query = request.path.partition("?")
    tail = f"?{query}" if query else ""
    head, _, last = path.rstrip("/").rpartition("/")
    encoded = f"{head}/" + "".join(f"%{ord(c):02X}" for c in last)
    paths = {
        "upper case": path.upper() + tail,
        "trailing slash": path.rstrip("/") + "/" + tail,
        "double slash": "/" + path + tail,
        "percent-encoding": encoded + tail,
        "dot segment": f"{head}/./{last}{tail}",
        "path parameter": f"{path};v=1{tail}",
    }
    tricks: dict[str, Trick] = {
        name: partial(request.with_path, p) for name, p in paths.items() if p != request.path
    }
    joint = "&" if query else "?"
    tricks["unused query"] = lambda: request.with_path(
        f"{request.path}{joint}nonce={check.random.randrange(10**6)}"
    )
    tricks["method HEAD"] = lambda: replace(request, method="HEAD")
    tricks["method case"] = lambda: replace(request, method=request.method.lower())
    override = request.with_headers({"X-HTTP-Method-Override": request.method})
    tricks["method override"] = lambda: replace(override, method="POST")
    return tricks


@pytest.mark.control("RATE-08")
def test_replicas_share_one_limit(check: Check) -> None:
    if len(check.target.replicas) < 2:
        check.inconclusive("Fewer than two replicas are known.")
    surface, request = protected_request(check, caller(check, 8))
    first, *others = [replace(request, base_url=r) for r in check.target.replicas]
    for other in others:
        check.witness(
            "each replica lets the caller in", lambda r=other: settle(check, r), once=True
        )
    exhausted(check, first)
    tricks = {f"replica {n}": partial(replace, other) for n, other in enumerate(others, start=2)}
    through = tried_around(check, first, tricks)
    report(check, surface, through, "another replica gives a fresh quota")


@pytest.mark.control("RATE-12")
def test_a_forwarding_header_does_not_give_more_guesses(check: Check) -> None:
    surface, guess = guessing(check, "RATE-12")
    check.witness("a guess is answered before the flood", lambda: _guessed(check, guess), once=True)
    exhausted(check, guess)
    through = tried_around(check, guess, forwarded(check, guess))
    report(check, surface, through, "a header with another address gives more guesses")


def _guessed(check: Check, guess: Request) -> bool:
    answer = settle(check, guess)
    return answer.status is not None and answer.status < 500 and not throttled(answer)


def guessing(check: Check, salt: str) -> tuple[Surface, Request]:
    """A login attempt with an account and a password that nobody has."""
    surface = check.surface(Kind.LOGIN)
    account = f"nobody-{salt.lower()}-{check.random.randrange(10**9)}"
    return surface, check.sessions.login_request(surface, account, "not-the-password")


@pytest.mark.control("RATE-11")
def test_guessing_passwords_is_throttled(check: Check) -> None:
    surface, guess = guessing(check, "RATE-11")
    check.witness("a guess is answered before the flood", lambda: _guessed(check, guess), once=True)
    answers = []
    for _ in range(60):
        answers.append(check.send(guess, patience=False))
        if throttled(answers[-1]):
            break
    unanswered = sum(a.status is None or a.status >= 500 for a in answers if not throttled(a))
    if unanswered > len(answers) // 2:
        check.inconclusive("Most guesses were answered by an error of the server.")
    check.expect(
        throttled(answers[-1]),
        surface.place(),
        "passwords of one account may be guessed without end",
        answers[-1],
        expected="429 within 60 guesses",
        seen=f"{len(answers)} guesses answered",
    )
    check.observe(f"Throttled after {len(answers)} guesses.", answers[-1])
