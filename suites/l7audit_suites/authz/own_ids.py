"""Reads that are asked for by who somebody is: `/customers/{id}/invoices`, `/orgs/{org}/sales`.

Nothing lists what their paths name, and nothing makes it: but everybody is told his own id, and
that of his tenant, by the account that he reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.likeness import says_nothing
from l7audit.target.operation import Operation
from l7audit.target.persons import Facts, facts_of
from l7audit.target.schemas import type_of
from l7audit.target.surface import Surface
from l7audit.target.words import says, words
from l7audit_suites.authz.existence import unlike
from l7audit_suites.authz.families import seen_families
from l7audit_suites.authz.personal import PERSONAL
from l7audit_suites.authz.things import ask
from l7audit_suites.expose.undeclared import sensitive

_LEFT = {Kind.STREAMING, Kind.COSTLY, Kind.ADMIN}
_MOST = 6
_MOST_IDS = 3
_NOBODY = "1900000019"


@dataclass(frozen=True, slots=True)
class OwnRead:
    """A read by an id of the owner's own, or of his tenant's, and what it tells him."""

    surface: Surface
    owner: Identity
    value: str
    answer: Answer
    tenant: bool

    @property
    def private(self) -> bool:
        """Whether it is nobody else's by its words: a tenant's, of a kind that is one person's, or
        with what people keep to themselves."""
        below = self.surface.operation.template.rpartition("}")[2]
        return (
            bool(self.tenant and below.strip("/"))
            or says(words(below), *PERSONAL)
            or any(map(sensitive, _names(self.answer.json_or_none())))
        )

    def same(self, answer: Answer) -> bool:
        """Whether somebody is told what the owner is."""
        return (
            answer.ok
            and answer.media_type == self.answer.media_type
            and not unlike(answer, self.answer)
        )


def own_reads(
    check: Check, owner: Identity, wanted: Callable[[Surface], bool] = lambda _: True
) -> Iterator[OwnRead]:
    """Wanted reads that tell somebody something by his own id, and not by an id that nobody has."""
    operations = [o for o in _keyed(check) if wanted(check.model.surface(o))][:_MOST]
    facts = facts_of(check.sessions, owner) if operations else Facts((), ())
    for operation in operations:
        (slot,) = operation.path_parameters
        before = operation.template.partition("/{")[0].rpartition("/")[2]
        tenant = says((*words(slot.name), *words(before)), *meaning.TENANT)
        for value in (facts.tenant if tenant else facts.person)[:_MOST_IDS]:
            if type_of(slot.schema) == "integer" and not value.isdecimal():
                continue
            surface = check.model.surface(operation).with_values({slot.name: value})
            try:
                answer = ask(check, surface, owner)
            except CredentialError:
                return
            found = OwnRead(surface, owner, value, answer, tenant)
            if answer.ok and not says_nothing(answer):
                if not found.same(ask(check, surface, owner, path={slot.name: _nobody(value)})):
                    yield found
                break


def _nobody(value: str) -> str:
    """An id of the same kind that nobody has."""
    if value.isdecimal():
        return _NOBODY
    return "".join("0" if c in "123456789abcdef" else c for c in value)


def _keyed(check: Check) -> list[Operation]:
    """Reads with one id in the path, of nothing that can be listed or made."""
    known = {f.collection for f in seen_families(check.model) if f.list or f.create}
    return [
        o
        for o in check.model.operations
        if o.method == "GET"
        and not o.public
        and not o.kinds & _LEFT
        and len(o.path_parameters) == 1
        and o.template.partition("/{")[0] not in known
    ]


def _names(value: object, depth: int = 3) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if item not in (None, "", [], {}):
                yield str(name)
            if depth:
                yield from _names(item, depth - 1)
    elif isinstance(value, list) and depth:
        for item in value[:3]:
            yield from _names(item, depth - 1)
