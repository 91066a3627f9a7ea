"""How identities get in: what the target offers, and whether somebody really is let in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from l7audit.errors import AuditError
from l7audit.model import Identity, Kind, Target
from l7audit.probe.probe import Probe
from l7audit.target.forms import login_form
from l7audit.target.hints import field_names
from l7audit.target.meaning import is_password, login_fields
from l7audit.target.operation import Operation
from l7audit.target.reachable import members_reads
from l7audit.target.schemas import properties
from l7audit.target.sessions import Sessions
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel

MOST_TRIED = 6
"""Protected reads that are tried to see whether an identity is let in."""

_DEAR = {Kind.STREAMING, Kind.COSTLY}
PREFIXES = ("Token", "JWT", "")
"""What may stand before a token in `Authorization` where `Bearer` is refused."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way in: the kind of credential that it takes, and a sentence on where."""

    kind: str
    told: str
    name: str = ""


def ways(model: TargetModel) -> list[Way]:
    """The ways in that the target offers, the likeliest first."""
    found = [Way("password", _login(model, s.operation)) for s in model.surfaces(Kind.LOGIN, 2)]
    if page := model.target.hints.get("login_page"):
        found.append(Way("password", f"the form at {page}, its hidden fields sent along"))
    for surface in model.surfaces(Kind.TOKEN, 2):
        where = surface.operation.place
        found.append(Way("password", f"OAuth2 password grant at {where}"))
        found.append(Way("client", f"OAuth2 client credentials at {where}"))
    for scheme in model.schemes("api_key"):
        told = f"an API key in the {scheme.place} {scheme.field}"
        found.append(Way("api_key", told, scheme.field))
    if model.schemes("basic"):
        found.append(Way("basic", "HTTP basic authentication"))
    if model.document is not None and model.schemes("bearer"):
        found.append(Way("bearer", "a bearer token"))
    for scheme in model.schemes("cookie"):
        found.append(Way("cookie", f"the session cookie {scheme.field}", scheme.field))
    return list(dict.fromkeys(found))


def unsure(model: TargetModel) -> list[str]:
    """Operations that may be the login, where none was told to be."""
    if model.surfaces(Kind.LOGIN, 1) or model.surfaces(Kind.TOKEN, 1):
        return []
    return [
        str(operation.place)
        for operation in model.operations
        if operation.method == "POST" and _takes_password(operation)
    ][:3]


def _takes_password(operation: Operation) -> bool:
    return any(
        is_password(name, part)
        for schema in operation.bodies.values()
        for name, part in properties(schema).items()
    )


def _login(model: TargetModel, operation: Operation) -> str:
    known = [found for schema in operation.bodies.values() if (found := login_fields(schema))]
    names = field_names(model.target.hints) or (known[0] if known else None)
    return f"{operation.place}" + (f" with {names[0]} and {names[1]}" if names else "")


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an identity was let in. `told` says at what, or what failed and how to mend it;
    `hints` are what has to be in the profile for it."""

    identity: Identity
    let_in: bool
    told: str
    hints: dict[str, Any] = field(default_factory=dict)


def admitted(target: Target, text: str, probe: Probe, identity: Identity) -> Admission:
    """Logs the identity in and reads something with it that is refused to strangers.

    Where a token is refused behind `Bearer`, other prefixes are tried. Errors: `TargetLostError`.
    """
    told = ""
    for hints in _variants(target, identity):
        aimed = msgspec.structs.replace(
            target, identities=[identity], hints={**target.hints, **hints}
        )
        model = TargetModel.of(text, aimed)
        sessions = Sessions(model, probe)
        try:
            sessions.auth(identity)
            reads, refused = _reads(model, sessions, identity)
        except AuditError as error:
            if error.exit.name == "INTERNAL" and "stopped answering" in str(error):
                raise
            return Admission(identity, False, str(error))
        if reads:
            return Admission(identity, True, f"{identity.name} reads {reads}", hints)
        told = told or refused
    if not told:
        said = "logs in; nothing is known that only members may read"
        return Admission(identity, True, f"{identity.name} {said}")
    return Admission(
        identity,
        False,
        f"{identity.name} has a credential, and is refused with it ({told}).",
    )


def members_only(target: Target, probe: Probe, identity: Identity) -> list[str]:
    """What such an identity reads and nobody else does, where no document says it."""
    aimed = msgspec.structs.replace(target, identities=[identity])
    try:
        return members_reads(probe, Sessions(TargetModel.of("", aimed), probe).auth(identity))
    except AuditError:
        return []  # why it is not let in is told already


def _variants(target: Target, identity: Identity) -> Iterator[dict[str, Any]]:
    yield {}
    tokens = {"password", "client", "bearer"} & {c.kind for c in identity.credentials}
    if tokens and "token_prefix" not in target.hints and "token_header" not in target.hints:
        for prefix in PREFIXES:
            yield {"token_prefix": prefix}


def _reads(model: TargetModel, sessions: Sessions, identity: Identity) -> tuple[str, str]:
    """What the identity reads and nobody else does, or else what refused it; both may be empty."""
    refused = ""
    for surface in _plain(model):
        request = surface.request(auth=sessions.auth(identity, surface))
        answer = sessions.probe.send(replace(request, follow=True), identity.name)
        place = surface.operation.place
        sent_back = login_form(answer.text, "/") is not None
        if answer.ok and not sent_back and not sessions.probe.send(surface.request()).ok:
            return str(place), ""
        if answer.status == 401 or sent_back:
            said = "sent it back to the login" if sent_back else "answered 401"
            refused = refused or f"{place} {said}"
    return "", refused


def _plain(model: TargetModel) -> list[Surface]:
    """Protected reads; where the document protects none, reads whose protection it may not tell."""
    for kind in (Kind.PROTECTED_READ, Kind.PUBLIC_READ):
        listed = model.surfaces(kind, limit=len(model.operations))
        plain = [s for s in listed if not s.needs_values and not _DEAR & s.kinds]
        if plain:
            return plain[:MOST_TRIED]
    return []
