"""What docs/evidence.md tells people to type."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from l7audit.cli.main import verbs

PAGE = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (l7audit [^#\n]+)", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_line_is_one_that_the_program_accepts(command: str) -> None:
    assert len(COMMANDS) > 5
    verb, *words = shlex.split(command)[1:]
    found = verbs.get_command(click.Context(verbs), verb)
    assert found is not None
    found.make_context("l7audit", words)  # raises for what it does not know
