"""How somebody who forgot a password asks for a new one, and what is sent with a code."""

from __future__ import annotations

from typing import Any

from l7audit.harness.check import Check
from l7audit.model import Credential, Identity, Kind
from l7audit.probe.request import Request
from l7audit.target import meaning
from l7audit.target.schemas import required
from l7audit.target.target_model import Surface, TargetModel
from l7audit.target.words import all_words, says, words
from l7audit_suites.authn.doors import word
from l7audit_suites.authn.ground import holders

_TYPED = ("otp", "totp", "code", "pin", "passcode", "one time", "verification")
_PROOFS = (
    "otp", "totp", "2 fa", "2fa", "mfa", "two factor", "second factor", "verify", "verification",
    "pin", "passcode", "one time", "challenge",
)  # fmt: skip
_OTHER_CODES = {
    Kind.RESET, Kind.RESET_REQUEST, Kind.LOGIN, Kind.TOKEN, Kind.ONCE_ONLY, Kind.CODE_GIVING,
    Kind.REGISTRATION,
}  # fmt: skip
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


def one_time_codes(model: TargetModel) -> list[Surface]:
    """Operations that take a code which somebody was sent or reads from a device, to prove who
    they are; none that asks for what only an earlier step gives."""
    found = []
    for operation in model.operations:
        code = meaning.one_time_field(operation)
        proves = says(all_words([operation.name, operation.template]), *_PROOFS)
        if operation.method not in {"POST", "PUT"} or not code or not proves:
            continue
        if operation.kinds & _OTHER_CODES or operation.path_parameters:
            continue
        others = [words(n) for n in required(operation.body_schema) if n != code]
        steps = any(says(told, *meaning.TOKEN, "challenge", "transaction") for told in others)
        fresh = meaning.new_password(operation)
        if says(words(code), *_TYPED) and not steps and fresh in ("", code):
            found.append(model.surface(operation))
    return found


def short_code(surface: Surface) -> bool:
    """Whether what is sent is a code that people type, and not a long token of a link."""
    told = words(meaning.one_time_field(surface.operation))
    return not says(told, "token", "key", "ticket")
