"""What a check holds in its hands: the target's surfaces, a way to send, and a way to say.

A check ends in exactly one verdict. It passes only if it looked at something, nothing was
violated, and each witness held before its probes and again after them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec

from l7audit.harness.context import Context
from l7audit.harness.faults import Crash
from l7audit.harness.scans import Scans
from l7audit.journal import Fault, Measurement, Observation, Record, Violation, Witness
from l7audit.model import Confidence, Control, Identity, Kind, Place, Safety, Target, Verdict
from l7audit.probe.answer import Answer
from l7audit.probe.logs import Logs
from l7audit.probe.probe import Probe
from l7audit.probe.raw import Raw, Talk
from l7audit.probe.request import Request
from l7audit.probe.storage import Storage
from l7audit.scanning import Scan, Weakness
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import Surface, TargetModel

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


class Check:
    """One check's view of the target; the fixture `check` makes one for each test."""

    def __init__(
        self,
        context: Context,
        control: Control,
        name: str,
        sink: Callable[[Record], None],
        model: TargetModel,
        probe: Probe,
        sessions: Sessions,
        scans: Scans | None = None,
    ) -> None:
        self.target: Target = context.target
        self.control = control
        self.name = name
        self.model = model
        self.probe = probe
        self.sessions = sessions
        self._scans = scans or Scans(context, sessions)
        self.random = random.Random(f"{context.seed}:{name}")
        self._documented = bool(context.document)
        self._sink = sink
        self._standing: list[_Standing] = []
        self._witnessed = False
        self._looked_at: dict[Place, None] = {}
        self._violations: dict[tuple[str, Place], str] = {}
        self.shut_out = False
        """Whether a witness was refused: the session that it came with may have ended."""

    # --- looking ------------------------------------------------------------------------------

    @property
    def identities(self) -> list[Identity]:
        """Everybody we may be, in the profile's order."""
        return list(self.target.identities)

    def identity(
        self,
        *,
        role: str | None = None,
        tag: str | None = None,
        tenant: str | None = None,
        kind: str | None = None,
        index: int = 0,
    ) -> Identity:
        """The `index`-th identity of that role, tag, tenant and credential kind.

        Identities tagged `limited` are only handed out on request: their quotas are small.
        Where there is none the check ends inconclusive.
        """
        found = [
            i
            for i in self.target.identities
            if (role is None or i.role == role)
            and (tag in i.tags if tag is not None else "limited" not in i.tags)
            and (tenant is None or i.tenant == tenant)
            and (kind is None or i.credential(kind) is not None)
        ]
        if len(found) <= index:
            wish = ", ".join(
                f"{k} {v}"
                for k, v in (("role", role), ("tag", tag), ("tenant", tenant), ("with", kind))
                if v is not None
            )
            self.inconclusive(
                f"The profile gives no identity {wish or 'at all'}"
                + (f" (number {index + 1})" if index else "")
                + "; l7audit init adds one."
            )
        return found[index]

    def surfaces(self, kind: Kind, limit: int = 3) -> Sequence[Surface]:
        """The target's surfaces of a kind, never none.

        Without one the check ends: not applicable where the target's document was read and shows
        none, inconclusive where nobody could tell.
        """
        found = self.model.surfaces(kind, limit=limit)
        if not found and self._documented:
            self.not_applicable(f"The target's document has no operation of kind '{kind}'.")
        if not found:
            self.inconclusive(
                f"No operation of kind '{kind}' is known; give a document or a hint in the profile."
            )
        return found

    def surface(self, kind: Kind) -> Surface:
        """The first surface of a kind; ends the check as `surfaces` does."""
        return self.surfaces(kind, limit=1)[0]

    def send(self, request: Request, *, identity: str = "", patience: bool = True) -> Answer:
        """Sends and records; `patience` waits out a 429, so that it is not read as a refusal."""
        return self.probe.send(request, identity=identity, patience=patience)

    def burst(self, requests: Sequence[Request], concurrency: int) -> list[Answer]:
        """Sends all of them, `concurrency` at a time, without patience, in the order given."""
        return self.probe.burst(requests, concurrency)

    def talk(self, raw: Raw, *, identity: str = "") -> Talk:
        """Puts raw bytes on a connection of their own, closed afterwards, and records it."""
        return self.probe.talk(raw, identity)

    def talks(self, raws: Sequence[Raw], *, identity: str = "") -> list[Talk]:
        """As `talk`, all of them at the same time."""
        return self.probe.talks(raws, identity)

    def spelled(self, request: Request) -> bytes:
        """A request as HTTP/1.1 bytes, for raw ones to start from."""
        return self.probe.spelled(request)

    def storage(self) -> Storage:
        """The target's own database, to be used in a `with`. What is read there must reach no
        record. Ends the check where the provider grants none."""
        if not self.target.storage:
            self.inconclusive("The target's database is not granted.")
        return Storage(self.target.storage)

    def logs(self) -> Logs:
        """What the target's components log from now on. It must reach no record: a log may hold
        secrets. Ends the check where the provider grants none."""
        if not self.target.logs:
            self.inconclusive("The target's logs are not granted.")
        return Logs(self.target.logs)

    @contextmanager
    def crash(self, url: str) -> Iterator[Crash]:
        """What kills the component at that address, as soon as it is asked to; it is started
        again after the block. Ends the check where the provider grants no way."""
        component = next((c for c in self.target.components if c.url == url), None)
        if component is None:
            self.inconclusive("No component of the target is granted to be killed.")
        self.probe.scope.require(Safety.DISRUPTIVE, "Killing a component")

        def tell(action: str) -> None:
            self._sink(Fault(check=self.name, component=component.name, action=action))

        crash = Crash(component, tell)
        try:
            yield crash
        finally:
            crash.heal()

    def scan(self, scanner: str) -> Scan:
        """What a scanner says, asked once for all checks of this process.

        Its specimen is the witness. The check ends inconclusive where the scanner is missing,
        could not say or looked at nothing.
        """
        version, scan = self._scans.of(scanner)
        looked = f"{scanner} {version} looked at {len(scan.looked_at)} {scan.unit}"
        self.observe(f"{looked}.", **scan.notes)
        if not scan.looked_at:
            self.inconclusive(f"{looked}: a pass would mean nothing.")
        self.witness(scan.specimen, scan.found, once=True)
        return scan

    def accuse(self, scan: Scan, weaknesses: Iterable[Weakness]) -> None:
        """Counts all that was scanned as looked at; each of these weaknesses is a violation."""
        self._looked_at.update(dict.fromkeys(scan.looked_at))
        for weakness in weaknesses:
            for exchange in self._scans.kept(weakness.exchanges):
                self._sink(msgspec.structs.replace(exchange, check=self.name))
            self._violate(
                weakness.place,
                weakness.message,
                weakness.exchanges,
                weakness.expected,
                weakness.seen,
                weakness.confidence,
            )

    # --- saying -------------------------------------------------------------------------------

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
