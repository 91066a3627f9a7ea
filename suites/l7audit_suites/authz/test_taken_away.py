"""What was taken away is gone at once: a role that was lowered, an account that was shut."""

from __future__ import annotations

import time
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit_suites.authn.ground import Ground
from l7audit_suites.authn.made_keys import WINDOW, refused_everywhere
from l7audit_suites.authz.made_users import (
    MadeUser,
    Users,
    grounds,
    inactive_fields,
    made_user,
    user_families,
)
from l7audit_suites.authz.things import ask

_NOBODY = "No identity of the profile could make a user who then logs in."


@pytest.mark.control("AUTHZ-16")
def test_a_lowered_role_opens_nothing_any_more(check: Check) -> None:
    looked = 0
    for users in user_families(check):
        user, listing = made_user(check, users, users.strong), users.family.list
        held = grounds(check, user, listing) if user is not None and listing is not None else {}
        if user is None or not held:
            continue
        check.witness("the role opens it at first", next(iter(held.values())).good, once=True)
        lowered = user.changed(check, {users.role: users.weak})
        since = time.monotonic()
        if not lowered.ok or not _shows(check, user, users.weak):
            check.observe("A user's role could not be lowered.", lowered)
            continue
        looked += _over(check, held, lowered, since, "after the role was lowered")
        _still_opens(check, users, user)
    if not looked:
        check.inconclusive(_NOBODY)


def _shows(check: Check, user: MadeUser, role: str) -> bool:
    """Whether the user is shown with that role to who made him."""
    read, key = user.users.family.read, user.users.family.key
    if read is None:
        return True
    body = ask(check, read, user.maker, path={key: user.id}).json_or_none()
    return isinstance(body, dict) and body.get(user.users.role) == role


def _still_opens(check: Check, users: Users, user: MadeUser) -> None:
    if users.family.list is not None:
        check.witness(
            "who has the role is still let in", partial(ask, check, users.family.list, user.maker)
        )


@pytest.mark.control("AUTHZ-17")
def test_an_account_that_was_shut_opens_nothing_any_more(check: Check) -> None:
    looked = 0
    for users in user_families(check):
        user, listing = made_user(check, users, users.strong), users.family.list
        held = grounds(check, user, listing) if user is not None and listing is not None else {}
        if user is None or not held:
            continue
        check.witness("the account is open at first", next(iter(held.values())).good, once=True)
        shut, since = _shut(check, user), time.monotonic()
        if not shut.ok:
            check.observe("A user could not be shut out.", shut)
            continue
        looked += _over(check, held, shut, since, "after the account was shut")
        for login in check.model.surfaces(Kind.LOGIN, limit=1):
            answer = user.try_login(check, login)
            check.expect(
                not answer.ok,
                login.place("account that was shut"),
                "Who was shut out logs in again.",
                shut,
                answer,
                expected="401, as for a wrong password",
            )
        _still_opens(check, users, user)
    if not looked:
        check.inconclusive(_NOBODY)


def _shut(check: Check, user: MadeUser) -> Answer:
    """Shuts the user out: by a change where one says so, else by deleting him."""
    family = user.users.family
    assert family.change is not None  # `user_families` gives none without
    assert family.delete is not None
    fields = inactive_fields(family.change.operation.json_schema)
    if fields is not None:
        return user.changed(check, dict(fields))
    return ask(check, family.delete, user.maker, path={family.key: user.id})


def _over(check: Check, held: dict[str, Ground], done: Answer, since: float, part: str) -> int:
    """Expects every credential to be refused everywhere within two seconds."""
    for name, ground in held.items():
        late = refused_everywhere(ground, ground.credential, since)
        check.expect(
            not late,
            ground.place(f"{name} {part}"),
            f"A {name} still opens what its owner may not see any more, {WINDOW:g} seconds {part}.",
            done,
            *late,
            expected="a refusal",
            seen="the same answer as before",
        )
    return len(held)
