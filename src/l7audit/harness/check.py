"""What a check holds in its hands: the target's surfaces, a way to send, and a way to say."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import msgspec

from l7audit.harness.backups import Backups
from l7audit.harness.context import Context
from l7audit.harness.faults import Injector
from l7audit.harness.recent import Recent
from l7audit.harness.saying import Holds, Saying
from l7audit.harness.scans import Scans
from l7audit.journal import Fault, Record
from l7audit.model import Control, Identity, Kind, Safety, Target
from l7audit.probe.answer import Answer
from l7audit.probe.logs import Logs
from l7audit.probe.probe import Probe
from l7audit.probe.raw import Raw, Talk
from l7audit.probe.request import Request
from l7audit.probe.storage import Storage
from l7audit.scanning import Scan, Weakness
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import Surface, TargetModel


class Check(Saying):
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
        recent: Recent | None = None,
    ) -> None:
        super().__init__(control, name, sink)
        self._recent = recent or Recent()
        self._opening = False
        self.target: Target = context.target
        self.model = model
        self.probe = probe
        self.sessions = sessions
        self._scans = scans or Scans(context, sessions)
        self.random = random.Random(f"{context.seed}:{name}")
        self._documented = bool(context.document)

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

    def sample(self, full: int, few: int = 0, *, force: bool = False) -> int:
        """As `TargetModel.sample`: `few` requests at somebody's, where a stack of ours gets all."""
        return self.model.sample(full, few, force=force)

    def witness(self, statement: str, holds: Holds | Answer | bool, *, once: bool = False) -> None:
        """As `Saying.witness`. What is asked again at the end is not sent at first where the same
        read succeeded a moment ago and nothing happened since."""
        self._opening = not once
        try:
            super().witness(statement, holds, once=once)
        finally:
            self._opening = False

    def send(self, request: Request, *, identity: str = "", patience: bool = True) -> Answer:
        """Sends and records; `patience` waits out a 429, so that it is not read as a refusal."""
        if self._opening and (known := self._recent.of(request)) is not None:
            return known
        return self.probe.send(request, identity=identity, patience=patience)

    def lately(self, request: Request) -> int:
        """How often this very read succeeded within the last minute in this process, where neither
        its caller nor anybody at its place was throttled meanwhile."""
        return self._recent.count(request)

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

    def backups(self) -> Backups:
        """Backups of the target, to be used in a `with`. What is read there must reach no record.
        Ends the check where the provider grants none."""
        if self.target.backups is None:
            self.inconclusive("Backups of the target are not granted.")
        return Backups(self.target.backups)

    def logs(self) -> Logs:
        """What the target's components log from now on. It must reach no record: a log may hold
        secrets. Ends the check where the provider grants none."""
        if not self.target.logs:
            self.inconclusive("The target's logs are not granted.")
        return Logs(self.target.logs)

    @contextmanager
    def fault(self, url: str) -> Iterator[Injector]:
        """What kills or freezes the component at that address, as soon as it is asked to; it is
        mended after the block. Ends the check where the provider grants no way."""
        component = next((c for c in self.target.components if c.url == url), None)
        if component is None:
            self.inconclusive("No component of the target is granted to be killed.")
        self.probe.scope.require(Safety.DISRUPTIVE, "A fault in a component")

        def tell(action: str) -> None:
            self._sink(Fault(check=self.name, component=component.name, action=action))

        injector = Injector(component, tell)
        try:
            yield injector
        finally:
            injector.heal()

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
