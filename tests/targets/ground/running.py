"""Starts a service as a process of its own, and ends it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from ground.target import service
from ground.weaknesses import TARGETS


@contextmanager
def running(
    name: str, *, weak: Collection[str] = (), port: int = 0, folder: Path | None = None
) -> Iterator[str]:
    """The URL of a service that answers; `weak` holds ids, or `all`.

    Its files are kept in `folder`, by default a temporary one.

    Raises RuntimeError where it does not start.
    """
    first, *rest = service(name).start
    command = [sys.executable if first == "python" else first, *rest, "--port", str(port)]
    if weak:
        command += ["--weak", ",".join(sorted(weak))]
    with (
        nullcontext(str(folder))
        if folder
        else tempfile.TemporaryDirectory(prefix=f"{name}-") as kept,
        subprocess.Popen(
            [*command, "--folder", kept, "--attached"],
            cwd=TARGETS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"{name} ended before it answered: see its standard error")
            yield json.loads(line)["url"]
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
