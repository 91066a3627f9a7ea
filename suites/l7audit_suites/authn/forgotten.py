"""How somebody who forgot a password asks for a new one, and what is sent with a code."""

from __future__ import annotations

from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Credential, Identity
from l7audit.probe.request import Request
from l7audit.target import meaning
from l7audit.target.target_model import Surface
from l7audit.target.words import says, words
from l7audit_suites.authn.doors import word
from l7audit_suites.authn.ground import holders

Known = tuple[Identity, Credential]


def somebody(check: Check) -> list[Known]:
    """Who has a password here, in random order. Ends the check where nobody does."""
    found = [
        (identity, credential)
        for identity in holders(check, ("password", "basic"))
        if (credential := identity.credential("password") or identity.credential("basic"))
    ]
    if not found:
        check.not_applicable("No identity of the profile has a password.")
    check.random.shuffle(found)
    return found


def asking(surface: Surface, account: str) -> Request:
    """A request for a new password for that account."""
    return surface.request(fields={meaning.account_field(surface.operation): account})


def trying(check: Check, surface: Surface, account: str) -> Request:
    """A try at the code that was sent to that account: the code is made up, the password good."""
    operation = surface.operation
    fields: dict[str, Any] = {}
    if name := meaning.account_field(operation):
        fields[name] = account
    password = f"l7audit-{word(check.random, 12)}-Q7!"
    for name in [meaning.new_password(operation), *meaning.repeated(operation)]:
        fields[name] = password
    return surface.request(fields=fields)


def short_code(surface: Surface) -> bool:
    """Whether what is sent is a code that people type, and not a long token of a link."""
    told = words(meaning.one_time_field(surface.operation))
    return not says(told, "token", "key", "ticket")
