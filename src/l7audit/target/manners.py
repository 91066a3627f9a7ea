"""How a target behaves before anything hostile is sent: what it answers to members and strangers.

A handful of plain reads, bounded, made once a run. Every later judgement rests on them: a refusal
is known by what strangers get where members get something else, not by its status alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from l7audit.errors import CredentialError
from l7audit.model import Identity, Kind, Safety
from l7audit.probe.answer import Answer
from l7audit.probe.probe import Probe
from l7audit.probe.refusal import complains, signature
from l7audit.probe.request import Auth
from l7audit.target.accounts import own_accounts, shown
from l7audit.target.browse import browsed
from l7audit.target.learnt import Learnt, described
from l7audit.target.likeness import alike
from l7audit.target.offers import offered, unnamed
from l7audit.target.sessions import Sessions
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel

MOST_STRANGE = 3
"""Protected reads at which a stranger's answer is looked at."""

MOST_READS = 24
"""Further reads whose document says too little: whether they are public, what they answer."""

MOST_OFFERS = 8
"""Kinds of things that are asked for methods which no document names."""

MOST_ACCOUNTS, MOST_CALLERS = 3, 4
"""Reads of a caller's own account, and the callers that make them."""

MOST_CARRIED = 3
"""Protected reads at which it is tried how tokens are carried."""

_CARRIED = (
    ("Authorization", "Token"), ("Authorization", "JWT"), ("Authorization", ""),
    ("X-Access-Token", ""), ("X-Auth-Token", ""),
)  # fmt: skip
"""Where services take a token that is refused behind `Bearer`: header, and the word before it."""

_OUT_OF_USE = {"limited", "expired", "revoked"}
_NOT_ASKED = {
    Kind.STREAMING, Kind.METRICS, Kind.HEALTH, Kind.OPENAPI, Kind.JWKS, Kind.COSTLY, Kind.LOGIN,
}  # fmt: skip


def learn(model: TargetModel, probe: Probe) -> Learnt:
    """What plain reads teach of this target. Errors: as `Probe.send`; logins that fail teach
    nothing and are told by the checks that need them."""
    lessons = _Lessons(model, probe)
    carried = lessons.carried()
    lessons.refusals()
    lessons.silences()
    lessons.offers()
    return Learnt(
        frozenset(lessons.signatures),
        frozenset(lessons.protected),
        lessons.answers,
        carried,
        lessons.offered,
        browsed(lessons.sessions, next(iter(lessons.members), None)),
        lessons.accounts(),
    )


