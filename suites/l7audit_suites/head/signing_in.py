"""Signing in, to see what the answers that hand out credentials tell caches and browsers."""

from __future__ import annotations

from collections.abc import Iterator

from l7audit.harness.check import Check
from l7audit.model import Credential, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.surface import Surface


def signed_in(check: Check) -> list[tuple[Surface, Answer]]:
    """Answers of login and token operations that let somebody in; ends the check without one."""
    found = []
    for surface, request in _attempts(check):
        answer = check.send(request)
        if answer.ok:
            found.append((surface, answer))
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


def _attempts(check: Check) -> Iterator[tuple[Surface, Request]]:
    if password := _held(check, "password"):
        for surface in check.model.surfaces(Kind.LOGIN, limit=1):
            yield surface, check.sessions.login_request(surface, password.name, password.secret)
    if client := _held(check, "client"):
        for surface in check.model.surfaces(Kind.TOKEN, limit=1):
            yield surface, _client_grant(surface, client.name, client.secret)


def _client_grant(surface: Surface, client: str, secret: str) -> Request:
    """RFC 6749 4.4.2, with the client's secret in the body."""
    grant = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    return surface.request(form=grant)


def _held(check: Check, kind: str) -> Credential | None:
    """The first such credential of an identity with ordinary quotas."""
    held = (i.credential(kind) for i in check.identities if "limited" not in i.tags)
    return next((c for c in held if c is not None), None)
