"""Backups of one lane of a running stack: `python -m ... RUN_DIR LANE`.

Says `ready`, then takes a line at a time: `take` is answered with `ok` and the backup as JSON,
`open ID FILE` and `remove ID` with `ok`; `verify ID` with `ok` and, where there is any, what is
wrong; `restore ID`, `restore ID time TIME` and `restore ID point NAME` with `ok` and the scratch
database as JSON; `drop` (that database) and `point NAME` with `ok`. What can't be done is answered
with a sentence.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from l7audit_stack.backups.interface import Listed
from l7audit_stack.backups.recovery import Aim
from l7audit_stack.deploy import control
from l7audit_stack.deploy.command import main, one_line
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.stack import BACKUP_SECONDS

Ask = Callable[..., Any]


def _take(ask: Ask) -> Any:
    return msgspec.convert(ask("backup", deed="take", arguments=[]), Listed).described()


def _verify(ask: Ask, backup: str) -> Any:
    told = ask("backup", deed="verify", arguments=[backup])
    return msgspec.convert(told, Listed).trouble


def _restore(ask: Ask, backup: str, *to: str) -> Any:
    aim = Aim(backup=backup)
    if to:
        aim = msgspec.structs.replace(aim, **{to[0]: to[1]})
    return ask("restore", aim=msgspec.to_builtins(aim))


DEEDS: Mapping[tuple[str, int], Callable[..., Any]] = {
    ("take", 0): _take,
    ("open", 2): lambda ask, *words: ask("backup", deed="open", arguments=list(words)),
    ("remove", 1): lambda ask, backup: ask("backup", deed="remove", arguments=[backup]),
    ("verify", 1): _verify,
    ("restore", 1): _restore,
    ("restore", 3): _restore,
    ("drop", 0): lambda ask: ask("drop"),
    ("point", 1): lambda ask, name: ask("point", name=name),
}
"""By the first word, and how many follow it."""


def obey(socket: Path, lane: str, line: str) -> str:
    """What came of one order."""
    word, *words = line.split(" ", 2) if line.startswith("open ") else line.split()[:5] or [""]
    deed = DEEDS.get((word, len(words)))
    if deed is None or (len(words) == 3 and words[1] not in {"time", "point"}):
        known = "take, open, remove, verify, restore, drop or point"
        return f"There is no such order: use {known}."

    def ask(do: str, **arguments: Any) -> Any:
        return control.ask(socket, do, timeout=BACKUP_SECONDS, lane=int(lane), **arguments)

    try:
        value = deed(ask, *words)
    except StackError as error:
        return one_line(error)
    if isinstance(value, dict):
        return f"ok {msgspec.json.encode(value).decode()}"
    return f"ok {' '.join(value.split())}".strip() if value else "ok"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], obey))
