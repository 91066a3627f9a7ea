"""A profile as a newcomer reads it: every line works, every comment says what it is for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from l7audit.model import Identity
from l7audit.probe.scope import Origin, on_loopback

SUFFIXES = {
    "password": "PASSWORD", "basic": "PASSWORD", "api_key": "API_KEY", "bearer": "TOKEN",
    "client": "CLIENT_SECRET", "cookie": "SESSION",
}  # fmt: skip
"""How the environment variable of an identity's secret ends, by the credential's kind."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a target. `variables` maps a secret to the environment variable that
    stands for it; `unsure` are comments on what the target may be beside."""

    url: str
    openapi: str = ""
    found: str = ""
    ca_file: str = ""
    identities: Sequence[Identity] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, Any] = field(default_factory=dict)
    unsure: Sequence[str] = ()
    today: date = date(2000, 1, 1)


def variable(identity: str, kind: str) -> str:
    """The environment variable of a secret: `ALICE_PASSWORD`."""
    name = re.sub(r"[^A-Z0-9]+", "_", identity.upper()).strip("_") or "USER"
    return f"{'U_' * name[0].isdigit()}{name}_{SUFFIXES.get(kind, 'SECRET')}"


def profile_text(draft: Draft) -> str:
    """The profile as YAML. No secret is in it."""
    return "\n".join([*_lines(draft), ""])


def _lines(draft: Draft) -> Iterator[str]:
    origin = Origin.of(draft.url)
    yield "# What l7audit audits, and how far it may go. `l7audit init` wrote it; it is yours."
    yield "# Run it: l7audit run"
    yield ""
    yield f"name: {_text(re.sub(r'[^A-Za-z0-9.-]+', '-', origin.authority))}"
    yield "target:"
    yield "  provider: external                # a service at a URL, not started by l7audit"
    yield f"  url: {_text(draft.url)}"
    if draft.openapi:
        yield f"  openapi: {_text(draft.openapi)}" + (f"    # {draft.found}" * bool(draft.found))
    else:
        yield "  # No OpenAPI document was found. Name a file or a URL of the same origin here:"
        yield "  # openapi: openapi.yaml"
    if draft.ca_file:
        yield f"  ca_file: {_text(draft.ca_file)}"
    yield "  # Browser origins that its CORS policy should admit, if any:"
    yield "  # allowed_origins: [https://app.example.org]"
    yield from _identities(draft)
    yield from _hints(draft)
    yield ""
    yield from _limits(draft, origin)


def _identities(draft: Draft) -> Iterator[str]:
    yield "  # Who l7audit may be. Two ordinary users show whether one reaches what is the other's,"
    yield "  # an admin (role: admin) whether they reach what is the admin's. Secrets are read from"
    yield "  # the environment, or from the file of this name that ends in .env."
    if not draft.identities:
        yield "  identities: []"
        yield "  # identities:"
        yield "  #   - name: alice"
        yield "  #     credentials:"
        yield '  #       - {kind: password, name: alice@example.org, secret: "${ALICE_PASSWORD}"}'
        yield "  # kinds: password, api_key, bearer, basic, client (OAuth2), cookie"
        return
    yield "  identities:"
    for identity in draft.identities:
        yield f"    - name: {_text(identity.name)}"
        yield f"      role: {_text(identity.role)}"
        if identity.tenant:
            yield f"      tenant: {_text(identity.tenant)}"
        if identity.tags:
            yield f"      tags: {json.dumps(identity.tags)}"
        yield "      credentials:"
        for each in identity.credentials:
            name = f"name: {_text(each.name)}, " if each.name else ""
            place = f"place: {_text(each.place)}, " if each.place else ""
            known = draft.variables.get(each.secret) or variable(identity.name, each.kind)
            yield f'        - {{kind: {each.kind}, {name}{place}secret: "${{{known}}}"}}'


def _hints(draft: Draft) -> Iterator[str]:
    hints = {k: v for k, v in draft.hints.items() if k != "discover_openapi"}
    if hints:
        yield "  # What the document does not say, as it was found by looking:"
        yield "  hints:"
        for name, value in hints.items():
            yield f"    {name}: {json.dumps(value)}"
    if draft.unsure:
        yield "  # What may help, where you know it better:"
        if not hints:
            yield "  # hints:"
        for line in draft.unsure:
            yield f"  #   {line}"


def _limits(draft: Draft, origin: Origin) -> Iterator[str]:
    yield "# How far it may go: passive (looks), active (well-formed hostile input), intrusive (it"
    yield "# creates, changes and removes things of its own, and sends bursts), disruptive."
    if on_loopback(origin.host):
        yield "safety: intrusive                   # it is on this machine; take less if you must"
        return
    yield "safety: passive"
    yield "# It is not on this machine: more than passive needs somebody who may allow it. State"
    yield "# who, and raise safety; the report repeats it."
    yield "# authorisation:"
    yield "#   by: Ann Example, owner of the service"
    yield f"#   since: {draft.today.isoformat()}"
    yield f"#   until: {(draft.today + timedelta(days=30)).isoformat()}"
    yield f"#   origins: [{origin}]"
    yield "#   levels: [passive, active]"


def _text(value: str) -> str:
    """A string as YAML: bare where nothing can be misread, else in double quotes."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./@+-]*(:(?=[^\s])[A-Za-z0-9_./@+:?=&%-]*)?", value)
    reserved = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
    return value if plain and value.lower() not in reserved else json.dumps(value)
