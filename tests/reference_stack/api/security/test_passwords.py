"""Passwords and client secrets."""

from __future__ import annotations

import asyncio

import pytest

from l7audit_stack.api.security.passwords import ClientSecrets, Passwords

# Small costs: what is tested here is the logic, not the work factor.
CHEAP = Passwords(memory_kib=64, passes=1)


class Counting(Passwords):
    """Counts the work that a check does."""

    def matches(self, password: str, stored: str) -> bool:
        work.append(stored)
        return super().matches(password, stored)


work: list[str] = []


def test_only_the_right_password_is_right() -> None:
    stored = CHEAP.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert asyncio.run(CHEAP.check("correct horse", stored))
    assert not asyncio.run(CHEAP.check("correct hors", stored))


def test_the_same_password_has_another_hash_each_time() -> None:
    assert CHEAP.hash("x") != CHEAP.hash("x")


def test_an_unknown_user_costs_the_same_work_and_is_wrong() -> None:
    passwords = Counting(memory_kib=64, passes=1)
    work.clear()
    assert not asyncio.run(passwords.check("anything", None))
    assert not asyncio.run(passwords.check("anything", passwords.hash("other")))
    assert len(work) == 2
    assert work[0].split("$")[:4] == work[1].split("$")[:4]


def test_a_huge_password_is_refused_without_work() -> None:
    passwords = Counting(memory_kib=64, passes=1)
    work.clear()
    assert not asyncio.run(passwords.check("x" * 2000, passwords.hash("y")))
    assert work == []


def test_production_has_the_recommended_cost() -> None:
    assert Passwords().hash("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_client_secrets_match_their_digest_only() -> None:
    secrets = ClientSecrets(pepper=b"p" * 32)
    stored = secrets.digest("s3cret")
    assert secrets.matches("s3cret", stored)
    assert not secrets.matches("other", stored)
    assert not secrets.matches("s3cret", None)
    assert not ClientSecrets(pepper=b"q" * 32).matches("s3cret", stored)


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd!2024",
        "123456789012",
        "qwertyuiop12",
        "aaaaaaaaaaaa",
        "AdminAdmin!1",
    ],
)
def test_what_everybody_guesses_is_known(password: str) -> None:
    assert Passwords().guessable(password)


@pytest.mark.parametrize(
    "password", ["tin-whistle-forty", "k9Xw-2qLmv-77Zr", "secret harbour lamps", "Zürich-Nebel-38"]
)
def test_what_somebody_thought_of_is_not(password: str) -> None:
    assert not Passwords().guessable(password)
