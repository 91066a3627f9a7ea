"""Programs of others that are measured on the same services: schemathesis, wapiti, OFFAT.

They are run from the outside, as their users would, and are no dependency of ours. Each needs a
venv of its own; `--peers` names the folders that hold them, separated by commas:

    for peer in schemathesis wapiti3 offat; do
        python3 -m venv peers/$peer && peers/$peer/bin/pip install $peer; done
    python benchmarks/detection --peers peers/schemathesis/bin,peers/wapiti3/bin,peers/offat/bin

Nothing is asked beyond loopback: no reports are sent, no databases are fetched, the document's
hosts are mended, and whatever else they might look for meets a proxy that is not there.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import peer_reports
from callback import listening
from documents import mended
from ground.target import Service
from matching import Report
from peer_reports import Said
from signing_in import headers

_NOWHERE = "http://127.0.0.1:9"
_GRACE = 30.0
"""Seconds, after twice its time, in which a peer may still write its report."""

_WAPITI_MODULES = "common,crlf,timesql,xxe"
"""Its own choice, and those others that look for planted classes and need nothing fetched."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run of a peer: who `users` are by name, with their headers; `seconds` it may take."""

    url: str
    base: str
    document: Path
    users: Mapping[str, Mapping[str, str]]
    seconds: int
    seed: int
    folder: Path
    callback: str

    @property
    def first(self) -> Mapping[str, str]:
        return next(iter(self.users.values()))


@dataclass(frozen=True, slots=True)
class Peer:
    """A program, its command line, and how the report that it writes into the folder is read."""

    name: str
    program: str
    command: Callable[[Task], Sequence[str]]
    read: Callable[[str], Said]
    report: str = "report.json"

    def where(self, folders: Sequence[Path]) -> Path | None:
        """The program in the first of the folders that holds it."""
        return next((f / self.program for f in folders if (f / self.program).is_file()), None)


def _schemathesis(task: Task) -> Sequence[str]:
    entries = [
        {
            "name": name,
            "fixedHeaders": [{"name": n, "value": v} for n, v in given.items()],
        }
        for name, given in task.users.items()
    ]
    (task.folder / "users.json").write_text(json.dumps({"auth": entries}), encoding="utf-8")
    (task.folder / "schemathesis.toml").write_text(
        f'[auth.wfc]\npath = "users.json"\npeers = {json.dumps(list(task.users))}\n',
        encoding="utf-8",
    )
    return [
        "run", str(task.document), "--url", task.base, "--max-time", str(task.seconds),
        "--seed", str(task.seed), "--continue-on-failure", "--no-color",
        "--generation-database", "none", "--report", "ndjson",
        "--report-ndjson-path", "report.ndjson",
    ]  # fmt: skip


def _wapiti(task: Task) -> Sequence[str]:
    # Whoever signs in with a token has no use for tokens against CSRF: its user leaves it out.
    modules = _WAPITI_MODULES + (",csrf" if "Cookie" in task.first else "")
    given = [piece for n, v in task.first.items() for piece in ("-H", f"{n}: {v}")]
    return [
        "-u", task.url + "/", "--swagger", str(task.document), *given, "-m", modules,
        "--max-scan-time", str(task.seconds // 4),
        "--max-attack-time", str(task.seconds // 6),
        "--no-bugreport", "--endpoint", task.callback + "/", "--flush-session",
        "--store-session", "sessions", "--store-config", "config",
        "-v", "0", "-f", "json", "-o", "report.json",
    ]  # fmt: skip


def _offat(task: Task) -> Sequence[str]:
    given = [piece for n, v in task.first.items() for piece in ("-H", f"{n}: {v}")]
    return [
        "-f",
        str(task.document),
        "--server",
        task.url,
        *given,
        "-of",
        "json",
        "-o",
        "report.json",
    ]


PEERS = (
    Peer("schemathesis", "schemathesis", _schemathesis, peer_reports.schemathesis, "report.ndjson"),
    Peer("wapiti", "wapiti", _wapiti, peer_reports.wapiti),
    Peer("offat", "offat", _offat, peer_reports.offat),
)


def ask(
    peer: Peer, program: Path, service: Service, url: str, folder: Path, seconds: int, seed: int
) -> Report:
    """One bounded run, signed in as the service's two users (schemathesis) or the first (others).

    Where there is no report the note says why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    document = folder / "document.json"
    base = mended(url + service.document.path, url, document)
    with listening() as callback:
        task = Task(
            url=url,
            base=base,
            document=document,
            users={person.name: headers(service, person, url) for person in service.users},
            seconds=seconds,
            seed=seed,
            folder=folder,
            callback=callback.url,
        )
        started = time.monotonic()
        note = _run([str(program), *peer.command(task)], folder, seconds)
        spent = time.monotonic() - started
    written = folder / peer.report
    if not written.is_file() or not written.stat().st_size:
        return Report((), spent, note or "it wrote no report")
    said = peer.read(written.read_text(encoding="utf-8"))
    found = peer_reports.findings(peer.name, said)
    return Report(found, spent, note, prefix=base.removeprefix(url))


def _run(command: Sequence[str], folder: Path, seconds: int) -> str:
    """What is to be said of how it ended; '' where it ended by itself. Its output is kept."""
    quiet = {
        **os.environ,
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE),
        **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), _NOWHERE),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "HOME": str(folder),
        "COLUMNS": "200",
    }
    limit = 2 * seconds + _GRACE
    with (folder / "output.txt").open("wb") as output:
        try:
            subprocess.run(
                command, cwd=folder, env=quiet, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, timeout=limit, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"it was stopped after {limit:.0f} s"
    return ""
