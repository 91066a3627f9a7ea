"""What is found in the services of the training ground, and what is seen that is not there.

Run by hand: `python benchmarks/detection [SERVICE ...] [--seed 1] [--select AREA,AREA-01]
[--peers FOLDER,FOLDER] [--peer-seconds 300] [--markdown FILE] [--out FOLDER] [--verbose]`.
Each service of tests/targets runs twice for each tool, with all its weaknesses and as its sound
twin, and is audited as a user would. Found: a finding of the weakness's class at its operation
(classes.yaml says which controls name a class, peers.yaml which words of a peer). False: a finding
on the sound twin; weak: one of which the tool itself is less than sure. Beside: findings on the
weak service that name no planted weakness; some are side effects of planted ones. Requests and
seconds are of the weak service; a proxy counts the requests, for all tools in the same way. How
peers are installed stands in peers.py, what the numbers mean in docs/detection.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests" / "targets")]

from counting import counted  # noqa: E402
from ground.packages import lacking  # noqa: E402
from ground.running import running  # noqa: E402
from ground.target import Service, service, services  # noqa: E402
from ground.weaknesses import weaknesses  # noqa: E402
from matching import Finding, Outcome, Report, matched  # noqa: E402
from ours import audit  # noqa: E402
from peers import PEERS, ask  # noqa: E402
from tables import Row, header, line, markdown, total  # noqa: E402

Tool = Callable[[Service, str, Path], Report]


def main() -> None:
    """Prints a row a service and tool, and what was missed or wrongly seen."""
    given = _arguments()
    tools = dict(_tools(given))
    rows: list[Row] = []
    begun = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {_load()}"
    _tell(header())
    with tempfile.TemporaryDirectory() as kept:
        out = given.out or Path(kept)
        for name in given.services or services():
            if why := lacking(name):
                _tell(f"{name} is left out: {why}")
                continue
            for tool, run in tools.items():
                row, outcome, sound = _measured(name, tool, run, out / name / tool)
                rows.append(row)
                _tell(line(row))
                _explain(row, outcome, sound, given.verbose)
            if given.markdown:
                # After each service, so that a run that is stopped leaves what it came to.
                circumstances = f"{begun} to {_load()}, {given.peer_seconds} s for a peer's run"
                totals = [total(tool, rows) for tool in tools]
                given.markdown.write_text(markdown(rows, totals, circumstances), encoding="utf-8")
    for tool in tools:
        row = total(tool, rows)
        _tell(line(row))
        share = row.found / (row.planted or 1)
        _tell(f"{tool}: found {row.found} of {row.planted} ({share:.0%}), false {row.false}")
    _tell(f"begun {begun} to {_load()}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("services", nargs="*", help=f"of {', '.join(services())}; all without")
    parser.add_argument("--select", default="", help="only these controls and areas, of ours")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", default="", help="folders of programs, with commas between")
    parser.add_argument("--peer-seconds", type=int, default=300, help="a peer's time for one run")
    parser.add_argument("--markdown", type=Path, help="write the tables here, too")
    parser.add_argument("--out", type=Path, help="keep the runs here")
    parser.add_argument("--verbose", action="store_true", help="name what was missed and beside")
    return parser.parse_args()


def _tools(given: argparse.Namespace) -> Iterator[tuple[str, Tool]]:
    yield "l7audit", partial(audit, seed=given.seed, select=given.select)
    if not given.peers:
        return
    folders = [Path(folder).resolve() for folder in given.peers.split(",")]
    for peer in PEERS:
        program = peer.where(folders)
        if program is None:
            _tell(f"{peer.name} is left out: no {peer.program} in {given.peers}")
        else:
            yield (
                peer.name,
                partial(ask, peer, program, seconds=given.peer_seconds, seed=given.seed),
            )


def _measured(name: str, tool: str, run: Tool, folder: Path) -> tuple[Row, Outcome, Report]:
    planted = weaknesses(name)
    with running(name, weak=["all"]) as url, counted(url) as counter:
        weak = run(service(name), counter.url, folder / "weak")
        requests = counter.requests
    with running(name) as url, counted(url) as counter:
        sound = run(service(name), counter.url, folder / "sound")
    outcome = matched(planted.values(), weak.findings, weak.prefix)
    row = Row(
        service=name,
        tool=tool,
        planted=len(planted),
        found=len(outcome.found),
        false=sum(not f.weak for f in sound.findings),
        weak=sum(f.weak for f in sound.findings),
        beside=len(outcome.beside),
        requests=requests,
        seconds=weak.seconds,
        note="; ".join(filter(None, dict.fromkeys((weak.note, sound.note)))),
    )
    return row, outcome, sound


def _explain(row: Row, outcome: Outcome, sound: Report, verbose: bool) -> None:
    if row.note:
        _tell(f"  note    {row.note}")
    for finding in sound.findings:
        if verbose or (row.tool == "l7audit" and not finding.weak):
            _tell(f"  {'weak ' if finding.weak else 'false'}   {_said(finding)}")
    if verbose:
        for weakness in outcome.missed:
            _tell(
                f"  missed  {weakness.id} {weakness.cls}: {weakness.operation}"
                f" ({weakness.part}): {weakness.summary}"
            )
        for finding in outcome.beside:
            _tell(f"  beside  {_said(finding)}")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _load() -> str:
    return f"{os.getloadavg()[1]:.1f}"


def _said(finding: Finding) -> str:
    return f"{', '.join(sorted(finding.names))} {finding.operation}: {finding.sentence}"


if __name__ == "__main__":
    main()
