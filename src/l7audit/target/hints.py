"""What the profile says about a target where its document is silent or wrong.

`<kind>` (also in the plural: `protected_reads`) names operations as `METHOD /path`, one or a list;
the hinted ones are then the only ones of that kind. `values` fills path parameters by name.
`login_fields: {user: ..., password: ...}`, `login_media: form` and `token_field: a.b` describe the
login; `login_page: /path` is the page of a login form, whose hidden fields are sent along;
`token_header` and `token_prefix` say where a token goes where that is not behind `Bearer`;
`discover_openapi: true` allows looking for a document at well-known addresses.
`sharing: {read: ..., change: ...}` says who may read and change what somebody has made (`owner`,
`tenant` or `everybody`); `admin_roles: [...]` names roles of power whose names don't tell.
`listener: host:port` is an address of this machine that the target may call although it is an
inner one, and where a check may listen for that.
`documentation: document` says that the document is public and no page for reading or trying the
API is; `closed` that neither is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from l7audit.errors import UsageError
from l7audit.model import Kind, Target
from l7audit.target.operation import FORM, Operation, Parameter, Requirement, Scheme

_OPERATION = re.compile(r"([A-Z]{3,10}) +(/[\x21-\x7e]*)")
_SLOT = re.compile(r"\{([^{}]+)\}")
_PUBLIC = {Kind.PUBLIC_READ, Kind.LOGIN, Kind.TOKEN, Kind.JWKS, Kind.OPENAPI, Kind.HEALTH}
_READS = {
    Kind.PUBLIC_READ, Kind.PROTECTED_READ, Kind.JWKS, Kind.OPENAPI, Kind.RESOURCE_LIST,
    Kind.RESOURCE_READ, Kind.KEY_LIST, Kind.HEALTH, Kind.METRICS,
}  # fmt: skip


def hinted(operations: Iterable[Operation], target: Target) -> tuple[Operation, ...]:
    """The operations with the profile's word put over what the rules say; unknown ones are added.

    Errors: `UsageError` where a hint names no operation as it should.
    """
    found = {(o.method, o.template): o for o in operations}
    for kind in Kind:
        named = _named(kind, target.hints)
        if named is None:
            continue
        keys = [_operation(kind, text) for text in named]
        for key, operation in found.items():
            if key not in keys and kind in operation.kinds:
                found[key] = operation.of_kinds(operation.kinds - {kind})
        for key in keys:
            known = found.get(key) or _made(kind, *key, target)
            extra = {kind}
            if kind not in _READS and known.method == "GET":
                raise UsageError(f"The hint {_key(kind)} names a GET: {key[0]} {key[1]}.")
            if kind is Kind.PROTECTED_READ:
                known = replace(known, security=known.security or identity_security(target))
                known = known.of_kinds(known.kinds - {Kind.PUBLIC_READ})
            if kind in _PUBLIC:
                known = known.of_kinds(known.kinds - {Kind.PROTECTED_READ})
                if not known.public:
                    known = replace(known, security=())
            found[key] = known.of_kinds(known.kinds | extra)
    return tuple(found.values())


def _key(kind: Kind) -> str:
    return kind.value.replace(" ", "_")


def _named(kind: Kind, hints: Mapping[str, Any]) -> list[Any] | None:
    """What the hints list for a kind; None where they don't speak of it."""
    key = _key(kind)
    for name in (key, key + "s", key.removesuffix("y") + "ies"):
        if name in hints:
            value = hints[name]
            return value if isinstance(value, list) else [value]
    return None


def _operation(kind: Kind, text: Any) -> tuple[str, str]:
    match = _OPERATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise UsageError(
            f"The hint {_key(kind)} is {text!r}, which names no operation.",
            mend="Write the method and the path: GET /things",
        )
    return match.group(1), match.group(2)


def _made(kind: Kind, method: str, path: str, target: Target) -> Operation:
    """An operation that only the profile knows."""
    public = kind in _PUBLIC
    template = path.partition("?")[0]
    bodies = {}
    if kind is Kind.LOGIN:
        bodies = {_login_media(target.hints): _login_schema(target.hints)}
    elif kind is Kind.TOKEN:
        fields = {name: {"type": "string"} for name in ("grant_type", "client_id", "client_secret")}
        bodies = {FORM: {"type": "object", "properties": fields}}
    kinds = {kind}
    if method == "GET":
        kinds.add(Kind.PUBLIC_READ if public else Kind.PROTECTED_READ)
    return Operation(
        name=f"{method} {path}",
        method=method,
        template=template,
        parameters=tuple(Parameter(name, "path", True) for name in _SLOT.findall(template)),
        bodies=bodies,
        body_required=bool(bodies),
        security=() if public else identity_security(target),
        kinds=frozenset(kinds),
    )


def _login_media(hints: Mapping[str, Any]) -> str:
    return FORM if hints.get("login_media") == "form" else "application/json"


def _login_schema(hints: Mapping[str, Any]) -> dict[str, Any]:
    user, password = field_names(hints) or ("username", "password")
    members = {user: {"type": "string"}, password: {"type": "string", "format": "password"}}
    return {"type": "object", "properties": members, "required": [user, password]}


def field_names(hints: Mapping[str, Any]) -> tuple[str, str] | None:
    """The hinted names of a login's fields; None without a hint."""
    names = hints.get("login_fields")
    if not isinstance(names, Mapping):
        return None
    user = names.get("user") or names.get("username")
    password = names.get("password")
    return (str(user), str(password)) if user and password else None


def identity_security(target: Target) -> tuple[tuple[Requirement, ...], ...]:
    """Any credential that the identities have, since no document says which are accepted."""
    schemes: dict[str, Scheme] = {}
    for identity in target.identities:
        for credential in identity.credentials:
            if credential.kind == "api_key":
                schemes.setdefault("api_key", Scheme("api_key", "api_key", credential.name))
            elif credential.kind == "basic":
                schemes.setdefault("basic", Scheme("basic", "basic", "Authorization"))
            else:
                schemes.setdefault("bearer", Scheme("bearer", "bearer", "Authorization"))
    known = schemes or {"bearer": Scheme("bearer", "bearer", "Authorization")}
    return tuple((Requirement(scheme),) for scheme in known.values())
