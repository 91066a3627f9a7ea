"""What is there for those of power alone: told by words, by the roles that accounts show, and by
who is refused what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.operation import Operation
from l7audit.target.persons import PERSON
from l7audit.target.schemas import alternative, walk
from l7audit.target.target_model import Surface, TargetModel
from l7audit.target.words import Words, all_words, says, words
from l7audit_suites.authz.people import POWER
from l7audit_suites.authz.things import ask, opened, opens

ROLES = ("role", "group", "authority", "account type", "user type")
_MOST_READS = 20
_MOST_ACCOUNTS = 6
_KEPT = re.compile(
    r"\(([\w' -]{2,40}?),? only\)|\b(?:only|reserved|restricted) (?:by|for|to) ([\w' -]{2,40})"
    r"|\bonly ((?:the |an? )?[\w' -]{2,40}?) (?:may|can|are allowed|is allowed)\b",
    re.IGNORECASE,
)
_NOBODY_SPECIAL = (
    "own", "self", "yourself", "your", "you", "they", "he", "one", "participant", "recipient",
    "sender", "buyer", "seller", "guest", "host", "organiser", "organizer", "holder", "signed",
    "authenticated", "logged", "signer", "read", "write", "text", "json", "test", "internal",
    "once", "draft", "new", "active", "open", "pending",
)  # fmt: skip
_PREFIX = re.compile(r"api|rest|v\d+(\.\d+)?", re.IGNORECASE)


def functions_of_power(
    check: Check, ordinary: list[Identity], powerful: list[Identity]
) -> list[Surface]:
    """The target's operations for those of power, reads first; looked for once."""
    known = _OF_POWER.get(check.model)
    if known is None:
        known = _OF_POWER[check.model] = _functions_of_power(check, ordinary, powerful)
    return known


_OF_POWER: WeakKeyDictionary[TargetModel, list[Surface]] = WeakKeyDictionary()
"""What was found to be for those of power in this process."""


def _functions_of_power(
    check: Check, ordinary: list[Identity], powerful: list[Identity]
) -> list[Surface]:
    roles = roles_of(check, powerful) - roles_of(check, ordinary)
    realms = _realms(check, ordinary, powerful)
    found = [
        check.model.surface(o)
        for o in check.model.operations
        if not o.public
        and (
            Kind.ADMIN in o.kinds
            or realm(o.template) in realms
            or _for_role(o, roles)
            or kept_to_some(o)
        )
    ]
    return sorted(found, key=lambda s: s.operation.method != "GET")


def roles_of(check: Check, people: Iterable[Identity]) -> frozenset[Words]:
    """The roles of people: as the profile names them, and as their own accounts do."""
    found: set[Words] = set()
    for one in people:
        found.add(words(one.role))
        found.update(words(text) for text in account_roles(check, one))
    return frozenset(found - {()})


def account_roles(check: Check, identity: Identity) -> list[str]:
    """The roles that somebody's own account shows him, as the target writes them; asked once."""
    known = _ROLES_TOLD.setdefault(check.model, {})
    if identity.name not in known:
        found = next(accounts_of(check, identity), None)
        known[identity.name] = list(found[2].values())[:4] if found else []
    return known[identity.name]


_ROLES_TOLD: WeakKeyDictionary[TargetModel, dict[str, list[str]]] = WeakKeyDictionary()
"""The roles that accounts showed in this process."""


def accounts_of(
    check: Check, identity: Identity
) -> Iterator[tuple[Surface, Answer, dict[tuple[str, str], str]]]:
    """The reads of somebody's own account that show his role: those that are called so, or that
    name him; each with the answer, and what `roles_in` finds there."""
    names = {c.name.lower() for c in identity.credentials} | {identity.name.lower()}
    for surface in about_callers(check):
        try:
            answer = ask(check, surface, identity)
        except CredentialError:
            continue
        body = answer.json_or_none() if answer.ok else None
        if isinstance(body, dict) and (_called_so(surface) or names & set(_texts(body))):
            found = roles_in(body)
            if found:
                yield surface, answer, found


def about_callers(check: Check) -> list[Surface]:
    """Plain reads of one thing, those that are called after their caller first."""
    reads = [
        s
        for s in check.model.surfaces(Kind.PROTECTED_READ, limit=50)
        if not s.needs_values
        and (_is_oneself(s) or not meaning.answers_list(s.operation.answer_schema))
    ]
    return sorted(reads, key=lambda s: not _called_so(s))[:_MOST_ACCOUNTS]


