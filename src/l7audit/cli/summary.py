"""The one-screen summary: what was found, how sure that is, and what the gate makes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.text import Text

from l7audit.assess.quantities import percentage
from l7audit.assess.results import (
    AreaResult,
    BaselineResult,
    ControlResult,
    Results,
    TargetResult,
    WaiverResult,
)
from l7audit.cli.terminal import SEVERITIES, Terminal, counted, styled, verdict_word
from l7audit.model import Verdict
from l7audit.rendering import Outcome

LINES = 12
"""The most lines that one kind of bad news gets; the report has them all."""

_OPEN = (Verdict.INCONCLUSIVE, Verdict.ERROR)
_DECISIONS = {
    "passed": ("PASSED", "bold green"),
    "failed": ("FAILED", "bold red"),
    "untrusted": ("NOT TRUSTED", "bold yellow"),
    "nothing_assessed": ("NOTHING ASSESSED", "bold yellow"),
    "waivers": ("WAIVERS INVALID", "bold red"),
}


def show(terminal: Terminal, outcome: Outcome, notes: Sequence[str] = ()) -> None:
    """Writes the summary; where the user wants quiet only the report and the decision.

    `notes` are troubles that cost the run nothing.
    """
    results = outcome.results
    terminal.say("")
    _score(terminal, results)
    _bad_news(terminal, results.controls)
    _waivers(terminal, results.waivers)
    _baseline(terminal, results.baseline)
    _targets(terminal, results.targets)
    _authorised(terminal, results)
    _left_out(terminal, results)
    capped(terminal, "Note", [styled(note, "yellow") for note in notes])
    _end(terminal, outcome)


def show_proof(terminal: Terminal, outcome: Outcome) -> None:
    """Writes what the proof matrix comes to: how many controls are proven, and every gap."""
    controls = outcome.results.controls
    proven = [c for c in controls if c.proof.state == "proven"]
    defects = sum(len(c.proof.defects) for c in controls)
    near_misses = sum(len(c.proof.near_misses) for c in controls)
    terminal.say("")
    row(
        terminal,
        "Proof",
        f"{len(proven)} of {counted(len(controls), 'control')} proven to fail when they should "
        f"({counted(defects, 'defect')}, {counted(near_misses, 'near-miss')})",
    )
    gaps = [(c.id, gap) for c in controls for gap in c.proof.gaps]
    lines = [Text(f"{name}  ", "bold").append_text(styled(gap, "red")) for name, gap in gaps]
    capped(terminal, "Gaps", lines)
    _left_out(terminal, outcome.results)
    _files(terminal, outcome.files)


def _score(terminal: Terminal, results: Results) -> None:
    waived = results.arithmetic.waived_weight > 0
    said = f"{results.score:.1f} of 100"
    said += f", {results.score_with_waivers:.1f} with waivers" if waived else ", no waivers"
    row(terminal, "Score", styled(said, "bold"))
    row(terminal, "", results.arithmetic.sentence)
    planned, assessed = results.arithmetic.planned_weight, results.arithmetic.assessed_weight
    row(
        terminal,
        "Coverage",
        f"{percentage(results.coverage)} ({assessed:g} of {planned:g} planned weight was decided)",
    )
    row(terminal, "Areas", Text("   ".join(map(_area, results.areas)) or "none"))


def _area(area: AreaResult) -> str:
    """An area's score, with the passed of the controls that apply to the target."""
    applicable = area.planned - area.not_applicable
    if area.score is None:
        return f"{area.area} n/a"
    rest = f", {area.not_applicable} n/a" if area.not_applicable else ""
    return f"{area.area} {area.score:.1f} ({area.passed}/{applicable}{rest})"


def _bad_news(terminal: Terminal, controls: Sequence[ControlResult]) -> None:
    failed = sorted(
        (c for c in controls if c.verdict == Verdict.FAIL), key=lambda c: -c.severity.weight
    )
    capped(terminal, "Failed", [_failure(c) for c in failed])
    undecided = [c for c in controls if c.verdict in _OPEN]
    capped(
        terminal,
        "Undecided",
        [
            Text.assemble(verdict_word(c.verdict), Text(f"{c.id}  ", "bold"), styled(c.reason, ""))
            for c in undecided
        ],
    )


def _failure(control: ControlResult) -> Text:
    line = Text.assemble(
        Text(f"{control.id}  ", "bold"),
        styled(control.severity.value, SEVERITIES[control.severity]),
        "  ",
        styled(control.reason or control.title, ""),
    )
    if control.weak:
        line.append_text(Text("  [weak]", "dim"))
    if control.waiver is not None:
        line.append_text(Text(f"  [waived until {control.waiver.expires}]", "dim"))
    return line


