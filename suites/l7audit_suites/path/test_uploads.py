"""Files that callers hand in: kept, and never shown as a page of the service."""

from __future__ import annotations

import secrets

import pytest

from l7audit.harness.check import Check
from l7audit_suites.path.uploads import hostile, runs, stores


@pytest.mark.control("PATH-10")
def test_a_file_that_was_handed_in_is_no_page_of_the_service(check: Check) -> None:
    taken = read = 0
    for store in stores(check):
        check.witness("a harmless file is taken", store.takes)
        for what, file in hostile(mark := secrets.token_hex(8), store.plain).items():
            given, path = store.give(file)
            seen = [(s, a) for s, a in store.shown(given, path)] if given.ok else []
            taken, read = taken + given.ok, read + any(a.ok for _, a in seen)
            guilty = [(s, a) for s, a in seen if runs(a) and mark in a.text]
            check.expect(
                not guilty,
                store.surface.place(what),
                f"A file that a caller handed in ({what}) is shown as a page of this origin.",
                given,
                *[a for _, a in guilty],
                expected="a refusal, a download, or a type that runs nothing",
                seen=", ".join(f"{a.media_type or 'no type'} at {s.place()}" for s, a in guilty),
                cause=f"what {store.surface.operation.place} keeps",
            )
    if taken and not read:
        check.inconclusive("Active files were taken, and nothing shows how they are answered.")
