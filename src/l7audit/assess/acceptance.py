"""Which failures the gate's policy does not count: those that are waived, that were known before,
or that are not sure enough.

Only a failure is ever accepted, and only whole: each finding of the control by itself, with
nothing open beside it. What has no answer is never accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from l7audit.assess.results import BaselineResult
from l7audit.assess.verdicts import ControlEvidence
from l7audit.assess.waivers import Cover
from l7audit.journal import KnownFinding, RunStarted
from l7audit.model import GatePolicy


@dataclass(frozen=True, slots=True)
class Accepted:
    """Ids of controls whose failure does not count: `waived`, `known` from the baseline, or with
    findings that are not sure enough (`unsure`, where at least one is the reason).

    `lost` are controls with a known finding that would count and that was not tested again.
    """

    waived: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    @property
    def controls(self) -> frozenset[str]:
        """All whose failure does not count."""
        return frozenset(self.waived + self.known + self.unsure)


def accepted(
    policy: GatePolicy,
    plan: RunStarted,
    evidence: Sequence[ControlEvidence],
    covers: Mapping[str, Cover],
    compared: BaselineResult | None,
) -> Accepted:
    """What the policy accepts of a run.

    A known finding whose control is more severe than it was then is not known any more.
    """
    waived: list[str] = []
    known: list[str] = []
    unsure: list[str] = []
    for control in evidence:
        name = control.control.id
        by_waiver = covers[name].fingerprints if policy.accept_waivers else frozenset()
        if policy.accept_waivers and covers[name].whole:
            waived.append(name)
            continue
        settled = by_waiver | _before(policy, plan, name, compared)
        if control.is_only(settled):
            known.append(name)
        elif control.is_only(settled | control.below(policy.minimum_confidence)):
            unsure.append(name)
    lost = tuple(_lost(policy, plan, compared))
    return Accepted(tuple(waived), tuple(known), lost, tuple(unsure))


def _before(
    policy: GatePolicy, plan: RunStarted, control: str, compared: BaselineResult | None
) -> frozenset[str]:
    """The findings of a control that count no more."""
    if not policy.only_new or compared is None or plan.baseline is None:
        return frozenset()
    had = {f.fingerprint for f in plan.baseline.findings if f.control == control}
    return frozenset(had.intersection(compared.unchanged).difference(compared.worse))


def _lost(policy: GatePolicy, plan: RunStarted, compared: BaselineResult | None) -> Iterable[str]:
    """Controls that hide behind not being tested; those that nobody selected are left alone."""
    if not policy.only_new or compared is None or plan.baseline is None:
        return []
    severity = {c.id: c.severity for c in plan.controls}
    asked = {*plan.planned, *(s.control for s in plan.out_of_scope)}

    def counts(finding: KnownFinding) -> bool:
        now = severity.get(finding.control, finding.severity)
        return (
            finding.severity in policy.fail_on
            or now in policy.fail_on
            or finding.control in policy.required_controls
        )

    gone = set(compared.not_retested)
    return sorted(
        {
            finding.control
            for finding in plan.baseline.findings
            if finding.fingerprint in gone
            and counts(finding)
            and (finding.control in asked or finding.control not in severity)
        }
    )
