"""Ways around a limit: each is tried while the plain request is shut out, and must be too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.probe.request import Request
from l7audit_suites.rate.around import Trick, Tried, held_back, try_around
from l7audit_suites.rate.buckets import (
    caller,
    guesses,
    guessing_bucket,
    protected_bucket,
    public_bucket,
    settle,
)
from l7audit_suites.rate.flood import (
    GUESSES,
    Bucket,
    admitted,
    guessed,
    held_off,
    let_in,
    throttled,
)

FORWARDING = (
    "X-Forwarded-For",
    "X-Real-IP",
    "Forwarded",
    "X-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
)
"""Headers in which proxies name a client's address."""


def tried_around(bucket: Bucket, what: str, tricks: Mapping[str, Trick]) -> None:
    """Empties the bucket; while the plain request is shut out no trick may be let in.

    Ends the check inconclusive where that could not be told of a trick.
    """
    check = bucket.check
    bucket.empty()
    unclear = []
    for name, trick in tricks.items():
        # Who is held back at the first try walks around nothing, whoever else is let in.
        first = check.send(trick(), patience=False)
        tried = Tried(False, first) if held_back(first) else try_around(bucket, trick)
        if tried.around is None:
            unclear.append(name)
            continue
        check.expect(
            not tried.around,
            bucket.place(name),
            what,
            *((tried.answer,) if tried.around else ()),
            expected="429, as for the plain request",
        )
    bucket.still_answers()
    if unclear:
        check.inconclusive(
            f"The limit opened again too soon to tell whether it was met by: {', '.join(unclear)}."
        )


def forwarded(bucket: Bucket) -> dict[str, Trick]:
    """The request with each forwarding header, each time naming another address.

    198.51.100.0/24 is reserved for documentation, so that nobody is behind it.
    """

    def trick(name: str) -> Request:
        address = f"198.51.100.{bucket.check.random.randrange(1, 255)}"
        return bucket.request.with_headers(
            {name: f"for={address}" if name == "Forwarded" else address}
        )

    return {f"header {name}": partial(trick, name) for name in FORWARDING}


@pytest.mark.control("RATE-04")
def test_a_forwarding_header_does_not_reset_a_principals_limit(check: Check) -> None:
    bucket = protected_bucket(check, caller(check, 4))
    tried_around(bucket, "a header with another address gives a fresh quota", forwarded(bucket))


@pytest.mark.control("RATE-05")
def test_a_forwarding_header_does_not_reset_an_anonymous_limit(check: Check) -> None:
    bucket = public_bucket(check)
    tried_around(bucket, "a header with another address gives a fresh quota", forwarded(bucket))


@pytest.mark.control("RATE-06")
def test_a_second_credential_shares_the_limit(check: Check) -> None:
    identity = caller(check, 6)
    bucket = protected_bucket(check, identity)
    others = [w for w in check.sessions.ways(identity) if w != check.sessions.auth(identity)]
    if not others:
        check.inconclusive(f"{identity.name} can authenticate in one way only.")
    second = bucket.by(others[0])
    check.witness("the second credential is let in too", settle(check, second))
    tried_around(
        bucket,
        "another credential of the same principal has its own quota",
        {f"credential {others[0].kind}": lambda: second},
    )


@pytest.mark.control("RATE-07")
def test_another_spelling_does_not_reset_the_limit(check: Check) -> None:
    bucket = protected_bucket(check, caller(check, 7))
    tried_around(
        bucket, "another spelling of the same request has its own quota", spellings(bucket)
    )


def spellings(bucket: Bucket) -> dict[str, Trick]:
    """The same request as a lenient router might also read it."""
    request = bucket.request
    path, mark, query = request.path.partition("?")
    tail = mark + query
    head, _, last = path.rstrip("/").rpartition("/")
    paths = {
        "upper case": path.upper() + tail,
        "trailing slash": path.rstrip("/") + "/" + tail,
        "double slash": "/" + path + tail,
        "percent-encoding": f"{head}/" + "".join(f"%{ord(c):02X}" for c in last) + tail,
        "dot segment": f"{head}/./{last}{tail}",
        "path parameter": f"{path};v=1{tail}",
    }
    tricks: dict[str, Trick] = {
        name: partial(request.with_path, p) for name, p in paths.items() if p != request.path
    }

    def unused_query() -> Request:
        number = bucket.check.random.randrange(10**6)
        return request.with_path(f"{request.path}{'&' if mark else '?'}nonce={number}")

    override = request.with_headers({"X-HTTP-Method-Override": request.method})
    return tricks | {
        "unused query": unused_query,
        "method HEAD": partial(replace, request, method="HEAD"),
        "method case": partial(replace, request, method=request.method.lower()),
        "method override": partial(replace, override, method="POST"),
    }


@pytest.mark.control("RATE-08")
def test_replicas_share_one_limit(check: Check) -> None:
    if len(check.target.replicas) < 2:
        check.inconclusive("Fewer than two replicas are known.")
    known = protected_bucket(check, caller(check, 8))
    first, *others = [replace(known.request, base_url=r) for r in check.target.replicas]
    for other in others:
        check.witness("each replica lets the caller in", check.send(other, patience=False))
    tricks: dict[str, Trick] = {
        f"replica {n}": partial(replace, other) for n, other in enumerate(others, start=2)
    }
    bucket = replace(known, request=first)
    tried_around(bucket, "another replica gives a fresh quota", tricks)


@pytest.mark.control("RATE-11")
def test_guessing_passwords_is_throttled(check: Check) -> None:
    for place, guess in guesses(check):
        answers = [let_in(check, guess())]
        check.witness("a guess is answered", admitted(answers[0]) is True, once=True)
        while not held_off(answers[-1], answers[0]) and len(answers) < GUESSES:
            answers.append(check.send(guess(), patience=False))
        broken = sum(a.status is None or a.status >= 500 for a in answers if not throttled(a))
        if broken > len(answers) // 2:
            check.inconclusive("Most guesses were answered by an error of the server.")
        check.expect(
            held_off(answers[-1], answers[0]),
            place,
            "passwords of one account may be guessed without end",
            answers[-1],
            expected=f"held off within {GUESSES} guesses",
            seen=f"{len(answers)} guesses answered",
        )
        check.observe(f"{len(answers)} guesses were made.", answers[-1])
        if not held_off(answers[-1], answers[0]):
            guessed(check).add(place)


@pytest.mark.control("RATE-12")
def test_a_forwarding_header_does_not_give_more_guesses(check: Check) -> None:
    if guessed(check):
        check.inconclusive("Guessing was not held off in this run; RATE-11 speaks of that.")
    bucket = guessing_bucket(check)
    tried_around(bucket, "a header with another address gives more guesses", forwarded(bucket))
