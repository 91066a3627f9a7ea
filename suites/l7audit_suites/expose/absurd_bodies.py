"""Bodies of the right form with one absurd value, for what takes a body and can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.target.filling import filled
from l7audit.target.operation import Operation
from l7audit.target.surface import Surface
from l7audit.target.values import resolve
from l7audit.target.words import all_words, says
from l7audit_suites.authz.families import families
from l7audit_suites.expose.absurd import INFINITE, Absurd, Taken, absurd
from l7audit_suites.expose.malformed import Mistake
from l7audit_suites.expose.readings import callers

_LEFT = {
    Kind.LOGIN, Kind.TOKEN, Kind.REVOKE_TOKEN, Kind.RATE_POLICY, Kind.ADMIN, Kind.REGISTRATION,
    Kind.COSTLY, Kind.CHAT, Kind.UPLOAD, Kind.STREAMING, Kind.SIGNING_KEY_CREATE,
    Kind.SIGNING_KEY_RETIRE, Kind.DATA_KEY_ROTATE,
}  # fmt: skip
_NOT_TRIED = (
    "delete", "remove", "purge", "reset", "logout", "revoke", "rotate", "import", "password",
    "close", "deactivate",
)  # fmt: skip
_MOST_OPERATIONS = 10
_MOST_VALUES = 4
_MOST_CALLERS = 2


def absurdities(check: Check) -> Iterator[Mistake]:
    """Requests with one absurd value each, by the first who is let in."""
    found = [o for o in check.model.operations if _may_be_tried(o)]
    made_first = sorted(
        found, key=lambda o: (Kind.RESOURCE_CREATE not in o.kinds, o.method, o.template.count("{"))
    )
    for operation in made_first[:_MOST_OPERATIONS]:
        yield from _tried(check, check.model.surface(operation))


def _may_be_tried(operation: Operation) -> bool:
    named = all_words([operation.name, operation.template])
    return (
        operation.method in {"POST", "PUT", "PATCH"}
        and bool(operation.json_schema)
        and not _LEFT & operation.kinds
        and not says(named, *_NOT_TRIED)
    )


def _tried(check: Check, surface: Surface) -> Iterator[Mistake]:
    for one in callers(check)[:_MOST_CALLERS]:
        try:
            ready = _ready(check, surface, one)
            found = [] if ready is None else list(_written(check, ready, one))
        except CredentialError:
            continue
        if not found:
            continue
        first = check.send(found[0].request, identity=one.name)
        if not first.refused:
            yield replace(found[0], answer=first)
            yield from found[1:]
            return


def _ready(check: Check, surface: Surface, one: Identity) -> Surface | None:
    """The operation on something that was made for the purpose, with what its body names."""
    if surface.needs_values:
        found = resolve(check.model, surface, check.sessions, one, own=True)
        return None if found is None else filled(check.model, found, check.sessions, one)
    return filled(check.model, surface, check.sessions, one)


def _written(check: Check, surface: Surface, one: Identity) -> Iterator[Mistake]:
    """Where nothing of ours is changed only the one member is sent, and nothing that would stay."""
    operation = surface.operation
    body, auth = surface.body(), check.sessions.auth(one, surface)
    bare = operation.method == "PATCH" and not surface.values
    if operation.method == "PUT" and not surface.values:
        return
    found = [a for a in absurd(operation.json_schema, body) if _may_be_sent(check, surface, a)]
    for value in [a for a in found if not bare or len(a.path) == 1][:_MOST_VALUES]:
        plain = surface.request(auth, json=value.marked({} if bare else body))
        request = replace(plain, content=value.in_place(plain.content))
        yield Mistake(surface.place(_part(value)), request, surface=surface, who=one)


def _may_be_sent(check: Check, surface: Surface, value: Absurd) -> bool:
    """Whether nothing comes of a value that could not be undone if it were taken."""
    makes = Kind.RESOURCE_CREATE in surface.kinds
    if value.written == INFINITE and Kind.AMOUNT_TAKING in surface.kinds and not makes:
        return False  # it would fill somebody's account
    if value.taken is Taken.NEVER or value.path in surface.members:
        return value.taken is not Taken.BREAKS
    if value.taken is Taken.ODD:
        return makes
    removed = (f.create for f in families(check.model) if f.create is not None)
    return any(maker.operation == surface.operation for maker in removed)


def _part(value: Absurd) -> str:
    return f"value of {value.label}"
