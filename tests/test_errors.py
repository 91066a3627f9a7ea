"""The exception tree and the exit codes."""

from __future__ import annotations

import inspect

import pytest

from l7audit import errors
from l7audit.errors import AuditError
from l7audit.exits import Exit

TREE = [e for _, e in inspect.getmembers(errors, inspect.isclass) if issubclass(e, AuditError)]


def test_exit_codes_keep_pytests_meanings_up_to_five() -> None:
    for code in pytest.ExitCode:
        ours = {"OK": "PASSED", "TESTS_FAILED": "FAILED", "INTERNAL_ERROR": "INTERNAL"}
        ours |= {"USAGE_ERROR": "USAGE", "NO_TESTS_COLLECTED": "NOTHING_ASSESSED"}
        if code.name in {*ours, "INTERRUPTED"}:
            assert Exit[ours.get(code.name, code.name)] == int(code)


@pytest.mark.parametrize("kind", TREE, ids=lambda k: k.__name__)
def test_each_error_is_drawn_in_the_tree_and_never_exits_with_a_passed_gate(
    kind: type[AuditError],
) -> None:
    assert kind.__name__ in (errors.__doc__ or "")
    assert kind("s").exit not in (Exit.PASSED, Exit.FAILED)


def test_an_error_says_its_sentence_and_then_the_mend() -> None:
    assert str(AuditError("It broke.", mend="Mend it.")) == "It broke. Mend it."
    assert str(AuditError("It broke.")) == "It broke."
