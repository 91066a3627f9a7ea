"""Changing a rate policy through whatever operation the target has for it, and putting it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.target.target_model import Surface
from l7audit_suites.rate.fields import Policy

_CAPACITY = re.compile(r"capacity|burst|quota|limit|max|requests", re.IGNORECASE)


def capacity_field(schema: dict[str, Any]) -> str | None:
    """The number in a policy's schema that says how much is allowed at once."""
    numbers = [
        name
        for name, part in (schema.get("properties") or {}).items()
        if part.get("type") in ("integer", "number") and _CAPACITY.search(name)
    ]
    return numbers[0] if numbers else None


@contextmanager
def tightened(check: Check, surface: Surface, policy: Policy) -> Iterator[tuple[Answer, int]]:
    """The target with that policy's capacity one less; yields the change's answer and capacity.

    The old value is written back at the end. Ends the check where nobody here may change it.
    """
    field = capacity_field(surface.operation.json_schema)
    if field is None:
        check.inconclusive("The policy operation takes no number that looks like a capacity.")
    wanted = max(1, policy.quota - 1)
    for identity in reversed(check.identities):
        auth = check.sessions.auth(identity)
        changed = check.send(surface.request(auth=auth, json={field: wanted}))
        if changed.ok:
            break
    else:
        check.inconclusive("None of the profile's identities may change a rate policy.")
    try:
        yield changed, wanted
    finally:
        check.send(surface.request(auth=auth, json={field: policy.quota}))
