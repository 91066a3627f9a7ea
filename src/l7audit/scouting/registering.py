"""Making throw-away users by the target's own registration."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from l7audit.model import Credential, Identity, Kind
from l7audit.probe.probe import Probe
from l7audit.target.hints import field_names
from l7audit.target.logins import session_of
from l7audit.target.meaning import is_password, is_user, login_fields
from l7audit.target.operation import Operation
from l7audit.target.schemas import properties
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.words import all_words, says, words

MARK = "l7audit"
"""What the names of throw-away users begin with."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A user that was made; `identity` is None where the target refused, and `told` says it."""

    identity: Identity | None
    told: str


def registration(model: TargetModel) -> Surface | None:
    """The operation by which anybody becomes a user; None where none is known."""
    hinted = model.target.hints.get("registration")
    for operation in model.operations:
        if str(operation.place) == hinted:
            return model.surface(operation)
    for operation in model.operations:
        if operation.method == "POST" and operation.public and _registers(operation):
            return model.surface(operation)
    return None


def _registers(operation: Operation) -> bool:
    if operation.kinds & {Kind.LOGIN, Kind.TOKEN} or operation.path_parameters:
        return False
    named = all_words([operation.name, *operation.tags, operation.template])
    told = says(
        named, "register", "registration", "signup", "sign up", "user", "account", "member",
        "join", "enrol", "enroll", "customer",
    )  # fmt: skip
    asks = says(named, "reset", "recover", "forgot", "password", "verify", "confirm", "invite")
    return told and not asks and bool(_secrets(operation))


def _secrets(operation: Operation) -> list[str]:
    return [n for n, part in properties(operation.body_schema).items() if is_password(n, part)]


def register(model: TargetModel, probe: Probe, surface: Surface, name: str) -> Registered:
    """Makes one user. Errors: as `Probe.send`."""
    account = f"{MARK}-{secrets.token_hex(4)}-{name}"
    password = f"{secrets.token_urlsafe(12)}-aB3!"
    mail = f"{account}@example.com"
    fields: dict[str, Any] = {}
    logged_by: dict[str, str] = {}
    for field, part in properties(surface.operation.body_schema).items():
        if is_password(field, part):
            fields[field] = password
        elif part.get("format") == "email" or says(words(field), "email", "e mail", "mail"):
            fields[field] = logged_by["mail"] = mail
        elif says(words(field), "user", "username", "login", "account", "handle", "nick"):
            fields[field] = logged_by["name"] = account[: int(part.get("maxLength", 64))]
        elif is_user(field, part) and field in surface.operation.body_schema.get("required", []):
            fields[field] = logged_by["other"] = account[: int(part.get("maxLength", 64))]
    answer = probe.send(
        surface.request(fields=fields, media_type=surface.operation.media_type), name
    )
    place = surface.operation.place
    if not answer.ok:
        said = answer.error or f"{answer.status}: {answer.text[:160]}"
        return Registered(None, f"{place} made no user: it answered {said}")
    user = _login_name(model, logged_by) or mail
    credentials = [Credential(kind="password", name=user, secret=password)]
    entrances = [*model.surfaces(Kind.LOGIN, 1), *model.surfaces(Kind.TOKEN, 1)]
    if not entrances and not model.target.hints.get("login_page"):
        auth = session_of(model, answer)
        if auth is None:
            return Registered(None, f"{place} made {user}, but no way to log in is known")
        kind = "cookie" if auth.kind == "cookie" else "bearer"
        credentials = [Credential(kind=kind, name=auth.name, secret=auth.secret)]
    made = Identity(name=name, role="user", tags=["throw-away"], credentials=credentials)
    return Registered(made, f"{place} made {user}")


def _login_name(model: TargetModel, known: dict[str, str]) -> str:
    """The one of a user's names by which the login asks."""
    wanted = ""
    for surface in model.surfaces(Kind.LOGIN, 1):
        pairs = [login_fields(schema) for schema in surface.operation.bodies.values()]
        names = field_names(model.target.hints) or next((p for p in pairs if p), None)
        wanted = names[0] if names else ""
    if says(words(wanted), "email", "e mail", "mail"):
        return known.get("mail", "")
    return known.get("name") or known.get("other") or known.get("mail", "")
