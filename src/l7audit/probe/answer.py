"""What came back for a request, or why nothing did. Every byte of it is hostile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from l7audit.probe.refusal import RefusalStyle, complains, refuses
from l7audit.probe.request import Pairs, Request
from l7audit.probe.resources import ATTRIBUTES, plain

__all__ = ["MAX_DEPTH", "Answer", "Headers", "RefusalStyle"]

MAX_DEPTH = 64
"""The deepest nesting of a JSON answer that is read."""

_NESTING = ATTRIBUTES.encode()


class Headers:
    """Header fields in order; names compare without case and may repeat."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs: Pairs = tuple(pairs)

    def get(self, name: str, default: str = "") -> str:
        """The first value, or the default."""
        wanted = name.lower()
        return next((value for key, value in self.pairs if key.lower() == wanted), default)

    def get_all(self, name: str) -> list[str]:
        """Every value of that name, in order."""
        wanted = name.lower()
        return [value for key, value in self.pairs if key.lower() == wanted]

    def values_of(self, name: str) -> list[str]:
        """The members of a comma-separated list field, over all its lines, stripped."""
        joined = ",".join(self.get_all(name))
        return [part.strip() for part in joined.split(",") if part.strip()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(key.lower() == name.lower() for key, _ in self.pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __repr__(self) -> str:
        return f"Headers({list(self.pairs)!r})"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request.

    `status` is None where none came; `error` then says why. `body` holds at most the budget's
    bytes (`truncated` says that more was coming). `started` and `ended` are seconds of
    `time.perf_counter()` in this process; `milliseconds` lies between them. `exchange` is
    the id of the journal's record.
    """

    request: Request
    status: int | None = None
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    truncated: bool = False
    started: float = 0.0
    ended: float = 0.0
    error: str = ""
    exchange: str = ""
    style: RefusalStyle = field(default_factory=RefusalStyle)

    @property
    def milliseconds(self) -> float:
        return (self.ended - self.started) * 1000.0

    @property
    def ok(self) -> bool:
        """A status of the 2xx class that is neither a refusal nor an error by its content."""
        if self.status is None or not 200 <= self.status < 300:
            return False
        return not self.refused and not complains(self)

    @property
    def refused(self) -> bool:
        """Not let in, by meaning: 401 or 403, being sent to log in, an error that says so with
        200, what the profile says a refusal looks like, or what was learnt of this target."""
        return refuses(self)

    @property
    def throttled(self) -> bool:
        return self.status == 429

    @property
    def text(self) -> str:
        """The body as UTF-8; what is no UTF-8 becomes U+FFFD."""
        return self.body.decode("utf-8", "replace")

    @property
    def media_type(self) -> str:
        """The media type without its parameters, lower case."""
        return self.headers.get("Content-Type").split(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON. Errors: `ValueError` where it is none, was cut, or nests too deep."""
        if self.truncated:
            raise ValueError("the JSON answer is longer than the budget allows to read")
        try:
            value = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise ValueError(f"the answer is not JSON: {error}") from error
        if _deeper_than(value, MAX_DEPTH):
            raise ValueError(f"the JSON answer nests deeper than {MAX_DEPTH}")
        return value

    def json_or_none(self) -> Any:
        """The body as JSON, or None where `json` would raise; resource objects are shown flat."""
        try:
            value = self.json()
        except ValueError:
            return None
        return plain(value) if _NESTING in self.body else value


def _deeper_than(value: Any, depth: int) -> bool:
    """Whether a JSON value nests deeper; iterative, since the value is hostile."""
    level: list[Any] = [value]
    for _ in range(depth + 1):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                below.extend(node.values())
            elif isinstance(node, list):
                below.extend(node)
        if not below:
            return False
        level = below
    return True