def _is_oneself(surface: Surface) -> bool:
    """Whether a read ends in who calls: what he has may be a list, he is none."""
    return says(words(surface.operation.template.rstrip("/").rpartition("/")[2]), *meaning.ONESELF)


def _called_so(surface: Surface) -> bool:
    named = all_words([surface.operation.name, surface.operation.template])
    return says(named, *meaning.ONESELF)


def _texts(value: Any) -> Iterator[str]:
    for node in (value, *(value.values() if isinstance(value, dict) else ())):
        if isinstance(node, dict):
            yield from (item.lower() for item in node.values() if isinstance(item, str))


def roles_in(value: Any) -> dict[tuple[str, str], str]:
    """What an answer calls the role of whom it is about, by the member above and its own."""
    above = [("", value)]
    if isinstance(value, dict):
        above += [(str(name), node) for name, node in value.items()]
    return {
        (outer, str(name)): text
        for outer, node in above
        if isinstance(node, dict)
        for name, item in node.items()
        if says(words(str(name)), *ROLES)
        for text in (item if isinstance(item, list) else [item])
        if isinstance(text, str) and 0 < len(text) < 60
    }


def roles_told(model: TargetModel) -> list[str]:
    """The roles that a document lets people have, those first that its words or its order say to
    be of power: choices rise."""
    found: list[str] = []
    for operation in model.operations:
        for schema in (operation.json_schema, operation.answer_schema):
            for name, part in walk(schema):
                choices = alternative(part).get("enum")
                if not isinstance(choices, list) or "assistant" in choices:  # roles in a chat
                    continue
                if says(words(name)[-2:], *ROLES):
                    found += [c for c in reversed(choices) if isinstance(c, str) and c]
    return sorted(dict.fromkeys(found), key=lambda role: not says(words(role), *POWER))


def _for_role(operation: Operation, roles: Iterable[Words]) -> bool:
    """Whether a path lies in a folder, or a tag is, that is called like a role, or a description
    says that it is for those who have it."""
    segments = [s for s in operation.template.split("/") if s and not s.startswith("{")]
    named = all_words([*segments[:-1], *operation.tags])
    for role in roles:
        told = r"[\s_-]+".join(map(re.escape, role))
        only = (
            rf"\([^()]{{0,40}}\b{told}s?\)|\bonly (?:by |for )?(?:the |an? )?{told}|\b{told}s? only"
        )
        if says(named, " ".join(role)) or re.search(only, operation.told, re.IGNORECASE):
            return True
    return False


def kept_to_some(operation: Operation) -> bool:
    """Whether a description says that an operation is for somebody `only` who is neither whoever
    it belongs to nor everybody with an account, and the document names the refusal."""
    if "403" not in operation.answers:
        return False
    for found in _KEPT.finditer(operation.told):
        named = words(" ".join(filter(None, found.groups())))
        if named and not says(named, *PERSON, *_NOBODY_SPECIAL):
            return True
    return False


def realm(template: str) -> str:
    """The folder that a path lies in: its first segment that is no version and no `api`; empty
    where nothing lies below that."""
    segments = [s for s in template.split("/") if s and not _PREFIX.fullmatch(s)]
    return segments[0] if len(segments) > 1 and "{" not in segments[0] else ""


def _realms(check: Check, ordinary: list[Identity], powerful: list[Identity]) -> set[str]:
    """Folders in which a plain read is refused to ordinary people and open to those of power,
    and none is open to both: what else is there is theirs, too."""
    theirs: set[str] = set()
    shared: set[str] = set()
    reads = [
        s
        for s in check.model.surfaces(Kind.PROTECTED_READ, limit=_MOST_READS)
        if not s.needs_values and realm(s.operation.template)
    ]
    for surface in reads:
        name = realm(surface.operation.template)
        if name in shared or Kind.STREAMING in surface.kinds:
            continue
        if any(opens(check, surface, one) for one in ordinary[:1]):
            shared.add(name)
        elif any(opened(surface, ask(check, surface, one)) for one in powerful[:1]):
            theirs.add(name)
    return theirs - shared
