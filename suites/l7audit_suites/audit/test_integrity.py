"""Whether tampering with the log, where it is kept, is noticed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from l7audit.errors import ProviderError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.storage import Row, Storage
from l7audit.target.target_model import Surface
from l7audit_suites.audit.forgery import edits, rearrangements, truths
from l7audit_suites.audit.records import marks
from l7audit_suites.audit.trail import Trail, new_key, signed_in, trail, wrong_key
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask

_DEEDS = 3
_HEAD_ROWS = 16
"""A table that changes with the log and has at most so many rows may hold where the log ends."""


@dataclass(slots=True)
class Verifier:
    """The target's own word on whether its log is whole."""

    check: Check
    surface: Surface
    who: Identity
    whole: dict[str, bool]

    def ask(self) -> Answer:
        return ask(self.check, self.surface, self.who)

    def says_whole(self) -> bool:
        answer = self.ask()
        return answer.ok and truths(answer.json_or_none()) == self.whole

    def notices(self, answer: Answer) -> bool:
        """Whether an answer says that something is wrong. Ends the check where it says nothing."""
        if answer.status is None or answer.status == 429:
            self.check.inconclusive("The log's verification gave no answer.")
        return not answer.ok or truths(answer.json_or_none()) != self.whole


def _verifier(check: Check) -> Verifier:
    surface = check.surface(Kind.AUDIT_VERIFY)
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    for who in (*powerful, *ordinary):
        answer = ask(check, surface, who)
        told = truths(answer.json_or_none()) if answer.ok else {}
        if told:
            found = Verifier(check, surface, who, told)
            check.witness("an untouched log is called whole", found.says_whole)
            return found
    check.inconclusive("No identity of the profile gets a word on whether the log is whole.")


def _deed(check: Check, log: Trail) -> set[str]:
    """Does something that is recorded; what names its record."""
    for deed in (wrong_key, signed_in, new_key):
        answer = deed(check)
        if answer is not None and log.of(answer):
            return marks(answer.headers.pairs, log.usual)
    check.inconclusive("What was done for the check is not in the log.")


def _table(check: Check, storage: Storage, wanted: Iterable[str]) -> str:
    """Where the records lie. Ends the check where that can't be seen."""
    found = storage.holding(*wanted)
    if not found:
        check.inconclusive("The log's records are not in the database that the provider grants.")
    return found[0].table


@pytest.mark.control("AUDIT-09")
def test_a_log_that_was_tampered_with_is_noticed(check: Check) -> None:
    verifier = _verifier(check)
    log = trail(check, canaries=(wrong_key, signed_in, new_key))
    deeds = [_deed(check, log) for _ in range(_DEEDS)]
    with check.storage() as storage:
        table = _table(check, storage, deeds[0])
        rows = storage.contents(table)
        places = [n for n, row in enumerate(rows) if any(_names(row, d) for d in deeds)]
        if len(places) < _DEEDS:
            check.inconclusive("Not all records of the check lie in one table.")
        one, two = places[0], places[1]
        unseen = []
        for what, changed in (*edits(rows, one), *rearrangements(rows, one, two)):
            noticed = _noticed(storage, verifier, {table: (rows, changed)})
            if noticed is False:
                unseen.append(what)
        check.expect(
            not unseen,
            verifier.surface.place("tampering"),
            f"The log is called whole although it was tampered with: {', '.join(unseen)}.",
            expected="a verification that says no",
            seen="the answer that an untouched log gets",
        )


def _names(row: Row, wanted: set[str]) -> bool:
    return any(isinstance(value, str) and value in wanted for value in row.values())


def _noticed(
    storage: Storage, verifier: Verifier, tampered: dict[str, tuple[list[Row], list[Row]]]
) -> bool | None:
    """Whether that is noticed; None where the database does not let it happen. Undone in any
    case."""
    done = []
    try:
        for table, (_, after) in tampered.items():
            storage.replace(table, after)
            done.append(table)
        return verifier.notices(verifier.ask())
    except ProviderError:
        return None
    finally:
        for table in done:
            storage.replace(table, tampered[table][0])


@pytest.mark.control("AUDIT-10")
def test_a_log_whose_end_was_cut_off_is_noticed(check: Check) -> None:
    verifier = _verifier(check)
    log = trail(check, canaries=(wrong_key, signed_in, new_key))
    with check.storage() as storage:
        before = _small_and_all(storage)
        wanted = _deed(check, log)
        table = _table(check, storage, wanted)
        after = {name: storage.contents(name) for name in before}
        changed = {
            name: (after[name], before[name])
            for name in before
            if _differ(before[name], after[name])
            and (name == table or len(after[name]) <= _HEAD_ROWS)
        }
        if table not in changed:
            check.inconclusive("The log could not be compared with what it was before.")
        noticed = _noticed(storage, verifier, changed)
        if noticed is None:
            check.inconclusive("The database did not let the log's end be cut off.")
        check.expect(
            noticed,
            verifier.surface.place("end cut off"),
            "The log is called whole although its last records were taken away, together with "
            "the record of where it ends.",
            expected="a verification that knows from elsewhere how far the log went",
            seen="the answer that an untouched log gets",
        )


def _small_and_all(storage: Storage) -> dict[str, list[Row]]:
    found = {}
    for table in storage.tables():
        try:
            found[table] = storage.contents(table)
        except ProviderError:
            continue  # too large to be where the log ends
    return found


def _differ(one: list[Row], other: list[Row]) -> bool:
    return sorted(map(str, one)) != sorted(map(str, other))
