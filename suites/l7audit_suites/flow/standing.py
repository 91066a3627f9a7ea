"""How much somebody has: the numbers of his own reads, before and after something was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.target import meaning
from l7audit.target.schemas import walk
from l7audit.target.target_model import Surface
from l7audit.target.values import values_in
from l7audit.target.words import all_words, says
from l7audit_suites.authz.things import ask

MOST_READS = 4
_MOST_THINGS = 200
_DEPTH = 4
_NOT_READ = {
    Kind.STREAMING, Kind.METRICS, Kind.HEALTH, Kind.OPENAPI, Kind.JWKS, Kind.COSTLY, Kind.ADMIN,
    Kind.KEY_LIST, Kind.AUDIT_LOG, Kind.RATE_POLICY,
}  # fmt: skip

Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody sees what he has."""

    check: Check
    identity: Identity
    reads: Sequence[Surface]

    def now(self) -> Numbers:
        """What he has, by where it is shown."""
        found: dict[str, float] = {}
        for surface in self.reads:
            answer = ask(self.check, surface, self.identity)
            if answer.ok:
                place = str(surface.operation.place)
                found |= {f"{place} {k}": v for k, v in stocks(answer.json_or_none())}
        return found

    def showing(self, key: str) -> Standing:
        """The same, by the read alone that shows this number."""
        reads = [s for s in self.reads if key.startswith(f"{s.operation.place} ")]
        return replace(self, reads=reads)


THING = "what it is done to: "
"""What the numbers of a thing are called by first, beside those of people."""


@dataclass(frozen=True, slots=True)
class Acted:
    """The thing that something is done to, as its owner reads it: any of its numbers may be what
    is used up."""

    check: Check
    identity: Identity
    read: Surface

    def now(self) -> Numbers:
        """Its numbers, by where it shows them."""
        answer = ask(self.check, self.read, self.identity)
        shown = _numbers(answer.json_or_none(), "", _DEPTH) if answer.ok else ()
        return {f"{THING}{path}": number for path, number in shown}


def acted(check: Check, surface: Surface, identity: Identity) -> Acted | None:
    """The thing below which an operation stands; None where it stands below none that is read."""
    above = surface.operation.template.rstrip("/").rpartition("/")[0]
    for operation in check.model.operations if above.endswith("}") else ():
        if operation.method == "GET" and operation.template.rstrip("/") == above:
            read = check.model.surface(operation).with_values(surface.values)
            return None if read.needs_values else Acted(check, identity, read)
    return None


def _numbers(node: Any, path: str, depth: int) -> Iterator[tuple[str, float]]:
    for name, value in node.items() if isinstance(node, dict) and depth > 0 else ():
        if isinstance(value, dict):
            yield from _numbers(value, f"{path}.{name}", depth - 1)
        elif (number := as_number(value)) is not None:
            yield f"{path}.{name}", number


@dataclass(slots=True)
class Ledger:
    """What several people have, and what a thing shows. Nobody else moves it: what was refused
    needs no second look."""

    accounts: Sequence[Standing]
    thing: Acted | None = None
    last: Numbers | None = None

    def before(self) -> Numbers:
        """What they had when it was looked up last."""
        return self.after() if self.last is None else self.last

    def after(self) -> Numbers:
        """What they have now."""
        self.last = {
            f"{a.identity.name}: {k}": v for a in self.accounts for k, v in a.now().items()
        }
        if self.thing is not None:
            self.last = {**self.last, **self.thing.now()}
        return self.last


def standing(check: Check, identity: Identity) -> Standing | None:
    """The reads that show it; None where nobody gets in as that identity."""
    try:
        check.sessions.auth(identity)
    except CredentialError:
        return None
    found: list[Surface] = []
    reads = check.model.surfaces(Kind.PROTECTED_READ, limit=len(check.model.operations))
    for surface in sorted(reads, key=lambda s: len(s.needs_values)):
        if _NOT_READ & surface.kinds or not _shows_stock(surface):
            continue
        ready = surface
        if surface.needs_values:
            # A listing shows the same of all of them.
            resolved = None if found else check.model.resolve(surface, check.sessions, identity)
            if resolved is None:
                continue
            ready = resolved
        found.append(ready)
        if len(found) == MOST_READS:
            break
    return Standing(check, identity, found)


def _shows_stock(surface: Surface) -> bool:
    members = list(walk(surface.operation.answer_schema, _DEPTH))
    if not members:  # the document names none: what the operation is called has to do
        named = all_words([surface.operation.name, surface.operation.template])
        return not surface.needs_values and says(named, *meaning.ONESELF, *meaning.STOCK)
    return any(
        meaning.is_stock(name) and (meaning.is_number(part) or not part) for name, part in members
    )


def stocks(body: Any) -> Iterator[tuple[str, float]]:
    """Numbers in an answer that say how much somebody has: in lists by the id of their thing."""
    level: list[tuple[str, Any]] = [("", body)]
    for _ in range(_DEPTH):
        below: list[tuple[str, Any]] = []
        for path, node in level:
            if isinstance(node, dict):
                for name, value in node.items():
                    if isinstance(value, dict | list):
                        below.append((f"{path}.{name}", value))
                    elif (number := as_number(value)) is not None and meaning.is_stock(str(name)):
                        yield f"{path}.{name}", number
            elif isinstance(node, list):
                below += [
                    (f"{path}[{called}]", item)
                    for item in node[:_MOST_THINGS]
                    if isinstance(item, dict) and (called := values_in(item, ("id",)).get("id"))
                ]
        level = below


def as_number(value: Any) -> float | None:
    """A number, or a decimal as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if (
        isinstance(value, str)
        and len(value) < 40
        and value.lstrip("-").replace(".", "", 1).isdigit()
    ):
        return float(value)
    return None


def moved(before: Numbers, after: Numbers) -> dict[str, float]:
    """What became more or less, and by how much."""
    shared = before.keys() & after.keys()
    return {k: after[k] - before[k] for k in sorted(shared) if after[k] != before[k]}
