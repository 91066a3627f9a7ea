"""A request, sent exactly as it is written here, and the ways to authenticate one."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

Pairs = tuple[tuple[str, str], ...]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_RAW_TARGET = re.compile(r"[\x21-\x7e]+")
_BREAKS = re.compile(r"[\r\n\x00]")


@dataclass(frozen=True, slots=True)
class Auth:
    """One way to say who is calling.

    `kind`: `none`, `api_key`, `bearer`, `basic` or `cookie`. `name` is the header, query field or
    cookie that carries it; `value` is the whole value of that field; `place` is `header`,
    `query` or `cookie`. `further` are header fields that go along, such as a token against forgery.
    """

    kind: str = "none"
    name: str = ""
    value: str = field(default="", repr=False)
    place: str = "header"
    further: Pairs = field(default=(), repr=False)

    @classmethod
    def none(cls) -> Auth:
        """Nobody."""
        return cls()

    @classmethod
    def api_key(cls, header: str, value: str, place: str = "header") -> Auth:
        """An API key in the named header (or query field, or cookie)."""
        return cls("api_key", header, value, place)

    @classmethod
    def bearer(cls, token: str) -> Auth:
        """`Authorization: Bearer <token>` (RFC 6750)."""
        return cls("bearer", "Authorization", f"Bearer {token}")

    @classmethod
    def basic(cls, user: str, password: str) -> Auth:
        """`Authorization: Basic <base64>` (RFC 7617, UTF-8)."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return cls("basic", "Authorization", f"Basic {pair}")

    @classmethod
    def cookie(cls, name: str, value: str) -> Auth:
        """A session cookie."""
        return cls("cookie", name, value, "cookie")

    def with_further(self, fields: Pairs) -> Auth:
        """The same, with header fields that go along."""
        return replace(self, further=fields)

    @property
    def secret(self) -> str:
        """The credential itself, without its scheme."""
        return self.value.split(" ", 1)[-1] if self.kind in {"bearer", "basic"} else self.value


@dataclass(frozen=True, slots=True)
class Request:
    """What goes onto the wire.

    `path` is the raw request target (`/x?y`): no normalisation, no encoding, no prefix added.
    `headers` keep their order, case and repetitions; only `Host`, `Content-Length` and a
    `User-Agent` are added where they are absent. `base_url` chooses another origin of the target
    (only its scheme, host and port count); empty means the target's own. `follow` follows
    redirects as long as they stay in scope. Errors: `ValueError` for what HTTP/1.1 cannot carry.
    """

    method: str
    path: str
    headers: Pairs = ()
    content: bytes = b""
    base_url: str = ""
    follow: bool = False

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.method):
            raise ValueError(f"The method {self.method!r} is not an HTTP token.")
        if not _RAW_TARGET.fullmatch(self.path):
            raise ValueError(
                f"The request target {self.path!r} holds characters that HTTP/1.1 cannot carry; "
                "percent-encode them."
            )
        for name, value in self.headers:
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"The header name {name!r} is not an HTTP token.")
            if _BREAKS.search(value):
                raise ValueError(f"The value of header {name} holds a line break or a NUL.")

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def with_headers(self, headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Request:
        """The same request with these headers in place of any of the same names."""
        pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers)
        names = {name.lower() for name, _ in pairs}
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        return replace(self, headers=kept + pairs)

    def with_header(self, name: str, value: str) -> Request:
        """The same request with one more header, beside any of the same name."""
        return replace(self, headers=(*self.headers, (name, value)))

    def without_header(self, name: str) -> Request:
        """The same request without any header of that name."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept)

    def with_path(self, path: str) -> Request:
        """The same request for another raw target."""
        return replace(self, path=path)

    def with_auth(self, auth: Auth) -> Request:
        """The same request, authenticated. `Auth.none()` changes nothing."""
        if auth.kind == "none":
            return self
        if auth.further:
            return self._going_along(auth.further).with_auth(auth.with_further(()))
        if auth.place == "query":
            joint = "&" if "?" in self.path else "?"
            pair = f"{quote(auth.name, safe='')}={quote(auth.value, safe='')}"
            return replace(self, path=f"{self.path}{joint}{pair}")
        if auth.place == "cookie":
            earlier = self.header("Cookie")
            pair = f"{auth.name}={auth.value}"
            return self.with_headers({"Cookie": f"{earlier}; {pair}" if earlier else pair})
        return self.with_headers({auth.name: auth.value})

    def _going_along(self, fields: Pairs) -> Request:
        request = self
        for name, value in fields:
            earlier = request.header(name) if name == "Cookie" else None
            request = request.with_headers({name: f"{earlier}; {value}" if earlier else value})
        return request

    def carries(self, auth: Auth) -> bool:
        """Whether the request carries that very credential."""
        if auth.kind == "none":
            return False
        if auth.place == "query":
            return f"{quote(auth.name, safe='')}={quote(auth.value, safe='')}" in self.path
        if auth.place == "cookie":
            pairs = (self.header("Cookie") or "").split(";")
            return f"{auth.name}={auth.value}" in [pair.strip() for pair in pairs]
        return self.header(auth.name) == auth.value
