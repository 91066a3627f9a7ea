"""Users that a check makes, to take something away from them again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target import meaning
from l7audit.target.schemas import Schema, alternative, properties, type_of
from l7audit.target.target_model import Surface
from l7audit.target.tokens import token_in
from l7audit.target.words import says, words
from l7audit_suites.authn.ground import Ground
from l7audit_suites.authn.leaves import secrets as long_texts
from l7audit_suites.authn.leaves import texts
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.markers import marked, new_marker
from l7audit_suites.authz.people import POWER, admin_roles, by_role
from l7audit_suites.authz.things import ask
from l7audit_suites.authz.told import learn_secrets, named

_ACTIVE = ("active", "enabled", "is active", "is enabled")
_INACTIVE = ("disabled", "suspended", "blocked", "locked", "deactivated", "inactive")


@dataclass(frozen=True, slots=True)
class Users:
    """A family of users with roles: what takes the role, its values of power and the others."""

    family: Family
    role: str
    strong: str
    weak: str


def user_families(check: Check) -> list[Users]:
    """Families whose things are given one of several roles, and a password, or answer one. Ends
    the check where the target has none."""
    found = [users for family in families(check.model) if (users := as_users(family)) is not None]
    if not found or not check.model.surfaces(Kind.LOGIN, limit=1):
        check.not_applicable("The target's document has no users that can be made with a role.")
    return found


def as_users(family: Family) -> Users | None:
    """A family of people as users with roles; None where it is none."""
    if family.create is None or family.change is None or family.nested:
        return None
    takes = properties(family.create.operation.json_schema)
    gives = properties(family.create.operation.answer_schema)
    if not any(meaning.is_password(n, part) for n, part in [*takes.items(), *gives.items()]):
        return None
    changes = properties(family.change.operation.json_schema)
    for name, part in takes.items():
        roles = [str(r) for r in alternative(part).get("enum") or []]
        strong = [r for r in roles if says(words(r), *POWER)]
        weak = [r for r in roles if r not in strong]
        if says(words(name), "role") and name in changes and strong and weak:
            return Users(family, name, strong[0], weak[0])
    return None


@dataclass(frozen=True, slots=True)
class MadeUser:
    """A user of ours: who made him, and how he logs in."""

    users: Users
    maker: Identity
    id: str
    login: str
    password: str = field(repr=False)

    def token(self, check: Check) -> str:
        """A new token of his; empty where he gets none."""
        for surface in check.model.surfaces(Kind.LOGIN, limit=1):
            answer = self.try_login(check, surface)
            token = token_in(answer, str(check.target.hints.get("token_field", "")))
            if answer.ok and token:
                check.probe.redactor.learn(token)
                return token
        return ""

    def try_login(self, check: Check, surface: Surface) -> Answer:
        """The answer to his login."""
        return check.send(check.sessions.login_request(surface, self.login, self.password))

    def changed(self, check: Check, fields: dict[str, Any]) -> Answer:
        """The answer to a change of the user by who made him."""
        change, key = self.users.family.change, self.users.family.key
        assert change is not None  # `as_users` gives none without
        # A PATCH changes what it names: nothing is made up beside it.
        given = "json" if change.operation.method == "PATCH" else "fields"
        return ask(check, change, self.maker, path={key: self.id}, **{given: fields})


def made_user(check: Check, users: Users, role: str) -> MadeUser | None:
    """A user of that role, removed in the end; None where nobody may make one."""
    create, delete = users.family.create, users.family.delete
    assert create is not None  # `as_users` gives none without
    assert delete is not None  # `families` gives none without
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    password = f"l7audit-A1-{secrets.token_urlsafe(18)}"
    check.probe.redactor.learn(password)
    given = (marked(create, new_marker()) or {}).get("fields", {})
    for name, part in properties(create.operation.json_schema).items():
        if meaning.is_password(name, part):
            given[name] = password
    for maker in (*powerful, *ordinary):
        answer = ask(check, create, maker, fields={**given, users.role: role})
        key = named(answer, users.family.key) if answer.ok else ""
        if not key:
            continue
        learn_secrets(check, answer)
        surface = delete.with_values({users.family.key: key})
        request = surface.request(auth=check.sessions.auth(maker, surface))
        check.sessions.keep_for_removal(request, maker.name)
        return MadeUser(users, maker, key, _login(answer, given), password)
    return None


def _login(answer: Answer, given: dict[str, Any]) -> str:
    """What he logs in by: as the answer says, else as he was made."""
    told = dict(texts(answer.json_or_none()))
    for known in (told, given):
        for phrase in meaning.USER:
            for name, text in known.items():
                if words(name) == tuple(phrase.split()) and isinstance(text, str):
                    return text
    return ""


def inactive_fields(schema: Schema) -> dict[str, bool] | None:
    """The member of a change that shuts somebody out; None without one."""
    for name, part in properties(schema).items():
        if type_of(part) == "boolean" and words(name) in [tuple(a.split()) for a in _ACTIVE]:
            return {name: False}
        if type_of(part) == "boolean" and says(words(name), *_INACTIVE):
            return {name: True}
    return None


def grounds(check: Check, user: MadeUser, surface: Surface) -> dict[str, Ground]:
    """Where his credentials are tried, by what they are: two sessions and a key, as far as he
    gets them and they open the read."""
    found: dict[str, Ground] = {}
    for name in ("session", "other session"):
        token = user.token(check)
        good = check.send(surface.request(auth=check.sessions.carried(token))) if token else None
        if good is not None and good.ok:
            found[name] = Ground(check, surface, user.maker, token, check.sessions.carried, good)
    session = found.get("session")
    for maker in check.model.surfaces(Kind.KEY_CREATE, limit=1) if session else []:
        assert session is not None
        answer = check.send(maker.request(auth=check.sessions.carried(session.credential)))
        scheme = next(iter(check.model.schemes("api_key")), None)
        if not answer.ok or scheme is None:
            continue
        learn_secrets(check, answer)
        for text in long_texts(answer.json_or_none())[:3]:
            auth = Auth.api_key(scheme.field, text, scheme.place)
            good = check.send(surface.request(auth=auth))
            if good.ok:
                found["key"] = Ground(check, surface, user.maker, text, _key(auth), good)
                break
    return found


def _key(auth: Auth) -> Any:
    return lambda text: Auth.api_key(auth.name, text, auth.place)
