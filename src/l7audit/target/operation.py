"""One operation of a target, whatever document or hint it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from l7audit.model import Kind, Place
from l7audit.target.envelope import Envelope
from l7audit.target.schemas import Schema

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Scheme:
    """A security scheme by what a caller does: `kind` is `api_key`, `bearer`, `basic`, `cookie`
    or `other`. `field` and `place` say where a key goes; `token_urls` are those of OAuth2."""

    name: str
    kind: str
    field: str = ""
    place: str = "header"
    token_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Requirement:
    """A scheme that a caller has to satisfy, with the scopes that it asks for."""

    scheme: Scheme
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; `place` is `path`, `query`, `header` or `cookie`."""

    name: str
    place: str
    required: bool = False
    schema: Schema = field(default_factory=dict)
    style: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation. `template` is its path with `{names}`, without the target's own prefix.

    `bodies` maps a media type to its schema; `answers` maps a status (`200`, `2XX`, `default`)
    to media types and schemas. `security` lists alternatives, each of requirements that hold
    together; without any, or with an empty one, the operation is public. `named` and `told` are
    what its words come from: id, tags and path, or summary and description. `learnt` is one that
    no document names: the target's own answers did. `envelope` is what goes around its JSON body on
    the wire; the schema in `bodies` is of what stands within.
    """

    name: str
    method: str
    template: str
    parameters: tuple[Parameter, ...] = ()
    bodies: Mapping[str, Schema] = field(default_factory=dict)
    body_required: bool = False
    answers: Mapping[str, Mapping[str, Schema]] = field(default_factory=dict)
    security: tuple[tuple[Requirement, ...], ...] = ()
    tags: tuple[str, ...] = ()
    told: str = ""
    kinds: frozenset[Kind] = frozenset()
    learnt: bool = False
    envelope: Envelope | None = None

    @property
    def place(self) -> Place:
        return Place(operation=f"{self.method} {self.template}")

    @property
    def public(self) -> bool:
        """Whether it may be called without credentials."""
        return not self.security or any(not alternative for alternative in self.security)

    @property
    def path_parameters(self) -> tuple[Parameter, ...]:
        return tuple(p for p in self.parameters if p.place == "path")

    def accepts(self, kind: str) -> bool:
        """Whether a credential of that kind (`api_key`, `bearer`, ...) alone is enough."""
        return any(
            len(alternative) == 1 and alternative[0].scheme.kind == kind
            for alternative in self.security
        )

    @property
    def scopes(self) -> tuple[str, ...]:
        """All scopes that any of its requirements asks for."""
        return tuple(s for alternative in self.security for r in alternative for s in r.scopes)

    @property
    def media_type(self) -> str:
        """The media type to send: JSON where it takes that, else the first; empty without any."""
        return next((m for m in self.bodies if is_json(m)), next(iter(self.bodies), ""))

    @property
    def json_schema(self) -> Schema:
        """The schema of its JSON body; empty where it takes none."""
        return next((s for m, s in self.bodies.items() if is_json(m)), {})

    @property
    def form_schema(self) -> Schema:
        """The schema of its form-encoded body; empty where it takes none."""
        return self.bodies.get(FORM, {})

    @property
    def body_schema(self) -> Schema:
        """The schema of the body that `media_type` names."""
        return self.bodies.get(self.media_type, {})

    @property
    def success(self) -> Mapping[str, Schema]:
        """Media types and schemas of its answers of the 2xx class."""
        return {
            media: schema
            for status in sorted(self.answers)
            if status.startswith("2")
            for media, schema in self.answers[status].items()
        }

    @property
    def answer_schema(self) -> Schema:
        """The schema of its successful JSON answer; empty where none is declared."""
        return next((s for m, s in self.success.items() if is_json(m)), {})

    def of_kinds(self, kinds: frozenset[Kind]) -> Operation:
        """The same operation, classified."""
        return replace(self, kinds=kinds)


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON, whatever vendor's."""
    essence = media_type.split(";")[0].strip().lower()
    return essence in {"application/json", "text/json"} or essence.endswith("+json")
