"""What a check says: witnesses, violations, measurements, and the one verdict that it ends in.

It passes only if it looked at something, nothing was violated, and each witness held before its
probes and again after them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from l7audit.journal import Measurement, Observation, Record, Timeline, Violation, Witness
from l7audit.model import Confidence, Control, Place, Verdict
from l7audit.probe.answer import Answer

Holds = Callable[[], Answer | bool]
"""What a witness asks: a 2xx answer holds, and so does True."""


class Ended(Exception):  # noqa: N818 - control flow, as pytest's own outcomes are
    """Ends a check early with a verdict and its reason."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Standing:
    """A witness that is asked again before a pass is given."""

    statement: str
    holds: Holds


class Saying:
    """What one check has said so far of its control, and how it ends."""

    def __init__(self, control: Control, name: str, sink: Callable[[Record], None]) -> None:
        self.control = control
        self.name = name
        self._sink = sink
        self._standing: list[_Standing] = []
        self._witnessed = False
        self._looked_at: dict[Place, None] = {}
        self._violations: dict[tuple[str, Place], str] = {}
        self.shut_out = False
        """Whether a witness was refused: the session that it came with may have ended."""

    def witness(self, statement: str, holds: Holds | Answer | bool, *, once: bool = False) -> None:
        """The positive control: asked now, and again at the end unless `once`.

        What was seen already (an answer, or a judgement of it) can only be taken once. Where it
        does not hold the check ends inconclusive: its pass would mean nothing.
        """
        if isinstance(holds, Answer | bool):
            seen = holds
            self._ask(statement, lambda: seen, "opening")
            return
        self._ask(statement, holds, "opening")
        if not once:
            self._standing.append(_Standing(statement, holds))

    def _ask(self, statement: str, holds: Holds, phase: str) -> None:
        result = holds()
        held = result if isinstance(result, bool) else result.ok
        self._sink(
            Witness(
                check=self.name,
                control=self.control.id,
                statement=statement,
                held=held,
                phase=phase,
                exchanges=[] if isinstance(result, bool) else [result.exchange],
            )
        )
        self._witnessed = True
        if not held:
            seen = "" if isinstance(result, bool) else f" (answered {_status(result)})"
            self.shut_out = not isinstance(result, bool) and result.refused
            self.inconclusive(f"The {phase} witness did not hold: {statement}{seen}.")

    def expect(
        self,
        ok: bool,
        place: Place,
        statement: str,
        *answers: Answer,
        expected: str = "",
        seen: str = "",
        confidence: Confidence = Confidence.CONFIRMED,
        cause: str = "",
    ) -> bool:
        """Counts as looked at; where not `ok` it is a violation said by `statement`."""
        self._looked_at[place] = None
        if not ok:
            self.violation(
                place,
                statement,
                *answers,
                expected=expected,
                seen=seen,
                confidence=confidence,
                cause=cause,
            )
        return ok

    def violation(
        self,
        place: Place,
        statement: str,
        *answers: Answer,
        expected: str = "",
        seen: str = "",
        confidence: Confidence = Confidence.CONFIRMED,
        cause: str = "",
    ) -> None:
        """What was seen that the control forbids; the check goes on and ends as a fail.

        One finding a cause: by itself that is the place, and a second violation there is kept as
        an observation. A `cause` of its own (`an arbitrary origin`), the same in every run, makes
        all places that have it one finding. `confidence` is how sure it is: confirmed by state
        or by a marker that only the weakness could bring, strong, or weak.
        """
        seen = seen or (_status(answers[-1]) if answers else "")
        exchanges = [a.exchange for a in answers]
        self._violate(place, statement, exchanges, expected, seen, confidence, cause)

    def _violate(
        self,
        place: Place,
        statement: str,
        exchanges: Sequence[str],
        expected: str,
        seen: str,
        confidence: Confidence,
        cause: str = "",
    ) -> None:
        self._looked_at[place] = None
        fingerprint = self.fingerprint(place, cause)
        if (fingerprint, place) in self._violations:
            self._observed(statement, exchanges, {})
            return
        self._violations[fingerprint, place] = f"{place}: {statement}"
        self._sink(
            Violation(
                check=self.name,
                control=self.control.id,
                place=place,
                statement=statement,
                fingerprint=fingerprint,
                exchanges=list(exchanges),
                expected=expected,
                seen=seen,
                confidence=confidence,
                cause=cause,
            )
        )

    def fingerprint(self, place: Place, cause: str = "") -> str:
        """Names a finding across runs: only the control and the place, or the cause where there
        is one of its own; no port, id or time."""
        where = ("cause", cause) if cause else (place.operation, place.part)
        parts = (self.control.id, *where)
        text = "\0".join(p.replace("\\", r"\\").replace("\0", r"\0") for p in parts)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def measure(
        self,
        name: str,
        unit: str,
        *,
        value: float | None = None,
        successes: int | None = None,
        trials: int | None = None,
        samples: Sequence[float] = (),
        documented: str = "",
    ) -> None:
        """A number for the report; `documented` names the promised target it speaks of."""
        self._sink(
            Measurement(
                check=self.name,
                control=self.control.id,
                name=name,
                unit=unit,
                value=value,
                successes=successes,
                trials=trials,
                samples=list(samples),
                documented=documented,
            )
        )

    def timeline(
        self,
        name: str,
        *,
        began: float,
        step: float,
        served: Sequence[int],
        failed: Sequence[int],
        slowest: Sequence[float],
    ) -> None:
        """How clients' requests ended in each `step` seconds from `began` (Unix seconds), with the
        longest of each in seconds; the report draws it beside the check's faults."""
        self._sink(
            Timeline(
                check=self.name,
                control=self.control.id,
                name=name,
                began=began,
                step=step,
                served=list(served),
                failed=list(failed),
                slowest=list(slowest),
            )
        )

    def observe(self, statement: str, *answers: Answer, **data: Any) -> None:
        """A fact worth keeping."""
        self._observed(statement, [a.exchange for a in answers], data)

    def _observed(self, statement: str, exchanges: Sequence[str], data: dict[str, Any]) -> None:
        self._sink(
            Observation(
                check=self.name,
                control=self.control.id,
                statement=statement,
                exchanges=list(exchanges),
                data=data,
            )
        )

    def not_applicable(self, reason: str) -> NoReturn:
        """Ends the check: the target was shown not to have the feature."""
        raise Ended(Verdict.NOT_APPLICABLE, reason)

    def inconclusive(self, reason: str) -> NoReturn:
        """Ends the check: the evidence does not carry a verdict."""
        raise Ended(Verdict.INCONCLUSIVE, reason)

    # --- ending -------------------------------------------------------------------------------

    @property
    def looked_at(self) -> list[Place]:
        """The places at which something was expected, in the order of the first time."""
        return list(self._looked_at)

    def close(self, ended: Ended | None = None) -> Ended:
        """The verdict. What was violated stays violated however the check ended afterwards."""
        ended = ended or self._natural_end()
        if self._violations:
            return Ended(Verdict.FAIL, next(iter(self._violations.values())))
        return ended

    def _natural_end(self) -> Ended:
        """What is left of a check that ran to its end: its witnesses are asked once more, after a
        violation, too, so that what it did not see elsewhere still means something."""
        if not self._witnessed:
            return Ended(Verdict.INCONCLUSIVE, "No witness: a pass would mean nothing.")
        if not self._looked_at:
            return Ended(Verdict.INCONCLUSIVE, "Nothing was looked at.")
        try:
            for standing in self._standing:
                self._ask(standing.statement, standing.holds, "closing")
        except Ended as late:
            return late
        return Ended(Verdict.PASS, "")


def _status(answer: Answer) -> str:
    return str(answer.status) if answer.status is not None else f"no answer: {answer.error}"
