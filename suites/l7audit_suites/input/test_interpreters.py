"""Interpreters that wait behind an input: shells, template engines, document databases."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit_suites.input.computing import compute_nothing
from l7audit_suites.input.markers import SHELL, TEMPLATES
from l7audit_suites.input.parts import reach


@pytest.mark.control("INPUT-07")
def test_no_input_reaches_a_shell(check: Check) -> None:
    ground = reach(check)
    what = "a command of a shell within this input is run"
    compute_nothing(check, ground.texts, ground.rooms, SHELL, what)


@pytest.mark.control("INPUT-08")
def test_no_input_is_rendered_as_a_template(check: Check) -> None:
    ground = reach(check)
    what = "an expression of a template within this input is computed"
    compute_nothing(check, ground.texts, ground.rooms, TEMPLATES, what)
