"""Backups of one lane of a running stack: `python -m ... RUN_DIR LANE`.

Says `ready`, then takes a line at a time: `take` is answered with `ok` and the backup as JSON,
`open ID FILE` and `remove ID` with `ok`; each with a sentence where it can't be done.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from l7audit_stack.backups.interface import Listed
from l7audit_stack.deploy import control
from l7audit_stack.deploy.command import main, one_line
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.stack import BACKUP_SECONDS

DEEDS = {"take": 0, "open": 2, "remove": 1}
"""How many words follow each."""


def obey(socket: Path, lane: str, line: str) -> str:
    """A backup taken, opened or removed."""
    deed, *words = line.split(" ", 2)
    if DEEDS.get(deed) != len(words):
        return "There is no such order: use take, open ID FILE or remove ID."
    try:
        value = control.ask(
            socket, "backup", timeout=BACKUP_SECONDS, lane=int(lane), deed=deed, arguments=words
        )
    except StackError as error:
        return one_line(error)
    if deed != "take":
        return "ok"
    return f"ok {msgspec.json.encode(msgspec.convert(value, Listed).described()).decode()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], obey))
