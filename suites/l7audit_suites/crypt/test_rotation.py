"""The key that seals stored secrets is replaced: everything is sealed anew, and all of it works."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest

from l7audit.errors import ProviderError
from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.storage import Kept, Storage
from l7audit.target.surface import Surface
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask
from l7audit_suites.crypt.forms import readable
from l7audit_suites.crypt.kept_secrets import Stored, fresh, keeping, store, works
from l7audit_suites.crypt.sealed import changes, opaque, stays

_THINGS = 2
_PATIENCE = 5.0
"""Seconds in which everything is to be sealed anew, and the old key to be forgotten."""

_PAUSE = 0.1


@pytest.mark.control("CRYPT-11")
def test_a_new_data_key_seals_every_stored_secret_anew(check: Check) -> None:
    rotate = check.surface(Kind.DATA_KEY_ROTATE)
    with check.storage() as storage:
        things, before = _stored(check, storage)
        if storage.holding(*readable(things[0].secret)):
            check.inconclusive("The secret is not encrypted at all.")
        columns = opaque([kept.row for kept in before], [t.answer.text for t in things])
        check.witness("what was made lies sealed in the database", bool(columns), once=True)
        used = works(check, things[0])
        if used:
            check.witness("a sealed secret is used before the rotation", True, once=True)
        else:
            check.observe(
                "Nothing shows the sealed secret at work: only where it lies is looked at."
            )
        table = before[0].table
        held = storage.contents(table)
        answer = _rotated(check, rotate)
        anew = _until(lambda: not stays(held, storage.contents(table), columns))
        left = 0 if anew else stays(held, storage.contents(table), columns)
        check.expect(
            anew,
            rotate.place("what lies sealed"),
            f"After a rotation of the data key {left} of {len(held)} stored secrets are the same "
            "ciphertext as before.",
            answer,
            expected="every stored secret sealed anew, with the new key",
            seen=f"old ciphertexts {_PATIENCE:g} seconds later" if left else "",
        )
        if used:
            _works_on(check, rotate, things, answer)
        if used and anew:
            _old_is_gone(check, rotate, storage, things[0], before[0], answer)


def _stored(check: Check, storage: Storage) -> tuple[list[Stored], list[Kept]]:
    """Some things with secrets, and their rows. Ends the check where nobody may make them."""
    for family, member in keeping(check):
        things = [t for _ in range(_THINGS) if (t := store(check, family, member, fresh()))]
        rows = [kept for t in things if (kept := t.kept(storage)) is not None]
        if len(rows) == _THINGS:
            return things, rows
    check.inconclusive("No identity of the profile could make things with a secret.")


def _rotated(check: Check, rotate: Surface) -> Answer:
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    for who in (*powerful, *ordinary):
        answer = ask(check, rotate, who)
        if answer.ok:
            return answer
    check.inconclusive("No identity of the profile may rotate the data key.")


def _until(seen: Callable[[], bool]) -> bool:
    """Whether something is seen in time."""
    end = time.monotonic() + _PATIENCE
    while not (found := seen()) and time.monotonic() < end:
        time.sleep(_PAUSE)
    return found


def _works_on(check: Check, rotate: Surface, things: Sequence[Stored], rotated: Answer) -> None:
    addresses = ["", *check.target.replicas]
    silent = [a for a in addresses for thing in things[:1] if not works(check, thing, a)]
    silent += [""] if not all(works(check, thing) for thing in things[1:]) else []
    check.expect(
        not silent,
        rotate.place("secrets after it"),
        "After a rotation of the data key a stored secret can't be used any more.",
        rotated,
        expected="calls that are signed with the secret, from every replica",
        seen=f"none by way of {len(silent)} addresses" if silent else "",
    )


def _old_is_gone(
    check: Check, rotate: Surface, storage: Storage, thing: Stored, before: Kept, rotated: Answer
) -> None:
    """Puts the old ciphertext back: who still opens it has the old key, or never changed it."""
    now = thing.kept(storage)
    if now is None:
        return
    old = changes(before.row, now.row)
    try:
        put = storage.rewrite(now, old)
    except ProviderError as error:
        check.observe(f"The old ciphertext can't be put back: {error}")
        return
    if not put:
        check.observe("The old ciphertext could not be put back: the row was changed meanwhile.")
        return
    try:
        gone = _until(lambda: not works(check, thing))
    finally:
        there = thing.kept(storage)
        if there is not None:
            storage.rewrite(there, {name: now.row[name] for name in old})
    check.expect(
        gone,
        rotate.place("what the old key sealed"),
        "After a rotation of the data key a ciphertext from before it is still opened.",
        rotated,
        expected="an old key that opens nothing any more",
        seen="a call that is signed with the secret in the old ciphertext",
    )
