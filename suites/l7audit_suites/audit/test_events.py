"""What must leave a record: logins, keys, refusals, and changes of rights and rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind, Place
from l7audit.probe.answer import Answer
from l7audit_suites.audit.records import differ
from l7audit_suites.audit.rules import written_again
from l7audit_suites.audit.trail import Trail, attempt, new_key, signed_in, trail, wrong_key
from l7audit_suites.authn.made_keys import made_key, path_to, read_key, revoke
from l7audit_suites.authz.families import families
from l7audit_suites.authz.made_users import as_users, made_user
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask, made_things, without_people


@pytest.mark.control("AUDIT-01")
def test_logins_and_failed_logins_are_recorded_apart(check: Check) -> None:
    login = check.surface(Kind.LOGIN)
    log = trail(check, canaries=(new_key, wrong_key))
    failed, right = attempt(check, right=False), attempt(check, right=True)
    if failed is None or right is None:
        check.inconclusive("No identity of the profile logs in by a password.")
    check.witness("the right password logs in", right, once=True)
    if failed.ok or (failed.status or 500) >= 500:
        check.inconclusive(f"A wrong password got no refusal, but {failed.status}.")
    no = log.records_once("A login that failed", login.place("failed login"), failed)
    yes = log.records_once("A login", login.place("login"), right)
    if no and yes:
        check.expect(
            differ(no[0], yes[0]),
            login.place("outcome of a login"),
            "The records of a login and of one that failed say the same.",
            failed,
            right,
            expected="an action or an outcome that tells them apart",
        )


@pytest.mark.control("AUDIT-02")
def test_the_life_of_a_key_is_recorded(check: Check) -> None:
    log = trail(check, canaries=(wrong_key, signed_in))
    with made_key(check) as made:
        place = made.surface.place("key made")
        log.records_once("The making of an API key", place, made.answer)
        for surface in check.model.surfaces(Kind.KEY_ROTATE, limit=1):
            rotated = check.send(
                surface.request(auth=made.auth, path=path_to(surface, made.answer)),
                identity=made.owner.name,
            )
            if rotated.ok:
                log.records_once("The rotation of an API key", surface.place("rotated"), rotated)
                revoke(check, read_key(check, rotated, surface, made.owner, made.auth))
        for surface in check.model.surfaces(Kind.KEY_REVOKE, limit=1):
            revoked = revoke(check, made)
            if revoked is not None and revoked.ok:
                log.records_once("The revocation of an API key", surface.place("revoked"), revoked)


@pytest.mark.control("AUDIT-03")
def test_refused_access_is_recorded(check: Check) -> None:
    log = trail(check, canaries=(new_key, signed_in))
    for place, what, answer in _refusals(check, log):
        if answer is None or answer.status not in (401, 403, 404):
            check.observe(
                f"There was no refusal to look for: {what}.", *([answer] if answer else [])
            )
            continue
        log.records_once(what, place, answer)


def _refusals(check: Check, log: Trail) -> Iterator[tuple[Place, str, Answer | None]]:
    reads = check.model.surfaces(Kind.PROTECTED_READ, limit=1)
    for read in reads:
        yield read.place("wrong credential"), "The refusal of a wrong API key", wrong_key(check)
    ordinary, _ = by_role(check.identities, admin_roles(check))
    for identity in ordinary[:1]:
        answer = ask(check, log.surface, identity)
        yield log.place("refused caller"), "The refusal of who lacks the right", answer
    for thing in made_things(check, without_people, most=1):
        for stranger in thing.cast.strangers[:1]:
            surface = thing.family.delete
            assert surface is not None  # `families` gives none without
            answer = ask(check, thing.at(surface), stranger)
            what = "An attempt at what belongs to somebody else"
            yield surface.place("another's thing"), what, answer


@pytest.mark.control("AUDIT-04")
def test_changes_of_rights_and_rules_are_recorded(check: Check) -> None:
    makes_users = [u for f in families(check.model) if (u := as_users(f)) is not None]
    rules = check.model.surfaces(Kind.RATE_POLICY, limit=1)
    if not makes_users and not rules:
        check.not_applicable("The target's document changes neither users nor rules.")
    log = trail(check, canaries=(new_key, wrong_key))
    for rule in rules:
        changed = written_again(check, rule)
        if changed is not None:
            log.records_once("The change of a rule", rule.place("rule changed"), changed)
    for users in makes_users[:1]:
        user, change = made_user(check, users, users.weak), users.family.change
        if user is None or change is None:
            continue
        raised = user.changed(check, {users.role: users.strong})
        if raised.ok:
            log.records_once("The change of a role", change.place("role changed"), raised)
        removal = users.family.delete
        removed: Answer | None = None
        if removal is not None:
            removed = ask(check, removal, user.maker, path={users.family.key: user.id})
        if removal is not None and removed is not None and removed.ok:
            log.records_once("The removal of a user", removal.place("user removed"), removed)
