"""`l7audit replay`: sends a finding again, and says whether it is still there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
import msgspec
from rich.text import Text

from l7audit import folders
from l7audit import plugins as all_plugins
from l7audit import replay as replays
from l7audit.assess.replay import Answer, Pair
from l7audit.cli import choices, summary
from l7audit.cli.live import Bar
from l7audit.cli.terminal import SEVERITIES, Terminal, columns, counted, styled
from l7audit.errors import UsageError
from l7audit.exits import Exit
from l7audit.journal import Exchange, Records
from l7audit.probe.curl import curl
from l7audit.replay import Outcome, Replayed
from l7audit.session import Options

STYLES = {
    Answer.FIXED: "bold green",
    Answer.STILL_THERE: "bold red",
    Answer.CANT_TELL: "bold yellow",
}
WIDEST = max(map(len, STYLES))
CELL = 56
"""Characters of what is set side by side."""

ROWS = 8
"""The most headers, and the most lines of a body, that are set side by side."""

LINES = 500
"""The most lines of a body that are compared: comparing costs their square."""

PASSING = frozenset({"date", "age", "expires", "last-modified"})
"""Headers that differ by nothing but the time."""

EXAMPLES = """\b
Examples:
  l7audit replay 4f1c                       a finding of the newest run, by its fingerprint
  l7audit replay 4f1c old-runs/20260101T000000Z
  l7audit replay --all                      every finding of the newest run, a line each
