"""Rules: how somebody gets an account, and a new password for it."""

from __future__ import annotations

from l7audit.target import entrance_rules, meaning
from l7audit.target.operation import Operation
from l7audit.target.seen import CHANGES, Seen
from l7audit.target.words import says, words

_JOINING = (
    "register", "registration", "signup", "sign up", "join", "enrol", "enroll", "enrolment",
    "enrollment", "create account", "new account",
)  # fmt: skip
_PEOPLE = ("user", "account", "member", "customer", "person", "people")
_FORGOTTEN = (
    "forgot", "forgotten", "reset", "recover", "recovery", "lost password", "restore password",
)  # fmt: skip
_OTHER_ERRANDS = ("invite", "invitation", "verify", "verification", "confirm", "newsletter")


def registration(seen: Seen) -> bool:
    """Anybody may become a user, with a password of their choice."""
    operation = seen.operation
    if operation.method != "POST" or not operation.public or operation.path_parameters:
        return False
    if _enters(seen) or says(seen.named, *_FORGOTTEN, *_OTHER_ERRANDS):
        return False
    asks = any(meaning.login_fields(schema) for schema in operation.bodies.values())
    if not asks and not _twice(operation):
        return False
    return says(seen.named, *_JOINING) or says(seen.last, *_PEOPLE)


def _twice(operation: Operation) -> bool:
    """Whether it asks for a password and for its repetition, for an account that it names."""
    return bool(
        meaning.account_field(operation)
        and meaning.new_password(operation)
        and meaning.repeated(operation)
        and not meaning.password_pair(operation)
    )


def reset_request(seen: Seen) -> bool:
    """Anybody who names an account has something sent that allows a new password."""
    operation = seen.operation
    if operation.method != "POST" or not operation.public or _enters(seen):
        return False
    if not says(seen.told, *_FORGOTTEN) or meaning.new_password(operation):
        return False
    return bool(meaning.account_field(operation)) and not meaning.one_time_field(operation)


def reset(seen: Seen) -> bool:
    """What was sent to the owner of an account is exchanged for a new password."""
    operation = seen.operation
    if operation.method not in CHANGES or not operation.public or _enters(seen):
        return False
    if not says(seen.told, *_FORGOTTEN, "password"):
        return False
    return bool(meaning.one_time_field(operation) and meaning.new_password(operation))


def password_change(seen: Seen) -> bool:
    """Who is signed in gives the password that holds, and one that shall hold from now on."""
    operation = seen.operation
    if operation.method not in CHANGES or operation.public or operation.path_parameters:
        return False
    pair = meaning.password_pair(operation)
    return pair is not None and says((*seen.told, *words(pair[0])), *meaning.PASSWORD)


def _enters(seen: Seen) -> bool:
    return entrance_rules.login(seen) or entrance_rules.token(seen)
