"""Interpreters that wait behind an input: shells, template engines, document databases."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit_suites.input.ground import others, workshops
from l7audit_suites.input.hunt import ask, plant
from l7audit_suites.input.inlets import asking
from l7audit_suites.input.markers import SHELL, TEMPLATES


@pytest.mark.control("INPUT-07")
def test_no_input_reaches_a_shell(check: Check) -> None:
    rooms = workshops(check)
    check.witness("a thing can be made", lambda: rooms[0].make().answer, once=True)
    what = "a command of a shell within this input is run"
    plant(rooms, SHELL, what)
    ask(asking(check, rooms, others(check, rooms)), SHELL, what)


@pytest.mark.control("INPUT-08")
def test_no_input_is_rendered_as_a_template(check: Check) -> None:
    rooms = workshops(check)
    check.witness("a thing can be made", lambda: rooms[0].make().answer, once=True)
    what = "an expression of a template within this input is computed"
    plant(rooms, TEMPLATES, what)
    ask(asking(check, rooms, others(check, rooms)), TEMPLATES, what)
