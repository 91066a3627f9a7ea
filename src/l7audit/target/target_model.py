"""The target as a check sees it: surfaces by what they are, never by what they are called."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from l7audit.model import Identity, Kind, Target
from l7audit.target.classify import classify
from l7audit.target.hints import hinted
from l7audit.target.learnt import Learnt
from l7audit.target.meaning import ONESELF
from l7audit.target.openapi import Document
from l7audit.target.operation import Operation, Scheme
from l7audit.target.surface import COMPOSED, Surface
from l7audit.target.words import all_words, says

if TYPE_CHECKING:  # sessions need the model; the model only passes them on
    from l7audit.target.sessions import Sessions

MOST_TRIED = 16
"""Reads that are tried when looking for some that an identity may make."""

_PLAINNESS = {
    Kind.STREAMING: 64, Kind.METRICS: 32, Kind.HEALTH: 16, Kind.OPENAPI: 16, Kind.JWKS: 8,
    Kind.ADMIN: 8, Kind.COSTLY: 8, Kind.KEY_LIST: 4, Kind.PATH_TAKING: 2,
}  # fmt: skip
_READS = {Kind.PUBLIC_READ, Kind.PROTECTED_READ}


@lru_cache(maxsize=4)
def _parsed(text: str) -> Document:
    """The document, read once a process: each variant of a proof has the same one."""
    return Document.parse(text)


_LAST: list[tuple[tuple[Sequence[Operation], str, Sequence[str]], tuple[Operation, ...]]] = []
"""The operations that were classified last, and what came of it."""


def _classified(
    operations: Sequence[Operation], prefix: str, token_urls: Sequence[str]
) -> tuple[Operation, ...]:
    """As `classify`, once for the targets of a process that have the same operations."""
    given = (operations, prefix, token_urls)
    for known, found in _LAST:
        if known == given:
            return found
    found = classify(operations, prefix, token_urls)
    _LAST[:] = [(given, found)]
    return found


class TargetModel:
    """What is known of a target. It sends nothing itself; safe for threads."""

    def __init__(
        self,
        document: Document | None,
        target: Target,
        seed: int = 0,
        learnt: Learnt | None = None,
    ) -> None:
        """Errors: `UsageError` where a hint of the profile is malformed."""
        self.target = target
        self.seed = seed
        self.document = document
        # A path in the base URL is the user's own word; the document's server is only a guess.
        prefix = document.prefix if document is not None else ""
        self.prefix = urlsplit(target.base_url).path.rstrip("/") or prefix
        self.learnt = learnt or Learnt()
        described = document.operations if document is not None else ()
        schemes = document.schemes.values() if document is not None else ()
        urls = [url for scheme in schemes for url in scheme.token_urls]
        found = _classified(self.learnt.applied(described, target), prefix, urls)
        self.operations = hinted(found, target)
        self._lock = threading.Lock()
        self._readable: dict[tuple[str, str], bool] = {}
        self._schemes: dict[str, list[Scheme]] = {}

    @classmethod
    def of(
        cls, text: str, target: Target, *, seed: int = 0, learnt: Learnt | None = None
    ) -> TargetModel:
        """The model from the document's text, corrected by what was `learnt`; from hints alone
        where there is no text.

        Errors: `DocumentError`, `UsageError`.
        """
        return cls(_parsed(text) if text.strip() else None, target, seed, learnt)

    @property
    def documented(self) -> tuple[Operation, ...]:
        """The operations without those that only the target's answers tell of."""
        return tuple(o for o in self.operations if not o.learnt)

    def sample(self, full: int, few: int = 0, *, force: bool = False) -> int:
        """How many requests are spent on what more of them only say more surely: `full` on a stack
        that was started for it, `few` at somebody's, unless the hint `samples` wants the other.
        With `force` they are what an attack needs, so that a stack of ours always gets all."""
        wanted = self.target.hints.get("samples")
        if self.target.provider == "external":
            return full if wanted == "full" else few
        return few if wanted == "few" and not force else full

    def surfaces(self, kind: Kind, limit: int = 3) -> list[Surface]:
        """Surfaces of a kind: the plainest first, chosen by the seed among equals."""
        found = [o for o in self.operations if kind in o.kinds]
        return [self.surface(o) for o in sorted(found, key=lambda o: self._order(o, kind))[:limit]]

    def surface(self, operation: Operation) -> Surface:
        """An operation, with the profile's values for its path."""
        values = self.target.hints.get("values")
        known = {str(k): str(v) for k, v in values.items()} if isinstance(values, dict) else {}
        return Surface(operation, self.prefix, known, str(self.seed))

    def schemes(self, kind: str) -> list[Scheme]:
        """The security schemes of a kind that the target declares, the most used first."""
        if kind not in self._schemes:
            self._schemes[kind] = self._counted(kind)
        return self._schemes[kind]

    def _counted(self, kind: str) -> list[Scheme]:
        counted: dict[Scheme, int] = {}
        for operation in self.operations:
            for alternative in operation.security:
                for requirement in alternative:
                    if requirement.scheme.kind == kind:
                        counted[requirement.scheme] = counted.get(requirement.scheme, 0) + 1
        if self.document is not None:
            for scheme in self.document.schemes.values():
                if scheme.kind == kind:
                    counted.setdefault(scheme, 0)
        return sorted(counted, key=lambda s: (-counted[s], s.name))

    def protected_reads(
        self,
        sessions: Sessions | None = None,
        identity: Identity | None = None,
        limit: int = 3,
        accepts: str = "",
    ) -> list[Surface]:
        """Protected reads, those without path parameters first.

        With `sessions` and an `identity` only ones that answer it with success, which is asked
        once and remembered. `accepts` wants ones that a credential of that kind opens.
        """
        found = [
            s
            for s in self.surfaces(Kind.PROTECTED_READ, limit=len(self.operations))
            if not accepts or s.accepts(accepts)
        ]
        if sessions is None or identity is None:
            return found[:limit]
        open_to: list[Surface] = []
        for surface in found[:MOST_TRIED]:
            if len(open_to) >= limit:
                break
            ready = self.resolve(surface, sessions, identity)
            if ready is not None and self._reads(ready, sessions, identity):
                open_to.append(ready)
        return open_to

    def resolve(self, surface: Surface, sessions: Sessions, identity: Identity) -> Surface | None:
        """The surface with real values for its path parameters, and for what in its body and query
        names things that are there, found by listing or creating.

        None where nothing that its path needs exists and none can be made.
        """
        # Imported here: finding values sends requests, which the model itself never does.
        from l7audit.target.filling import filled  # noqa: PLC0415
        from l7audit.target.values import resolve  # noqa: PLC0415

        ready = resolve(self, surface, sessions, identity)
        return None if ready is None else filled(self, ready, sessions, identity)

    def _reads(self, surface: Surface, sessions: Sessions, identity: Identity) -> bool:
        key = (str(surface.operation.place), identity.name)
        with self._lock:
            known = self._readable.get(key)
        if known is None:
            request = surface.request(auth=sessions.auth(identity, surface))
            known = sessions.probe.send(request, identity.name).ok
            with self._lock:
                self._readable[key] = known
        return known

    def _order(self, operation: Operation, kind: Kind) -> tuple[int, int, int, str]:
        required = [p for p in operation.parameters if p.required]
        odd = 0
        if kind in _READS:
            odd = sum(weight for k, weight in _PLAINNESS.items() if k in operation.kinds)
            # What everybody may read about oneself tells being let in from being allowed.
            odd += not says(all_words([operation.name, operation.template]), *ONESELF)
        chance = hashlib.sha256(f"{self.seed}:{operation.place}".encode()).hexdigest()
        return len(operation.path_parameters), odd, len(required), chance


__all__ = ["COMPOSED", "Surface", "TargetModel"]
