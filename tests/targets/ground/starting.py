"""The command line that all Python services share, and the choice of their parts."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import TypeVar

from ground.weaknesses import weaknesses

Part = TypeVar("Part")


class Start:
    """What a service is started with: `listener` is bound to loopback, `folder` is its own.

    `part(id, sound, weak)` chooses a part: `weak` where that weakness is to be planted. Each id of
    weaknesses.yaml must be chosen by somebody: `announce` refuses to start otherwise.
    """

    def __init__(self, name: str, argv: list[str] | None = None) -> None:
        known = weaknesses(name)
        parser = argparse.ArgumentParser(prog=f"python -m {name}")
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--weak", default="", help="all, or ids with commas between")
        parser.add_argument("--folder", type=Path)
        parser.add_argument("--attached", action="store_true", help="end with the standard input")
        given = parser.parse_args(argv)
        asked = set(known) if given.weak == "all" else {i for i in given.weak.split(",") if i}
        if asked - set(known):
            parser.error(
                f"no such weakness: {', '.join(sorted(asked - set(known)))}; known are"
                f" {', '.join(known)}"
            )
        self._known, self._weak, self._asked_for = set(known), asked, set[str]()
        self._kept = None
        if given.folder is None:
            self._kept = tempfile.TemporaryDirectory(prefix=f"{name}-")
            given.folder = Path(self._kept.name)
        self.folder: Path = given.folder
        self._attached: bool = given.attached
        self.listener = socket.create_server(("127.0.0.1", given.port))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def part(self, weakness: str, sound: Part, weak: Part) -> Part:
        """`weak` where the weakness is planted, else `sound`."""
        self._asked_for.add(weakness)
        return weak if weakness in self._weak else sound

    def announce(self) -> None:
        """Says that the service answers, and lets it end as the ground's README says."""
        if self._asked_for != self._known:
            raise RuntimeError(
                "weaknesses.yaml and the parts differ:"
                f" {', '.join(sorted(self._asked_for ^ self._known))}"
            )
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        if self._attached:
            threading.Thread(target=self._wait_for_the_end, daemon=True).start()
        print(json.dumps({"url": self.url}), flush=True)  # noqa: T201

    def _wait_for_the_end(self) -> None:
        sys.stdin.read()
        self._end()

    def _end(self) -> None:
        if self._kept is not None:
            self._kept.cleanup()
        os._exit(0)
