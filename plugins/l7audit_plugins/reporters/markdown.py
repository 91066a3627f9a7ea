"""`summary.md`: the run on one page, for the page of a CI job. The decision stands first.

What a target said is written in character references: a renderer shows it and takes nothing of it
for a table, an element, a link, a mention or the number of an issue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from l7audit.assess.quantities import interval, percentage, quantity
from l7audit.assess.results import ControlResult, OutOfScope, Results, TargetResult, WaiverResult
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import Records
from l7audit.model import Verdict
from l7audit_plugins.reporters.findings import UNDECIDED, failed
from l7audit_plugins.reporters.plain import line

MOST_BYTES = 1024 * 1024
"""What a job's page takes; a larger summary is dropped whole."""

_SECTION = 120 * 1024
"""The room of one section. Six of them and the head leave a quarter of the page free."""

_WORDS = {
    "passed": "passed",
    "failed": "failed",
    "untrusted": "can't be trusted",
    "nothing_assessed": "nothing was assessed",
    "waivers": "a waiver doesn't hold",
}

_ACTIVE = re.compile(r"[^a-zA-Z0-9\s.,;:/=?()'%+-]|:(?=\S)")
_ADDRESS = re.compile(r"(?<=www)\.", re.IGNORECASE)
_MENTION = re.compile(r"(&#(?:35|64);|(?<=\bGH)-)")

T = TypeVar("T")


class MarkdownReporter(Reporter):
    """Writes `summary.md`."""

    name = "markdown"
    by_default = False

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes into `folder` and returns the file's path. Errors: `OSError`."""
        path = folder / "summary.md"
        path.write_text(render(results), encoding="utf-8")
        return path


def render(results: Results) -> str:
    """The page as text, always shorter than `MOST_BYTES`."""
    controls = results.controls
    waived = [c for c in failed(results) if c.waiver]
    unwaived = [c for c in failed(results) if not c.waiver]
    undecided = [c for c in controls if c.verdict in UNDECIDED]
    parts = [
        *_head(results),
        *_table("Failed", ("Control", "Severity", "Where", "What was seen"), unwaived, _failure),
        *_table("Without an answer", ("Control", "Severity", "Why"), undecided, _no_answer),
        *_table("Waived", ("Control", "By", "Until", "Reason"), waived, _waived),
        *_table(
            "Waivers that do not count",
            ("Control", "By", "State", "Why"),
            [w for w in results.waivers if w.state != "applied"],
            _idle,
        ),
        *_table(
            "Documented targets",
            ("Target", "Promised", "Measured", "Interval (95 %)", "Outcome"),
            [t for t in results.targets if t.value is not None],
            _target,
        ),
        *_unmeasured(results.targets),
        *_table("Out of scope", ("Control", "Why"), results.out_of_scope, _left_out),
        *_foot(results),
    ]
    return "\n".join(parts) + "\n"


def prose(text: str, limit: int = 300) -> str:
    """A sentence that stays one: its marks are shown, and nobody is mentioned."""
    return _MENTION.sub(r"\1&#8203;", _referred(text, limit))


def code(text: str, limit: int = 200) -> str:
    """A value in code type, character for character; there no renderer looks for mentions."""
    return f"<code>{_referred(text, limit)}</code>" if text else ""


def _referred(text: str, limit: int) -> str:
    references = _ACTIVE.sub(
        lambda m: m[0] if ord(m[0]) > 127 else f"&#{ord(m[0])};", line(text, limit)
    )
    return _ADDRESS.sub("&#46;", references)


def _head(results: Results) -> Iterator[str]:
    decided = [c.verdict for c in results.controls]
    yield f"## Audit of {code(results.target)}: {_WORDS[results.gate.decision]}"
    yield ""
    yield f"**{prose(results.gate.reason, 500)}**"
    yield ""
    if others := results.gate.reasons[1:]:
        yield from (f"- {prose(reason, 500)}" for reason in others[:19])
        if len(others) > 19:
            yield f"- … and {len(others) - 19} more reasons"
        yield ""
    yield "| Score | With waivers | Coverage | Passed | Failed | Without an answer | Planned |"
    yield "|---|---|---|---|---|---|---|"
    cells = (
        f"**{results.score:.1f}**",
        f"{results.score_with_waivers:.1f}",
        percentage(results.coverage),
        str(decided.count(Verdict.PASS)),
        str(decided.count(Verdict.FAIL)),
        str(sum(v in UNDECIDED for v in decided)),
        str(len(decided)),
    )
    yield f"| {' | '.join(cells)} |"
    yield ""
    yield prose(results.arithmetic.sentence, 500)
    if baseline := results.baseline:
        yield ""
        yield (
            f"Against run {code(baseline.run)}: {len(baseline.new)} new, {len(baseline.fixed)} "
            f"fixed, {len(baseline.unchanged)} unchanged, {len(baseline.not_retested)} not "
            "tested again."
        )


