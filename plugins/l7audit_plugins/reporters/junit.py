"""`junit.xml`: a test case for each control, for the test viewers of CI servers.

A viewer shows what is neither failed nor broken as green, so what is undecided is an error, and
the gate is a test case of its own: a red gate is never a green file. A waived failure is skipped,
with its owner and reason: viewers turn a job red for a failure, which the gate accepted, and
would hide it as a pass. Left out and not applicable are skipped, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from l7audit.assess.results import ControlResult, Finding, Results
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import Records
from l7audit.model import Verdict
from l7audit_plugins.reporters.findings import spoken
from l7audit_plugins.reporters.plain import block, line

FINDINGS = 20
"""The most findings told of one control; `results.json` has them all."""

_GATE = {
    "failed": "failure",
    "waivers": "failure",
    "untrusted": "error",
    "nothing_assessed": "error",
}


class JUnitReporter(Reporter):
    """Writes `junit.xml`."""

    name = "junit"
    by_default = False

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes into `folder` and returns the file's path. Errors: `OSError`."""
        path = folder / "junit.xml"
        path.write_bytes(render(results))
        return path


def render(results: Results) -> bytes:
    """The file's bytes: the gate, a suite an area, and what was out of scope."""
    suites = [_suite("gate", [_gate(results)], results)]
    areas: dict[str, list[ElementTree.Element]] = {}
    for control in results.controls:
        areas.setdefault(control.area, []).append(_case(control))
    for left_out in results.out_of_scope:
        area = left_out.control.split("-")[0]
        case = _named(area, left_out.control, left_out.title, 0.0)
        _outcome(case, "skipped", "out_of_scope", f"Out of scope: {left_out.reason}")
        areas.setdefault(area, []).append(case)
    suites += [_suite(area, cases, results) for area, cases in sorted(areas.items())]
    root = ElementTree.Element("testsuites", name="l7audit", time=f"{results.seconds:.3f}")
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    root.extend(suites)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _suite(name: str, cases: list[ElementTree.Element], results: Results) -> ElementTree.Element:
    def count(outcome: str) -> str:
        return str(sum(case.find(outcome) is not None for case in cases))

    suite = ElementTree.Element(
        "testsuite",
        name=line(name, 80),
        tests=str(len(cases)),
        failures=count("failure"),
        errors=count("error"),
        skipped=count("skipped"),
        time=f"{sum(float(case.get('time', '0')) for case in cases):.3f}",
        timestamp=results.started.replace("+00:00", ""),
    )
    suite.extend(cases)
    return suite


def _gate(results: Results) -> ElementTree.Element:
    case = _named("gate", "gate", "The run passes the gate", 0.0)
    gate = results.gate
    if gate.decision != "passed":
        kind = _GATE.get(gate.decision, "error")
        _outcome(case, kind, gate.decision, gate.reason, "\n".join(gate.reasons))
    facts = [
        gate.reason,
        results.arithmetic.sentence,
        f"Run {results.run} of {results.target} ({results.provider}), seed {results.seed}.",
    ]
    ElementTree.SubElement(case, "system-out").text = "\n".join(line(fact) for fact in facts)
    return case


def _case(control: ControlResult) -> ElementTree.Element:
    case = _named(control.area, control.id, control.title, control.seconds)
    match control.verdict:
        case Verdict.PASS:
            pass
        case Verdict.FAIL if control.waiver:
            message = spoken(control.waiver)
            _outcome(case, "skipped", "waived", message, "\n\n".join(_told(control)))
        case Verdict.FAIL:
            first = control.findings[0].statement if control.findings else control.reason
            kind = control.severity.value
            _outcome(case, "failure", kind, first, "\n\n".join(_told(control)))
        case Verdict.NOT_APPLICABLE:
            _outcome(case, "skipped", "not_applicable", f"Not applicable: {control.reason}")
        case undecided:
            _outcome(case, "error", undecided.value, f"No answer: {control.reason}")
    return case


def _named(area: str, name: str, title: str, seconds: float) -> ElementTree.Element:
    return ElementTree.Element(
        "testcase",
        classname=line(area, 80),
        name=line(f"{name} {title}", 300),
        time=f"{seconds:.3f}",
    )


def _outcome(case: ElementTree.Element, tag: str, kind: str, message: str, text: str = "") -> None:
    element = ElementTree.SubElement(case, tag, type=kind, message=line(message))
    if text:
        element.text = block(text, 20_000)


def _told(control: ControlResult) -> Iterator[str]:
    for finding in control.findings[:FINDINGS]:
        yield "\n".join(_finding(finding))
    if len(control.findings) > FINDINGS:
        yield f"… {len(control.findings) - FINDINGS:,} more findings, in results.json"
    if control.remediation:
        yield f"Remediation: {line(control.remediation)}"


def _finding(finding: Finding) -> Iterator[str]:
    yield line(str(finding.place), 300) + (" (waived)" if finding.waived else "")
    yield f"  {line(finding.statement)}"
    yield from (f"  and at {line(str(spot.place), 300)}" for spot in finding.places[1:FINDINGS])
    if finding.expected or finding.seen:
        yield f"  expected: {line(finding.expected, 300)}; seen: {line(finding.seen, 300)}"
    exchanges = ", ".join(line(e, 40) for e in finding.exchanges[:5])
    yield f"  {finding.confidence.value}, fingerprint {finding.fingerprint}, exchanges {exchanges}"


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """The JUnit reporter."""
    return JUnitReporter()
