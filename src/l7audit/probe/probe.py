"""What every check sends through: it keeps to scope and budget, and records each exchange."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

from l7audit.errors import OutOfScopeError, TargetLostError
from l7audit.journal import Record
from l7audit.model import Safety, Target
from l7audit.probe.answer import Answer, Headers
from l7audit.probe.certificate import Shown, shown
from l7audit.probe.handshake import Agreement, Offer, in_the_clear, shake
from l7audit.probe.http2 import Stream, exchange, framed
from l7audit.probe.patience import Patience
from l7audit.probe.raw import Raw, Talk, converse, named, spelled
from l7audit.probe.recording import recorded
from l7audit.probe.redact import Redactor
from l7audit.probe.refusal import RefusalStyle
from l7audit.probe.request import Request
from l7audit.probe.scope import Meter, Origin, Scope
from l7audit.probe.wire import Reply, Trouble, Wire, trusting
from l7audit.profile import Budget

Sink = Callable[[Record], None]

CONNECT_PAUSES = (0.05, 0.2, 0.5)
"""Seconds before each further try to connect; after the last the target counts as lost."""

REDIRECTS = 5
"""The most redirects that one request follows."""

MOST_AT_ONCE = 128
"""Requests of bursts that are on their way at the same time."""

MOST_TALKS = 64
"""Raw conversations that are held at the same time."""

_REDIRECTING = {301, 302, 303, 307, 308}
_REPEATABLE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True)
class _Core:
    """What all views of one probe share."""

    target: Target
    base: Origin
    scope: Scope
    meter: Meter
    wire: Wire
    redactor: Redactor
    style: RefusalStyle
    patience: Patience = field(default_factory=Patience)
    prefix: str = field(default_factory=lambda: secrets.token_hex(4))
    numbers: Iterator[int] = field(default_factory=itertools.count)
    lock: threading.Lock = field(default_factory=threading.Lock)
    watchers: list[Callable[[Answer], None]] = field(default_factory=list)
    # Of all bursts: most are of a few requests, and starting threads took longer than sending.
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="probe-burst")
    )


class Probe:
    """An HTTP client for one target; safe for threads. `for_check` gives a view for a check."""

    def __init__(
        self,
        target: Target,
        sink: Sink,
        *,
        limits: Budget | None = None,
        safety: Safety = Safety.ACTIVE,
        check: str = "",
        redactor: Redactor | None = None,
        refusals: frozenset[str] = frozenset(),
    ) -> None:
        """`sink` receives each exchange, one call at a time; `refusals` are signatures of how
        this target says no. Errors: `ProviderError` where the
        target's origins or CA file are unusable, `OutOfScopeError` where its base URL is not
        among its origins."""
        budget = limits or Budget()
        scope = Scope.of(target, safety)
        self._core = _Core(
            target=target,
            base=scope.admit(target.base_url, "probe's base URL"),
            scope=scope,
            meter=Meter(budget),
            wire=Wire(target.ca_file, timeout=budget.timeout),
            redactor=redactor or Redactor.of(target),
            style=RefusalStyle.from_hints(target.hints).taught(refusals),
        )
        self._sink = sink
        self.check = check

    @property
    def redactor(self) -> Redactor:
        """Teach it (`learn`) every secret that comes up while the run goes on."""
        return self._core.redactor

    @property
    def base_url(self) -> str:
        """The target's own address."""
        return self._core.target.base_url

    def watch(self, watcher: Callable[[Answer], None]) -> None:
        """From now on `watcher` hears of every answer, of every view."""
        self._core.watchers.append(watcher)

    @property
    def scope(self) -> Scope:
        """Where this probe may go, and the safety level that the profile allows."""
        return self._core.scope

    @property
    def spent(self) -> int:
        """Requests sent so far by all views."""
        return self._core.meter.spent

    def for_check(self, check: str, sink: Sink | None = None) -> Probe:
        """The same probe (connections, budget, secrets) that records in the name of a check."""
        view = Probe.__new__(Probe)
        view._core = self._core
        view._sink = sink or self._sink
        view.check = check
        return view

    def send(self, request: Request, identity: str = "", patience: bool = True) -> Answer:
        """Sends a request and records it. `identity` names on whose behalf, for the reader.

        With `patience` a 429 is waited out where that is not in vain (at most three times five
        seconds), so that being throttled is not taken for being refused. What goes wrong on the
        way is in the answer's `error`. Errors: `OutOfScopeError`, `BudgetSpentError`, and
        `TargetLostError` where nothing can be connected to any more.
        """
        answer = self._settled(request, identity)
        for tried in itertools.count():
            if not (patience and answer.throttled):
                break
            pause = self._core.patience.pause(answer, tried)
            if pause is None:
                break
            time.sleep(pause)
            answer = self._settled(request, identity)
        return self._followed(answer, identity, patience) if request.follow else answer

    def burst(
        self, requests: Sequence[Request], concurrency: int = 16, identity: str = ""
    ) -> list[Answer]:
        """Sends all, `concurrency` at a time, and gives the answers in the order of the requests.

        No patience, no redirects, no second try: what came is what the flood was given. Records
        are written after the last answer, so that writing does not slow the flood. Errors: as
        `send`; `TargetLostError` where not one request found a connection.
        """
        if not requests:
            return []
        ways = [self._origin(request) for request in requests]
        replies: list[Reply | None] = [None] * len(requests)
        places = iter(range(len(requests)))
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    place = next(places, None)
                if place is None:
                    return
                self._core.meter.take()
                replies[place] = self._core.wire.exchange(ways[place], requests[place])

        failure: BaseException | None = None
        workers = max(1, min(concurrency, len(requests)))
        for future in [self._core.threads.submit(work) for _ in range(workers)]:
            failure = future.exception() or failure
        done = [
            self._record(request, way, reply, identity)
            for request, way, reply in zip(requests, ways, replies, strict=True)
            if reply is not None
        ]
        if failure is not None:
            raise failure
        if all(r is not None and r.trouble is Trouble.CONNECT for r in replies):
            raise self._lost(ways[0], done[-1].error)
        return done

    def timed(
        self, requests: Sequence[Request], rounds: int, identity: str = ""
    ) -> list[list[Answer]]:
        """Sends the requests in turn, `rounds` times, one at a time; the answers of each request.

        In turn, so that a drift of the target's speed meets all of them alike.
        """
        answers: list[list[Answer]] = [[] for _ in requests]
        for _ in range(rounds):
            for place, request in enumerate(requests):
                answers[place].append(self.send(request, identity, patience=False))
        return answers

    def talk(self, raw: Raw, identity: str = "") -> Talk:
        """Puts raw bytes on a connection of their own and records each answer that came.

        What goes wrong on the way is told in the talk, a refused connection too. Errors:
        `OutOfScopeError` (also where the profile allows nothing but passive checks) and
        `BudgetSpentError`.
        """
        self.scope.require(Safety.ACTIVE, "A conversation in raw bytes")
        origin = self._core.scope.admit(raw.base_url) if raw.base_url else self._core.base
        for _ in range(max(1, raw.answers)):
            self._core.meter.take()
        heard = converse(origin, self._core.wire.trust, raw)
        request, now = named(raw.sent), time.perf_counter()
        nothing = Reply(
            now - heard.seconds,
            now,
            trouble=heard.trouble or Trouble.DROPPED,
            error=heard.error or ("closed without an answer" if heard.closed else "no answer"),
        )
        answers = [
            self._record(request, origin, reply, identity, raw.sent)
            for reply in heard.replies or [nothing]
        ]
        return Talk(
            tuple(answers) if heard.replies else (),
            heard.closed,
            heard.seconds,
            heard.junk,
            heard.error,
            tuple(a.exchange for a in answers),
            heard.began,
            heard.over,
        )

    def talks(self, raws: Sequence[Raw], identity: str = "") -> list[Talk]:
        """As `talk`, all of them at the same time; at most `MOST_TALKS`."""
        with ThreadPoolExecutor(min(MOST_TALKS, max(1, len(raws)))) as threads:
            return list(threads.map(lambda raw: self.talk(raw, identity), raws))

    def frames(self, streams: Sequence[Stream], identity: str = "") -> list[Answer]:
        """Puts requests in frames of HTTP/2 on a connection of their own, one after the other, and
        records the answers; what goes wrong is in an answer's `error`. Errors: as `talk`."""
        self.scope.require(Safety.ACTIVE, "A conversation in frames")
        for _ in streams:
            self._core.meter.take()
        trust = trusting(self._core.target.ca_file)
        trust.set_alpn_protocols(["h2", "http/1.1"])
        answers = []
        base = self._core.base
        for stream, reply in zip(streams, exchange(base, trust, streams), strict=True):
            fields = dict(stream.fields)
            shown = named(f"{fields.get(':method')} {fields.get(':path')}\n".encode("latin-1"))
            answers.append(self._record(shown, base, reply, identity, stream.shown))
        return answers

    def conversations(
        self, talks: Sequence[Sequence[Stream]], identity: str = ""
    ) -> list[list[Answer]]:
        """As `frames`, all of them at the same time; at most `MOST_TALKS`."""
        with ThreadPoolExecutor(min(MOST_TALKS, max(1, len(talks)))) as threads:
            return list(threads.map(lambda streams: self.frames(streams, identity), talks))

    def framed(self, request: Request) -> Stream:
        """A request as this probe would write it in HTTP/2, for others to start from."""
        return framed(self._core.base, request)

    def handshake(self, offer: Offer) -> Agreement:
        """Offers a way of TLS to the target's own address. Errors: as `talk`."""
        self.scope.require(Safety.ACTIVE, "A handshake")
        self._core.meter.take()
        return shake(self._core.base, offer)

    def certificate(self) -> Shown:
        """The certificate that the target's own address shows, and what a client of the profile's
        trust says of it. Errors: as `talk`."""
        self.scope.require(Safety.ACTIVE, "A handshake")
        self._core.meter.take()
        self._core.meter.take()
        return shown(self._core.base, self._core.wire.trust)

    def in_the_clear(self, request: Request) -> bytes:
        """What the target's own address answers to a request without TLS, at most its header.
        Nothing secret may be in it. Errors: as `talk`."""
        self.scope.require(Safety.ACTIVE, "A request in the clear")
        self._core.meter.take()
        return in_the_clear(self._core.base, self.spelled(request))

    def spelled(self, request: Request) -> bytes:
        """A request as this probe would write it, for raw bytes to start from."""
        return spelled(self._origin(request), request)

    def close(self) -> None:
        """Closes the connections, of every view."""
        self._core.threads.shutdown()
        self._core.wire.close()

    def _origin(self, request: Request) -> Origin:
        return self._core.scope.admit(request.base_url) if request.base_url else self._core.base

    def _settled(self, request: Request, identity: str) -> Answer:
        """One answer, with the bounded further tries that a lost connection deserves."""
        origin = self._origin(request)
        repeatable = request.method in _REPEATABLE
        for pause in (*CONNECT_PAUSES, None):
            self._core.meter.take()
            reply = self._core.wire.exchange(origin, request)
            answer = self._record(request, origin, reply, identity)
            if reply.trouble is Trouble.DROPPED and repeatable:
                repeatable = False  # an idle connection may be closed just as it is used again
            elif reply.trouble is not Trouble.CONNECT:
                return answer
            elif pause is not None:
                time.sleep(pause)
        if reply.trouble is not Trouble.CONNECT:
            return answer
        raise self._lost(origin, reply.error)

    def _lost(self, origin: Origin, error: str) -> TargetLostError:
        return TargetLostError(
            f"The target {origin} stopped answering: {self.redactor.text(error)}.",
            mend="Look whether it still runs, then go on with --resume.",
        )

    def _record(
        self,
        request: Request,
        origin: Origin,
        reply: Reply,
        identity: str,
        raw: bytes | None = None,
    ) -> Answer:
        core = self._core
        with core.lock:
            exchange = f"{core.prefix}-{next(core.numbers)}"
        record = recorded(
            core.redactor, exchange, self.check, origin, request, reply, identity, raw
        )
        with core.lock:
            self._sink(record)
        answer = Answer(
            request=request,
            status=reply.status,
            headers=Headers(reply.headers),
            body=reply.body,
            truncated=reply.truncated,
            started=reply.started,
            ended=reply.ended,
            error=reply.error,
            exchange=exchange,
            style=core.style,
        )
        for watcher in core.watchers:
            watcher(answer)
        return answer

    def _followed(self, answer: Answer, identity: str, patience: bool) -> Answer:
        """The answer behind the redirects. Errors: `OutOfScopeError`."""
        for _ in range(REDIRECTS):
            location = answer.headers.get("Location")
            if answer.status not in _REDIRECTING or not location:
                return answer
            request = self._redirected(answer, location)
            answer = self.send(replace(request, follow=False), identity, patience)
        return answer

    def _redirected(self, answer: Answer, location: str) -> Request:
        """The next request, as browsers make it; credentials stay at their origin."""
        request = answer.request
        here = self._origin(request)
        url = urljoin(f"{here}{request.path}", location)
        there = self._core.scope.admit(url, "redirect")
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            moved = replace(request, path=path, base_url=str(there))
        except ValueError as error:
            raise OutOfScopeError(f"A redirect was not followed: {error}") from error
        if answer.status == 303 or (answer.status in {301, 302} and request.method == "POST"):
            moved = replace(moved, method="GET", content=b"").without_header("Content-Type")
        return moved if there == here else replace(moved, headers=())