def _table(
    title: str,
    header: Sequence[str],
    items: Sequence[T],
    row: Callable[[T], Iterable[str]],
) -> Iterator[str]:
    """A section with as many rows as its room holds; it says how many there are."""
    if not items:
        return
    yield from ("", f"### {title} ({len(items)})", "")
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    room = _SECTION
    for number, item in enumerate(items):
        text = f"| {' | '.join(row(item))} |"
        room -= len(text.encode()) + 1
        if room < 0:
            yield from ("", f"… and {len(items) - number:,} more, in the report.")
            return
        yield text


def _failure(control: ControlResult) -> Iterator[str]:
    yield _titled(control.id, control.title)
    yield control.severity.value + (" (weak)" if control.weak else "")
    first = next((f for f in control.findings if not f.waived), None)
    if first is None:
        yield from ("", prose(control.reason))
        return
    yield f"{code(first.place.operation)} {prose(first.place.part, 120)}".strip()
    told = [prose(first.statement)]
    if (elsewhere := len(first.places) - 1) > 0:
        told.append(f"… and at {elsewhere:,} more place{'s' if elsewhere > 1 else ''}")
    if first.expected:
        told.append(f"Expected: {code(first.expected)}")
    if first.seen:
        told.append(f"Seen: {code(first.seen)}")
    if others := len(control.findings) - 1:
        told.append(f"… and {others:,} more finding{'s' if others > 1 else ''}")
    yield "<br>".join(told)


def _no_answer(control: ControlResult) -> Iterator[str]:
    yield _titled(control.id, control.title)
    yield control.severity.value
    yield f"{control.verdict.value}: {prose(control.reason)}"


def _waived(control: ControlResult) -> Iterator[str]:
    yield _titled(control.id, control.title)
    if waiver := control.waiver:
        yield from (prose(waiver.owner, 80), prose(waiver.expires, 20), prose(waiver.reason))


def _idle(waiver: WaiverResult) -> Iterator[str]:
    yield code(waiver.control, 40)
    yield from (prose(waiver.owner, 80), waiver.state, prose(waiver.detail))


def _target(target: TargetResult) -> Iterator[str]:
    yield prose(target.statement)
    yield prose(target.bound, 60)
    yield "" if target.value is None else prose(quantity(target.value, target.unit), 60)
    yield "" if target.interval is None else prose(interval(target.interval, target.unit), 60)
    word = target.outcome.replace("_", " ")
    yield word if target.outcome == "met" else f"**{word}**: {prose(target.reason)}"


def _unmeasured(targets: Iterable[TargetResult]) -> Iterator[str]:
    """One line for all: a run of a few controls measures few of the targets."""
    names = [code(t.id, 60) for t in targets if t.value is None]
    if names:
        more = f" and {len(names) - 30} more" if len(names) > 30 else ""
        yield from (
            "",
            f"Without a measurement, so not demonstrated: {', '.join(names[:30])}{more}.",
        )


def _left_out(control: OutOfScope) -> Iterator[str]:
    yield _titled(control.control, control.title)
    yield prose(control.reason)


def _titled(name: str, title: str) -> str:
    return f"{code(name, 40)} {prose(title, 200)}"


def _foot(results: Results) -> Iterator[str]:
    started = datetime.fromisoformat(results.started)
    yield ""
    yield (
        f"Run {code(results.run)} on {started:%Y-%m-%d %H:%M:%S} UTC, {results.seconds:.0f} s, "
        f"provider {code(results.provider)}, seed {results.seed}, "
        f"l7audit {prose(results.versions.get('l7audit', 'unknown'), 40)}. "
        "The evidence is in the report and the journal."
    )


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """The Markdown reporter."""
    return MarkdownReporter()
