"""How a service is reached and who may sign in: `target.yaml`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import yaml

from ground.weaknesses import TARGETS


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the description: words that are not known are mistakes."""


class Login(_Part, kw_only=True):
    """How a caller signs in.

    `operation` and `fields` are of a login with a body: `fields` maps `user` and `password` (or
    `client_id` and `client_secret`) to their names there. `token` is where the answer holds the
    token, `header` where an API key goes, `cookie` the name of a session's cookie; `csrf` says
    where a form's token is.
    """

    style: Literal[
        "json-bearer", "api-key", "basic", "form-session", "oauth2-password", "oauth2-client"
    ]
    operation: str = ""
    fields: dict[str, str] = {}
    token: str = ""
    header: str = ""
    cookie: str = ""
    csrf: str = ""


class Credential(_Part, kw_only=True):
    """One way in, in the words of a profile: `api_key`, `password`, `client` or `basic`."""

    kind: Literal["api_key", "password", "client", "basic"]
    name: str
    secret: str


class Person(_Part, kw_only=True):
    """Somebody the service knows from its start."""

    name: str
    role: str
    credentials: list[Credential]


class Registration(_Part, kw_only=True):
    """How a new caller is made: an operation and a body; `{unique}` stands for a new word."""

    operation: str
    body: dict[str, Any]


class Document(_Part, kw_only=True):
    """Where the document is, and which; `faults` says what it tells wrongly."""

    path: str
    version: str
    faults: list[str] = []


class Service(_Part, kw_only=True):
    """One service. `start` is the command before its arguments, in `tests/targets`."""

    name: str
    framework: str
    business: str
    start: list[str]
    document: Document
    logins: list[Login]
    users: list[Person]
    admin: Person | None = None
    registration: Registration | None = None
    ids: str
    refusal: str
    allowed_origins: list[str] = []


def service(name: str) -> Service:
    """The description of a service. Raises for a wrong file."""
    return msgspec.convert(yaml.safe_load((TARGETS / name / "target.yaml").read_text()), Service)


def services() -> list[str]:
    """The names of all services of the training ground."""
    return sorted(f.parent.name for f in TARGETS.glob("*/target.yaml"))
