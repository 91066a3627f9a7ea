"""Signing in, to see what the answers that hand out credentials tell caches and browsers."""

from __future__ import annotations

from collections.abc import Callable

from l7audit.harness.check import Check
from l7audit.model import Credential, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.surface import Surface
from l7audit_suites.authn.password_doors import find_login

Narrowed = Callable[[str], Place]
"""An operation's place, narrowed to the part that is given."""


def signed_in(check: Check) -> list[tuple[Narrowed, Answer]]:
    """Answers of login and token operations that let somebody in; ends the check without one."""
    found: list[tuple[Narrowed, Answer]] = []
    if (door := find_login(check)) is not None:
        found.append((door.place, door.good))
    if client := _held(check, "client"):
        for surface in check.model.surfaces(Kind.TOKEN, limit=1):
            answer = check.send(_client_grant(surface, client.name, client.secret))
            found += [(surface.place, answer)] if answer.ok else []
    if not found:
        check.not_applicable("Nobody can sign in: no login or token operation let anybody in.")
    return found


def nobody(check: Check) -> tuple[Surface, Request] | None:
    """An attempt of somebody who does not exist; by client secret if possible, as that is cheap."""
    name = f"l7audit-{check.random.randrange(16**10):010x}"
    for surface in check.model.surfaces(Kind.TOKEN, limit=1):
        return surface, _client_grant(surface, name, name)
    for surface in check.model.surfaces(Kind.LOGIN, limit=1):
        return surface, check.sessions.login_request(surface, name, name)
    return None


def _client_grant(surface: Surface, client: str, secret: str) -> Request:
    """RFC 6749 4.4.2, with the client's secret in the body."""
    grant = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    return surface.request(form=grant)


def _held(check: Check, kind: str) -> Credential | None:
    """The first such credential of an identity with ordinary quotas."""
    held = (i.credential(kind) for i in check.identities if "limited" not in i.tags)
    return next((c for c in held if c is not None), None)
