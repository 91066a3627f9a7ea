"""Faults of one component of a running stack: `python -m ... RUN_DIR NAME`.

Says `ready`, then takes a line (kill, restart, pause, resume) at a time and answers it with `ok`
or with a sentence that says why it can't.
"""

from __future__ import annotations

import sys
from pathlib import Path

from l7audit_stack.deploy import control
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.state import StateFile

DEEDS = ("kill", "restart", "pause", "resume")


def obey(socket: Path, name: str, deed: str) -> str:
    """What came of one line."""
    if deed not in DEEDS:
        return f"There is no fault '{deed}': use one of {', '.join(DEEDS)}."
    try:
        control.ask(socket, deed, name=name)
    except StackError as error:
        return " ".join(str(error).split())
    return "ok"


def main(arguments: list[str]) -> int:
    """Exit code 3 where there is no stack, 4 for a wrong call."""
    if len(arguments) != 2:
        sys.stderr.write("Usage: python -m l7audit_stack.deploy.command RUN_DIR NAME\n")
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