class _Lessons:
    """The reads of one `learn`, each made once."""

    def __init__(self, model: TargetModel, probe: Probe) -> None:
        self.model = model
        self.probe = probe
        self.sessions = Sessions(model, probe)
        self.callers = [
            i for i in model.target.identities if i.credentials and not _OUT_OF_USE & set(i.tags)
        ][:MOST_CALLERS]
        self.members = self.callers[:2]
        self.silent = not any(o.security for o in model.operations)
        self.signatures: set[str] = set()
        self.protected: set[str] = set()
        self.answers: dict[str, dict[str, object]] = {}
        self.offered: dict[str, tuple[str, ...]] = {}

    def carried(self) -> tuple[str, str] | None:
        """In which header and behind which word tokens are taken here; None where it is the usual
        way, or the profile's, or none of those that are known."""
        told = {"token_header", "token_prefix"} & self.model.target.hints.keys()
        found = self._token() if not told else None
        if found is None:
            return None
        member, auth = found
        refused: list[tuple[Surface, Answer]] = []
        for surface in islice(self._reads(public=self.silent), MOST_CARRIED):
            answer = self.probe.send(surface.request(auth=auth), member.name)
            if answer.ok and not self.silent:
                return None
            if answer.status in (400, 401, 403):
                refused.append((surface, answer))
        for surface, answer in refused[:1]:
            for header, word in self._places(answer):
                value = f"{word} {auth.secret}".strip()
                tried = Auth("bearer", header, value)
                if self.probe.send(surface.request(auth=tried), member.name).ok:
                    learnt = Learnt(carried=(header, word))
                    model = self.model
                    self.model = TargetModel(model.document, model.target, model.seed, learnt)
                    self.sessions = Sessions(self.model, self.probe)
                    return header, word
        return None

    def _token(self) -> tuple[Identity, Auth] | None:
        """A member with a token; None where nobody has one."""
        for member in self.members:
            if not any(member.credential(kind) for kind in ("password", "client", "bearer")):
                continue
            with suppress(CredentialError):
                return member, self.sessions.carried(self.sessions.bearer(member))
        return None

    def _places(self, refusal: Answer) -> list[tuple[str, str]]:
        """What may be tried, the likeliest first: what the refusal's challenge asks for, and the
        headers that the document knows keys in."""
        challenges = refusal.headers.get_all("WWW-Authenticate")
        words = [c.split(maxsplit=1)[0].rstrip(",") for c in challenges if c.strip()]
        asked = [("Authorization", w) for w in words if w.lower() not in {"bearer", "basic"}]
        fields = [s.field for s in self.model.schemes("api_key") if s.place == "header"]
        declared = [(f, "") for f in fields if f and f.lower() != "authorization"]
        return list(dict.fromkeys([*asked, *declared, *_CARRIED]))

    def refusals(self) -> None:
        """How strangers are told no at reads that are protected for sure."""
        surfaces = self._reads(public=False)
        for surface in islice(surfaces, MOST_STRANGE if self.members else 0):
            stranger = self.probe.send(surface.request())
            if not _odd(stranger):
                continue
            good = self._member(surface)
            if good is not None and not (complains(good) or _same(stranger, good)):
                self.signatures.add(signature(stranger))

    def silences(self) -> None:
        """Reads of which the document does not tell who may make them, or what they answer."""
        for surface in islice(self._unclear(), MOST_READS):
            operation, name = surface.operation, str(surface.operation.place)
            stranger = self.probe.send(surface.request()) if operation.public else None
            shown: Answer | None = stranger
            if stranger is None or not stranger.ok or self.silent:
                shown = self._member(surface)
                if stranger is not None and self._closed(stranger, shown):
                    self.protected.add(name)
                    if shown is not None and _odd(stranger):
                        self.signatures.add(signature(stranger))
            body = shown.json_or_none() if shown is not None and shown.ok else None
            if body is not None and not operation.answer_schema:
                self.answers[name] = described(body)

    def offers(self) -> None:
        """Methods on things that the document does not name; asked where they would be used."""
        if not self.members or self.probe.scope.safety.rank < Safety.INTRUSIVE.rank:
            return
        member = self.members[0]
        known = Learnt(protected=frozenset(self.protected))
        operations = known.applied(self.model.operations, self.model.target)
        for operation, told in islice(unnamed(operations), MOST_OFFERS):
            surface = self.model.surface(operation)
            with suppress(CredentialError):
                auth = self.sessions.auth(member, surface)
                if found := offered(self.probe, surface, auth, member.name, told):
                    self.offered[operation.template] = found

    def accounts(self) -> dict[str, tuple[dict[str, Any], ...]]:
        """What is there of the callers themselves at somebody's target, to be written back."""
        if self.model.target.provider != "external" or self.probe.scope.safety is Safety.PASSIVE:
            return {}
        found: dict[str, tuple[dict[str, Any], ...]] = {}
        for operation in own_accounts(self.model)[:MOST_ACCOUNTS]:
            surface = self.model.surface(operation)
            answers = [self._as(surface, identity) for identity in self.callers]
            known = [shown(a.json_or_none()) for a in answers if a is not None and a.ok]
            if any(known):
                found[operation.template] = tuple(filter(None, known))
        return found

    def _closed(self, stranger: Answer, shown: Answer | None) -> bool:
        """Whether a read that no document calls protected is closed to strangers. Where members
        are turned away, too, as from what is an admin's, only the refusal can tell: 401 says
        that a credential would help; any other says it where the document tells of none at all.
        """
        if shown is not None and shown.ok:
            return _kept_out(stranger, shown)
        return stranger.status == 401 or (self.silent and self._turned_away(stranger))

    def _turned_away(self, stranger: Answer) -> bool:
        return stranger.refused or signature(stranger) in self.signatures

    def _reads(self, *, public: bool) -> Iterator[Surface]:
        kind = Kind.PUBLIC_READ if public else Kind.PROTECTED_READ
        for surface in self.model.surfaces(kind, limit=len(self.model.operations)):
            if not surface.needs_values and not _NOT_ASKED & surface.kinds:
                yield surface

    def _unclear(self) -> Iterator[Surface]:
        if self.members:
            yield from self._reads(public=True)
        yield from (s for s in self._reads(public=False) if not s.operation.answer_schema)

    def _member(self, surface: Surface) -> Answer | None:
        """What the first identity that the read answers gets; None where it answers none."""
        for identity in self.members:
            answer = self._as(surface, identity)
            if answer is not None and answer.ok:
                return answer
        return None

    def _as(self, surface: Surface, identity: Identity) -> Answer | None:
        try:
            auth = self.sessions.auth(identity, surface)
        except CredentialError:
            return None
        return self.probe.send(surface.request(auth=auth), identity.name)


def _odd(stranger: Answer) -> bool:
    """Whether an answer to a stranger may be a no that nobody would know for one.

    Not 404: that is also what is said of things that are not there.
    """
    status = stranger.status or 0
    return 200 <= status < 500 and status not in (404, 405, 429) and not stranger.refused


def _same(stranger: Answer, good: Answer) -> bool:
    """Whether the stranger got what the member got."""
    return stranger.ok and (alike(stranger, good) or alike(good, stranger))


def _kept_out(stranger: Answer, good: Answer) -> bool:
    """Whether a stranger was turned away from what a member gets."""
    return good.ok and (stranger.refused or (_odd(stranger) and not _same(stranger, good)))