def _waivers(terminal: Terminal, waivers: Sequence[WaiverResult]) -> None:
    """How many of the waivers did something, until when, and how many did not."""
    states: dict[str, list[WaiverResult]] = defaultdict(list)
    for waiver in waivers:
        states[waiver.state].append(waiver)
    told = [f"{len(found)} {state}" for state, found in sorted(states.items())]
    if not told:
        return
    applied = sorted(states["applied"], key=lambda w: (w.expires, w.control))
    until = f" (the first until {applied[0].expires}: {applied[0].control})" if applied else ""
    row(terminal, "Waivers", styled(", ".join(told) + until, ""))


def _baseline(terminal: Terminal, met: BaselineResult | None) -> None:
    if met is None:
        return
    told = f"{counted(len(met.new), 'new finding')}, {len(met.fixed)} fixed, "
    told += f"{len(met.unchanged)} unchanged"
    told += f" ({len(met.worse)} of them more severe now)" if met.worse else ""
    told += f", {len(met.not_retested)} not tested again" if met.not_retested else ""
    since = f" since {met.started[:10]}" if met.started else ""
    row(terminal, "Baseline", styled(f"{told}{since} (run {met.run})", ""))


def _targets(terminal: Terminal, targets: Sequence[TargetResult]) -> None:
    if not targets:
        return
    met = [t for t in targets if t.outcome == "met"]
    missed = [t for t in targets if t.outcome == "missed"]
    open_ = [t for t in targets if t.outcome == "not_demonstrated"]
    row(
        terminal,
        "Targets",
        f"{len(met)} met, {len(missed)} missed, {len(open_)} not demonstrated",
    )
    if met:
        row(terminal, "", "met: " + _names([f"{t.id} ({t.bound})" for t in met]))
    for target in missed:
        row(terminal, "", styled(f"missed: {target.id} ({target.bound}): {target.reason}", "red"))
    if open_:
        row(terminal, "", "not demonstrated: " + _names([t.id for t in open_]))


def _authorised(terminal: Terminal, results: Results) -> None:
    """Who allowed it, and why it went less far than the profile wants."""
    stated = results.authorisation
    if stated is not None:
        said = f"by {stated.by}, {stated.since} to {stated.until}, {', '.join(stated.levels)} at "
        row(terminal, "Authorised", said + ", ".join(stated.origins))
    if results.held_back:
        row(terminal, "Held back", styled(results.held_back, "yellow"))
    capped(terminal, "Leftovers", [styled(what, "yellow") for what in results.left_behind])
    capped(terminal, "Document", [styled(what, "yellow") for what in results.notes])


def _left_out(terminal: Terminal, results: Results) -> None:
    """What was out of scope, by reason, so that forty controls without a capability are a line."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for left in results.out_of_scope:
        reasons[left.reason].append(left.control)
    lines = [Text(f"{_names(ids)}: ").append_text(styled(r, "")) for r, ids in reasons.items()]
    capped(terminal, "Left out", lines)


def _end(terminal: Terminal, outcome: Outcome) -> None:
    results = outcome.results
    _files(terminal, outcome.files)
    word, style = _DECISIONS[results.gate.decision]
    further = len(results.gate.reasons) - 1
    more = f" (and {counted(further, 'more reason')})" if further > 0 else ""
    reason = styled(results.gate.reason, "")
    row(terminal, "Gate", Text.assemble((word, style), ": ", reason, more), True)
    if results.outcome in ("interrupted", "broken", "incomplete"):
        row(terminal, "Go on", f"l7audit run --resume {shown(outcome.folder)}")


def _files(terminal: Terminal, files: Iterable[Path]) -> None:
    """The report for people first and even in quiet; the other files on a line of their own."""
    ordered = sorted(files, key=lambda f: f.suffix != ".html")
    if ordered:
        row(terminal, "Report", shown(ordered[0]), True)
    if len(ordered) > 1:
        row(terminal, "", ", ".join(f.name for f in ordered[1:]) + " beside it")


def shown(path: Path) -> str:
    """A path as the user would type it: relative where it is below the current folder."""
    current = Path.cwd()
    return str(path.relative_to(current) if path.is_relative_to(current) else path)


def _names(ids: Sequence[str]) -> str:
    return ", ".join(ids[:6]) + (f" and {len(ids) - 6} more" if len(ids) > 6 else "")


def capped(terminal: Terminal, title: str, lines: Sequence[Text]) -> None:
    """The lines under a title, at most `LINES` of them, with how many were left out."""
    for number, line in enumerate(lines[:LINES]):
        row(terminal, title if number == 0 else "", line)
    if len(lines) > LINES:
        row(terminal, "", f"and {len(lines) - LINES} more: see the report")


def row(terminal: Terminal, title: str, said: str | Text, always: bool = False) -> None:
    """One line with its title; a quiet terminal shows only what it must `always`."""
    line = [
        Text(f"{title:<11}", style="bold"),
        said if isinstance(said, Text) else styled(said, ""),
    ]
    (terminal.result if always else terminal.say)(*line)
