"""Accounts that came with the software, and the passwords that they came with."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit_suites.authn.doors import wrong_secret
from l7audit_suites.authn.password_doors import Door, doors

DELIVERED = {
    "admin": ("admin", "password", "changeme"),
    "administrator": ("administrator", "password"),
    "root": ("root", "toor"),
    "test": ("test",),
    "guest": ("guest",),
    "demo": ("demo",),
}
"""Names and passwords with which software of many makers is delivered; few a name, so that nobody
is locked out."""


@pytest.mark.control("AUTHN-33")
def test_no_account_has_the_password_it_was_delivered_with(check: Check) -> None:
    held_off = False
    for door in doors(check):
        check.witness("a right password is accepted", door.lets_in(door.good), once=True)
        own = {credential.name for _, credential in door.known}
        for delivered, passwords in DELIVERED.items():
            name = _like(delivered, door)
            if name in own:
                continue
            tried = [(password, door.ask(name, password)) for password in passwords]
            open_ = [(password, a) for password, a in tried if door.lets_in(a)]
            held_off = held_off or any(answer.throttled for _, answer in tried)
            if open_ and _lets_anybody_in(check, door, name):
                check.inconclusive(f"{name} is let in with any password; AUTHN-26 speaks of that.")
            check.expect(
                not open_,
                door.place(f"account {delivered}"),
                f"The account {delivered} has the password that software is delivered with.",
                *[answer for _, answer in open_],
                expected="a refusal",
                seen="let in",
            )
    if held_off:
        check.inconclusive("The target holds logins off (429): not all of these were answered.")


def _like(delivered: str, door: Door) -> str:
    """The delivered name as names are written here: as an address where they are addresses."""
    _, at, domain = door.known[0][1].name.partition("@")
    return f"{delivered}{at}{domain}"


def _lets_anybody_in(check: Check, door: Door, name: str) -> bool:
    answer: Answer = door.ask(name, wrong_secret(check.random))
    return door.lets_in(answer)
