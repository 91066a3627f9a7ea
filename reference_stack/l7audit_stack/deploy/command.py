"""Faults of one component of a running stack: `python -m ... RUN_DIR NAME`.

Says `ready`, then takes a line (kill, restart, pause, resume) at a time and answers it with `ok`
or with a sentence that says why it can't.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from l7audit_stack.deploy import control
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.state import StateFile

DEEDS = ("kill", "restart", "pause", "resume")

Obey = Callable[[Path, str, str], str]
"""What came of one line, given the control socket and what the line is about."""


def obey(socket: Path, name: str, deed: str) -> str:
    """A fault of the component of that name."""
    if deed not in DEEDS:
        return f"There is no fault '{deed}': use one of {', '.join(DEEDS)}."
    try:
        control.ask(socket, deed, name=name)
    except StackError as error:
        return one_line(error)
    return "ok"


def one_line(error: StackError) -> str:
    """What went wrong, as an answer to a line."""
    return " ".join(str(error).split())


def main(arguments: list[str], obey: Obey = obey) -> int:
    """Exit code 3 where there is no stack, 4 for a wrong call."""
    if len(arguments) != 2:
        sys.stderr.write("Give the stack's run folder, and what of it the orders are about.\n")
        return 4
    folder, name = arguments
    try:
        socket = Path(StateFile(Path(folder)).running().socket)
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(obey(socket, name, line.strip()) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
