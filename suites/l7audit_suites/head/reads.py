"""Reads that succeed, and requests that are bound to fail: the answers whose headers are judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel

_MOST_TRIED = 12
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_DOCUMENTS = _PAGES | {"image/svg+xml", "application/xml", "text/xml"}
"""What browsers render, and run the scripts of."""

TOO_LARGE = 1_100_000
"""Bytes of a body that an operation for small documents should not take."""


@dataclass(frozen=True, slots=True)
class Read:
    """A read that was answered with success. `protected` says that it went with a credential."""

    surface: Surface
    request: Request
    success: Answer
    protected: bool

    def place(self, part: str = "") -> Place:
        return self.surface.place(part)


_ANSWERS: WeakKeyDictionary[TargetModel, dict[tuple[str, str, str], Answer]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Mistake:
    """A request that was refused, and where that is told of. `name` is the same in every run."""

    name: str
    place: Place
    request: Request
    refusal: Answer


def reads(check: Check, protected: int = 2, public: int = 1) -> list[Read]:
    """Reads that succeed, protected ones first; ends the check where there is none at all.

    That the first of them is answered is the check's witness.
    """
    found = [*_protected(check, protected), *_public(check, public)]
    if not found:
        check.inconclusive("No read of the target answered with success.")
    check.witness("a read is answered with success", lambda: check.send(found[0].request))
    return found


def somebody(check: Check) -> Identity | None:
    """An identity with ordinary quotas, if the profile has one."""
    return next((i for i in check.identities if "limited" not in i.tags), None)


def _protected(check: Check, most: int) -> list[Read]:
    identity = somebody(check)
    if identity is None or not most:
        return []
    surfaces = check.model.protected_reads(limit=_MOST_TRIED)
    ready = (
        check.model.resolve(s, check.sessions, identity) if s.needs_values else s for s in surfaces
    )
    answered = (r for s in ready if s and (r := _read(check, s, check.sessions.auth(identity, s))))
    return list(islice(answered, most))


def _public(check: Check, most: int) -> list[Read]:
    found = check.model.surfaces(Kind.PUBLIC_READ, limit=2 * most)
    answered = (r for s in found if (r := _read(check, s, Auth.none())))
    return list(islice(answered, most))


def _read(check: Check, surface: Surface, auth: Auth) -> Read | None:
    """The read where it succeeds, which is asked once a process."""
    request = surface.request(auth=auth)
    known = _ANSWERS.setdefault(check.model, {})
    asked = (request.method, request.path, auth.kind)
    if asked not in known:
        known[asked] = check.send(request)
    return Read(surface, request, known[asked], auth.kind != "none") if known[asked].ok else None


def mistakes(
    check: Check, read: Read, *, large: bool = False, headers: Mapping[str, str] | None = None
) -> list[Mistake]:
    """Requests that were refused with 4xx, one for each kind of mistake that is.

    `large` adds a body that is too large; all are sent with `headers`. What broke (5xx) or was
    accepted is no mistake and left out; fewer than two end the check.
    """
    found = []
    for name, place, request in _mistakes(check, read):
        if len(request.content) >= TOO_LARGE and not large:
            continue
        request = request.with_headers(headers or {})
        refusal = check.send(request)
        if refusal.status is not None and 400 <= refusal.status < 500:
            found.append(Mistake(name, place, request, refusal))
        elif not refusal.ok:
            check.observe(f"The mistake of {name} was not refused: something broke.", refusal)
    if len(found) < 2:
        check.inconclusive("Hardly any mistake is refused with 4xx, so errors cannot be judged.")
    return found


def unknown_path(check: Check) -> Request:
    """A path that no service has, without a credential."""
    return Request("GET", f"/l7audit-{check.random.randrange(16**10):010x}")


def _mistakes(check: Check, read: Read) -> Iterable[tuple[str, Place, Request]]:
    yield "an unknown path", Place(operation="GET /?"), unknown_path(check)
    if read.protected:
        bare = read.surface.request()
        yield "no credential", read.place(), bare
        wrong = bare.with_auth(Auth.bearer("l7audit.no.token"))
        yield "a wrong credential", read.place(), wrong
    # TRACE is safe by definition (RFC 9110 9.3.8), so asking for it can change nothing.
    yield "a method that is not there", read.place(), replace(read.request, method="TRACE")
    taking = _taking(check)
    if taking is None:
        return
    surface, auth = taking
    sent = surface.request(auth=auth)
    for name, kind, body in (
        ("an unknown content type", "application/x-l7audit", b"l7audit"),
        ("a broken body", "application/json", b'{"l7audit":'),
        ("a body that is too large", "application/json", b'"%b"' % (b"a" * TOO_LARGE)),
    ):
        spoilt = replace(sent, content=body).with_headers({"Content-Type": kind})
        yield name, surface.place(), spoilt


def _taking(check: Check) -> tuple[Surface, Auth] | None:
    """An operation that takes a small document: best one that changes nothing when it is wrong."""
    for kind in (Kind.LOGIN, Kind.TOKEN):
        for surface in check.model.surfaces(kind, limit=1):
            return surface, Auth.none()
    identity = somebody(check)
    for surface in check.model.surfaces(Kind.RESOURCE_CREATE, limit=1) if identity else ():
        assert identity is not None
        return surface, check.sessions.auth(identity, surface)
    return None


def where_rendered(answer: Answer) -> Confidence:
    """How sure it is that the lack of a header against what pages do harms anybody: what browsers
    render as a document needs it, data only as a second line (OWASP REST Security Cheat Sheet,
    security headers)."""
    return Confidence.CONFIRMED if answer.media_type in _DOCUMENTS else Confidence.WEAK


def pages(check: Check, read: Read) -> list[tuple[Place, Answer]]:
    """The pages that a browser gets, where the target answers any in HTML."""
    wish = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
    asked = [
        (Place(operation="GET /?", part="page"), unknown_path(check)),
        (Place(operation="GET /", part="page"), Request("GET", "/")),
        (read.place("page"), read.request),
        (read.place("page without a credential"), read.surface.request()),
    ]
    answers = [(place, check.send(request.with_headers(wish))) for place, request in asked]
    return [(p, a) for p, a in answers if a.media_type in _PAGES]