"""


@click.command(
    "replay",
    help="Send a finding again, and say whether it is still there. ID is the finding's fingerprint "
    "or how it begins; RUN a run's folder or journal (default: the newest run).\n\n"
    "The check that saw the finding runs again, with the same seed and with credentials from the "
    "profile. FIXED: it looked at the same place, saw nothing wrong, and its witness held. STILL "
    "THERE: it saw the same violation. CAN'T TELL: anything else, with the reason.\n\n"
    "Exit codes: 0 FIXED, 1 STILL THERE, 6 CAN'T TELL, 2 interrupted, 4 no such finding. With "
    f"--all the worst of them: 1, else 6, else 0.\n\n{EXAMPLES}",
)
@click.argument("name", metavar="[ID]", required=False, default="")
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--all", "every", is_flag=True, help="Every finding of the run.")
@choices.target
@choices.profile
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that gets the new journal's folder (default: beside the run's).",
)
@choices.jobs
@choices.quiet
def command(
    name: str,
    run: str | None,
    every: bool,
    target: str,
    profile: str,
    out: Path | None,
    jobs: int | None,
    quiet: bool,
) -> Exit:
    """Replays one finding, or all, and shows what became of it."""
    if every and run is not None:
        raise UsageError("With --all no finding is named: l7audit replay --all [RUN]")
    named = (name or None) if every else run
    records = Records(folders.journal_of(Path(named) if named else None))
    found = replays.findings_of(records)
    chosen = found if every else [replays.wanted(found, name, records.path)]
    terminal = Terminal(quiet=quiet)
    if not chosen:
        terminal.result(f"{summary.shown(records.path)} holds no finding.")
        return Exit.PASSED
    if not profile and not target:
        profile, target = choices.as_it_began(records.started)
    wanted = choices.profile_for(profile, target)
    options = Options(out=out or records.path.absolute().parent.parent, jobs=jobs)
    bar = Bar(terminal)
    with bar:
        outcome = replays.replay(wanted, all_plugins.load(), records, chosen, options, bar.progress)
    _show(terminal, outcome, every)
    return outcome.exit


def _show(terminal: Terminal, outcome: Outcome, every: bool) -> None:
    terminal.say("")
    for replayed in outcome.replayed:
        _headline(terminal, replayed)
        if not every:
            _details(terminal, replayed, outcome.ca_file)
    if every:
        answers = [r.judgement.answer for r in outcome.replayed]
        told = ", ".join(f"{answers.count(a)} {a}" for a in Answer if a in answers)
        terminal.say(f"{counted(len(answers), 'finding')}: {told}")
    for note in outcome.notes:
        terminal.say(Text(f"{'Note':<{WIDEST}}  ", "bold"), styled(note, "yellow"))
    if outcome.journal is not None:
        where = summary.shown(outcome.journal)
        terminal.result(Text(f"{'Journal':<{WIDEST}}  ", "bold"), styled(where, ""))


def _headline(terminal: Terminal, replayed: Replayed) -> None:
    """The answer, whose it is, and why."""
    known, judgement = replayed.known, replayed.judgement
    terminal.result(
        Text(f"{judgement.answer:<{WIDEST}}  ", STYLES[judgement.answer]),
        styled(f"{known.fingerprint} {known.control.id}", "bold"),
        "  ",
        Text(f"{known.control.severity}  ", SEVERITIES[known.control.severity]),
        styled(f"{known.problem.place}: {judgement.reason}", ""),
    )


def _details(terminal: Terminal, replayed: Replayed, ca_file: str) -> None:
    """What was seen then, and each exchange of it beside its counterpart."""
    problem = replayed.known.problem
    for title, said in (
        ("Then", problem.statement),
        ("Expected", problem.expected),
        ("Seen", problem.seen),
        ("Mend", replayed.known.control.remediation),
    ):
        if said:
            terminal.say(Text(f"{title:<{WIDEST}}  ", "bold"), styled(said, ""))
    for pair in replayed.judgement.pairs:
        terminal.say("")
        for row in columns([("", "then", "now"), *_rows(pair)]):
            terminal.say(Text(f"{row[0]}  ", "dim"), "  ".join(row[1:]))
        terminal.say(Text("curl  ", "dim"), styled(curl(pair.now or pair.then, ca_file), ""))
    terminal.say("")


# --- side by side ------------------------------------------------------------------------------


def _rows(pair: Pair) -> Iterator[tuple[str, str, str]]:
    """What of an exchange is worth comparing: the request, the status, and what differs."""
    then, now = pair.then, pair.now
    yield "request", *_cells(_request(then), _request(now) if now else "not sent this time")
    if now is None:
        yield "status", _status(then), ""
        return
    yield "status", _status(then), _status(now)
    yield from _headers(then, now)
    yield from _body(then, now)


def _request(exchange: Exchange) -> str:
    who = f" as {exchange.identity}" if exchange.identity else ""
    return f"{exchange.method} {exchange.url}{who}"


def _status(exchange: Exchange) -> str:
    return str(exchange.status) if exchange.status is not None else _cut(exchange.error)


def _headers(then: Exchange, now: Exchange) -> Iterator[tuple[str, str, str]]:
    """The response headers that differ; those that tell the time do so always."""
    old, new = _by_name(then.response.headers), _by_name(now.response.headers)
    differing = [n for n in dict.fromkeys([*old, *new]) if old.get(n) != new.get(n)]
    telling = [n for n in differing if n not in PASSING]
    for name in telling[:ROWS]:
        yield name, *_cells(old.get(name, "-"), new.get(name, "-"))
    if len(telling) > ROWS:
        yield "", f"and {len(telling) - ROWS} more headers that differ", ""


def _by_name(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return {name: ", ".join(values) for name, values in found.items()}


def _body(then: Exchange, now: Exchange) -> Iterator[tuple[str, str, str]]:
    """The lines of both bodies that differ, the first of them."""
    old, new = _lines(then.response.body), _lines(now.response.body)
    if old == new:
        yield "body", f"{then.response.size} bytes", "the same"
        return
    rows = list(_differing(old[:LINES], new[:LINES]))
    for at, (left, right) in enumerate(rows[:ROWS]):
        yield "" if at else "body", *_cells(left, right)
    if len(rows) > ROWS:
        yield "", f"and {len(rows) - ROWS} more lines that differ", ""


def _lines(body: str) -> list[str]:
    """A body's lines; JSON on one line is spread out, so that what differs can be found."""
    try:
        return msgspec.json.format(body.encode("utf-8", "surrogatepass")).decode().splitlines()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body.splitlines()


def _differing(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=True)
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        if tag != "equal":
            for at in range(max(left_end - left, right_end - right)):
                yield (
                    old[left + at] if left + at < left_end else "",
                    new[right + at] if right + at < right_end else "",
                )


def _cells(left: str, right: str) -> tuple[str, str]:
    return _cut(left), "the same" if left == right else _cut(right)


def _cut(text: str) -> str:
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"
