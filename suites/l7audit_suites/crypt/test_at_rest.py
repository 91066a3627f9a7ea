"""What lies in the target's own database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.storage import Row, Storage
from l7audit_suites.authn.made_keys import made_key
from l7audit_suites.authz.families import families
from l7audit_suites.authz.made_users import as_users, made_user
from l7audit_suites.crypt.forms import alike, cheap, fast_hashes, readable, texts
from l7audit_suites.crypt.kept_secrets import fresh, keeping, store

_LONG = 8


def _found(storage: Storage, wanted: Sequence[str]) -> Iterator[str]:
    """The tables and columns in which one of these texts stands."""
    for kept in storage.holding(*wanted):
        for name, value in texts(kept.row):
            if any(text in value for text in wanted):
                yield f"{kept.table}.{name}"


@pytest.mark.control("CRYPT-04")
def test_a_secret_that_is_kept_for_later_is_encrypted(check: Check) -> None:
    looked = 0
    with check.storage() as storage:
        for family, member in keeping(check):
            thing = store(check, family, member, fresh())
            if thing is None or family.create is None:
                continue
            looked += 1
            check.witness(
                "what was made is in the database that the provider grants",
                bool(storage.holding(thing.marker, thing.id)),
                once=True,
            )
            places = sorted(set(_found(storage, readable(thing.secret))))
            check.expect(
                not places,
                family.create.place(f"member {member} at rest"),
                f"A secret lies readable in the database, in {', '.join(places)}.",
                expected="nothing that can be read without a key kept elsewhere",
                seen="the secret itself, or an encoding of it",
            )
    if not looked:
        check.inconclusive("No identity of the profile could make a thing with a secret.")


@pytest.mark.control("CRYPT-05")
def test_the_same_secret_is_never_encrypted_to_the_same(check: Check) -> None:
    looked = 0
    with check.storage() as storage:
        for family, member in keeping(check):
            same = fresh()
            things = [store(check, family, member, s) for s in (same, same, fresh())]
            kept = [thing.kept(storage) for thing in things if thing is not None]
            whole = [one.row for one in kept if one is not None]
            if len(whole) < len(things) or family.create is None:
                continue
            if any(_found(storage, readable(same))):
                check.inconclusive("The secret is not encrypted at all.")
            looked += 1
            check.witness("each thing has a row of its own", whole[0] != whole[1], once=True)
            columns = alike(*whole)
            check.expect(
                not columns,
                family.create.place(f"member {member} twice"),
                f"Who sees the database sees which secrets are the same, by {', '.join(columns)}.",
                expected="another ciphertext each time",
                seen="the same ciphertext for the same secret",
            )
    if not looked:
        check.inconclusive("The things that were made were not found in the database.")


@pytest.mark.control("CRYPT-06")
def test_no_credential_lies_readable_in_the_database(check: Check) -> None:
    known = {
        credential.secret: f"a {credential.kind.replace('_', ' ')}"
        for identity in check.identities
        for credential in identity.credentials
        if len(credential.secret) >= _LONG
    }
    with check.storage() as storage, made_key(check) as made:
        known[made.text] = "an API key"
        check.witness(
            "a new key has its row in the database that the provider grants",
            bool(made.id) and bool(storage.holding(made.id)),
            once=True,
        )
        forms = {form: kind for secret, kind in known.items() for form in readable(secret)}
        found: dict[str, str] = {}
        for kept in storage.holding(*forms):
            for name, value in texts(kept.row):
                kind = next((kind for form, kind in forms.items() if form in value), "")
                if kind:
                    found[f"{kept.table}.{name}"] = kind
        told = ", ".join(f"{kind} in {place}" for place, kind in sorted(found.items()))
        check.expect(
            not found,
            made.surface.place("credentials at rest"),
            f"Credentials lie readable in the database: {told}.",
            made.answer,
            expected="hashes of them",
            seen="the credential itself, or an encoding of it",
        )


@pytest.mark.control("CRYPT-07")
def test_passwords_are_stored_as_slow_hashes(check: Check) -> None:
    login = check.surface(Kind.LOGIN)
    name, password = _account(check)
    with check.storage() as storage:
        rows = [k.row for k in storage.holding(name) if name in k.row.values()]
        check.witness(
            "the account is in the database that the provider grants", bool(rows), once=True
        )
        place = login.place("passwords at rest")
        judged = [why for row in rows for _, v in texts(row) if (why := cheap(v)) is not None]
        fast = [column for row in rows for column in _fast_in(row, password)]
        check.expect(
            not fast,
            place,
            f"A password is stored as itself or as a hash made in an instant: {', '.join(fast)}.",
            expected="Argon2id, scrypt, bcrypt or PBKDF2 at today's cost",
        )
        check.expect(
            not any(judged),
            place,
            f"Passwords are hashed too cheaply: {'; '.join(filter(None, judged))}.",
            expected="the least cost that OWASP advises, or more",
        )
        if not judged and not fast:
            check.inconclusive("The account's row holds no password hash of a kind that is known.")


def _account(check: Check) -> tuple[str, str]:
    """The name and the password of an account: one made now where that is possible, since old
    ones may have been hashed by an older rule."""
    for family in families(check.model):
        users = as_users(family)
        user = made_user(check, users, users.weak) if users is not None else None
        if user is not None and user.login:
            return user.login, user.password
    for identity in check.identities:
        credential = _password(identity)
        if credential is not None:
            return credential
    check.inconclusive("Nobody's name and password are known.")


def _password(identity: Identity) -> tuple[str, str] | None:
    credential = identity.credential("password")
    return None if credential is None else (credential.name, credential.secret)


def _fast_in(row: Row, password: str) -> list[str]:
    """The columns that hold the password, or a hash of it that is made in an instant."""
    pieces = {p for _, v in texts(row) for p in (v, *v.replace(":", "$").split("$")) if p}
    wanted = {*readable(password), *fast_hashes(password, pieces)}
    return [n for n, v in texts(row) if any(w in v for w in wanted)]
