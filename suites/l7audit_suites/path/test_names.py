"""Names of files within forms: a file lands in its folder, whatever it is called."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.model import Confidence
from l7audit_suites.path.forms import Kept, kept, marked, sent, stranger
from l7audit_suites.path.namings import plainly, to_the_root
from l7audit_suites.path.outside import outside
from l7audit_suites.path.uploads import Store, stores


@pytest.mark.control("PATH-11")
def test_the_name_of_a_file_in_a_form_leads_nowhere(check: Check) -> None:
    seen = 0
    for store in stores(check, forms=True):
        check.witness("a harmless file is taken", store.takes)
        if not _stays_within(check, store):
            continue
        file, other = kept(store), stranger(store)
        if file is not None and other is not None:
            seen += 1
            check.witness("the owner finds the file that he handed in", file.whole)
            if _leaves_names_alone(check, file, other):
                _leaves_files_alone(check, file, other)
    if not seen:
        check.inconclusive("Nothing shows where a file lands that somebody hands in.")


def _stays_within(check: Check, store: Store) -> bool:
    """Nothing is written to a folder of ours beside the target."""
    with outside(check, store.plain.ending) as ours:
        if ours is None:
            return True
        there = (ours.path, ours.beside)  # who writes a new file mostly writes over one, too
        paths = [way for p in there[: check.sample(2, 1)] for way in to_the_root(p)]
        for how, answers in sent(store, store.plain, paths):
            if not check.expect(
                ours.whole(),
                store.surface.place(f"a path to elsewhere, named {how}"),
                f"A file lands outside of its folder: its name in the form is a path ({how}).",
                *answers,
                expected="a refusal, or a file within its folder",
                seen="a file that was written where its name leads",
                cause=_cause(store),
            ):
                return False
    return True


def _leaves_names_alone(check: Check, file: Kept, other: Store) -> bool:
    """A file of the same name is another file."""
    theirs, mark = marked(other.plain)
    answer, _ = other.give(theirs, plainly(file.name))
    return check.expect(
        not file.shows(mark),
        other.surface.place("the name of another's file"),
        "A file is replaced by a stranger's of the same name.",
        answer,
        expected="each file as its owner handed it in",
        seen="the stranger's content in its owner's hands",
        confidence=Confidence.CONFIRMED if file.apart(other) else Confidence.WEAK,
        cause=f"names that {other.surface.operation.place} lets anybody take",
    )


def _leaves_files_alone(check: Check, file: Kept, other: Store) -> None:
    """Another's file is not replaced by way of its folder."""
    theirs, mark = marked(other.plain)
    ways = (
        way
        for up in ("../", "../../")
        for way in sent(other, theirs, [f"{up}{folder}/{file.name}" for folder in file.folders])
    )
    for how, answers in ways:
        if not check.expect(
            not file.shows(mark),
            other.surface.place(f"a path into another's folder, named {how}"),
            f"A file of another is replaced by one that is called by a path to it ({how}).",
            *answers,
            expected="each file as its owner handed it in",
            seen="the stranger's content in its owner's hands",
            cause=_cause(other),
        ):
            return


def _cause(store: Store) -> str:
    return f"names of files that {store.surface.operation.place} takes for paths"
