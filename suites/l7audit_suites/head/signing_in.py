"""Signing in, to see what the answers that hand out credentials tell caches and browsers."""

from __future__ import annotations

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface


def signed_in(check: Check) -> list[tuple[Surface, Answer]]:
    """Answers of login and token operations that let somebody in; ends the check without one."""
    found = []
    for kind, credential_kind in ((Kind.LOGIN, "password"), (Kind.TOKEN, "client")):
        for surface in check.model.surfaces(kind, limit=1):
            held = [
                i.credential(credential_kind) for i in check.identities if "limited" not in i.tags
            ]
            credential = next((c for c in held if c is not None), None)
            if credential is None:
                continue
            request = check.sessions.login_request(surface, credential.name, credential.secret)
            answer = check.send(request)
            if answer.ok:
                found.append((surface, answer))
    if not found:
        check.not_applicable("Nobody can sign in: no login or token operation let anybody in.")
    return found
