"""One row of the API: what a route is, who may call it and what goes in and out.

The same row drives routing, authorisation, rate limiting, validation and the OpenAPI document,
so that none of them can drift from the others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts
    from l7audit_stack.api.security.principals import Principal


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a caller sends: strict, so that a field nobody declared is refused."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller receives: only the fields declared here ever leave the service."""


@dataclass(frozen=True, slots=True)
class RawBody:
    """A body that is not JSON: its media types and the most bytes of it that are read. `schema` is
    what the document says of it where it is more than bytes."""

    media_types: tuple[str, ...]
    max_bytes: int
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised, validated call as a handler sees it."""

    parts: Parts
    principal: Principal | None
    path: Mapping[str, str]
    query: Any
    body: Any
    headers: Mapping[str, str]
    client: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `content` is an `Output` (or a list of them) or bytes; `stream` gives chunks."""

    content: Any = None
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Operation:
    """A route. Without `permission` it is public, and has to say so with `public=True`.

    `path` has parameters as `{name}`, and as its last segment `{name:path}` for the rest of a path.
    `limit` names the rate policy. With `account`, callers are counted by client address and the
    account the call names (and refused while the store is away); `crowd` names the policy of one
    address for all accounts together, so that a list of stolen passwords can't be tried through.
    With `refers` its body names something that may not be there, other than by a UUID. A public
    operation that
    `recognises` its callers gets a principal when a credential is sent. `timeout` is seconds.
    `stream_media_type` is that of the answer where the caller may ask for a stream instead.
    """

    name: str
    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    permission: str | None = None
    public: bool = False
    query: type[Input] | None = None
    body: type[Input] | RawBody | None = None
    body_media_type: str = "application/json"
    answer: Any = None
    answer_media_type: str = "application/json"
    stream_media_type: str | None = None
    status: int = 200
    limit: str = "standard"
    account: Callable[[Call], str] | None = None
    crowd: str = ""
    refers: bool = False
    recognises: bool = False
    timeout: float = 10.0

    def __post_init__(self) -> None:
        if self.public == (self.permission is not None):
            raise ValueError(f"operation {self.name}: name a permission, or say public=True")
