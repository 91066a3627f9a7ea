"""Calls to addresses that a caller chose (webhooks), behind a guard against request forgery.

A URL is read strictly, its name is resolved once, every address of the answer is judged, and the
connection goes to the judged address: a second resolution can't swap it (DNS rebinding). TLS still
verifies the certificate against the name. Redirects are never followed, environment proxies never
used, the answer is read up to a bound and thrown away, so that it can't be used to read a network.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urlsplit

import httpx

from l7audit_stack.api.addresses import Address, is_public

MAX_URL = 2048
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*\.?"
)
_URL_CHARACTERS = re.compile(r"[!#-\[\]_a-z~A-Z]+")

Resolver = Callable[[str, int], Awaitable[tuple[str, ...]]]


class OutboundRefusedError(ValueError):
    """The URL may not be called. The message is one sentence for the caller."""


class OutboundFailedError(RuntimeError):
    """The call was allowed, but no answer came. The message is one sentence for the caller."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL taken apart: `host` in lower case without brackets, `port` always set."""

    url: str
    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The value of the Host field."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came back of a call: the status and how long it took, never the body."""

    status: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class OutboundGuard:
    """Judges and makes outbound calls.

    `allowed_hosts` holds `host:port` entries (lower case) that may be called whatever their address
    and scheme; `https_only` refuses plain http for all others; `seconds` bounds the whole call and
    `max_answer` the bytes of the answer that are read.
    """

    allowed_hosts: frozenset[str] = frozenset()
    https_only: bool = True
    seconds: float = 5.0
    max_answer: int = 65_536
    resolve: Resolver | None = None

    def check(self, url: str) -> Destination:
        """Read `url` and refuse what can be refused without asking the network.

        Raises OutboundRefusedError with one sentence.
        """
        destination = _read(url)
        if self._is_allowed(destination):
            return destination
        if self.https_only and destination.scheme != "https":
            raise OutboundRefusedError("Only https URLs may be called.")
        literal = _literal(destination.host)
        if literal is not None and not is_public(literal):
            raise OutboundRefusedError("The URL's address is not on the public internet.")
        if destination.host.rstrip(".").rpartition(".")[2] in {"localhost", "internal", "local"}:
            raise OutboundRefusedError("The URL's name is not on the public internet.")
        return destination

    async def pin(self, destination: Destination) -> str:
        """Resolve the name once and answer the address to connect to.

        One forbidden address among several refuses the name: which one is used is not ours to bet
        on. Raises OutboundRefusedError, or OutboundFailedError if the name has no address.
        """
        resolve = self.resolve or resolve_name
        try:
            found = await resolve(destination.host, destination.port)
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise OutboundFailedError("The URL's name can't be resolved.")
        addresses = [ipaddress.ip_address(text) for text in found]
        if not self._is_allowed(destination) and not all(map(is_public, addresses)):
            raise OutboundRefusedError("The URL's address is not on the public internet.")
        return str(addresses[0])

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Delivery:
        """Send `content` to `url` and answer the status.

        Raises OutboundRefusedError before anything is sent, OutboundFailedError if no answer came
        in `seconds`.
        """
        destination = self.check(url)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self.seconds):
                address = await self.pin(destination)
                status = await self._send(destination, address, content, headers)
        except TimeoutError:
            raise OutboundFailedError("The URL did not answer in time.") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            raise OutboundFailedError("The URL could not be reached.") from None
        return Delivery(status, (time.perf_counter() - started) * 1000.0)

    async def _send(
        self, destination: Destination, address: str, content: bytes, headers: Mapping[str, str]
    ) -> int:
        host = f"[{address}]" if ":" in address else address
        pinned = f"{destination.scheme}://{host}:{destination.port}{destination.target}"
        async with (
            httpx.AsyncClient(
                verify=_trust(), follow_redirects=False, trust_env=False, timeout=self.seconds
            ) as client,
            client.stream(
                "POST",
                pinned,
                content=content,
                headers={**headers, "Host": destination.authority},
                extensions={"sni_hostname": destination.host},
            ) as answer,
        ):
            read = 0
            async for chunk in answer.aiter_raw():
                read += len(chunk)
                if read > self.max_answer:
                    break
            return answer.status_code

    def _is_allowed(self, destination: Destination) -> bool:
        return f"{destination.host}:{destination.port}" in self.allowed_hosts


@cache
def _trust() -> ssl.SSLContext:
    """The system's authorities; read once, because it takes tens of milliseconds."""
    return ssl.create_default_context()


async def resolve_name(host: str, port: int) -> tuple[str, ...]:
    """The addresses of `host`, by the system's resolver, without duplicates."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _read(url: str) -> Destination:
    if len(url) > MAX_URL or not _URL_CHARACTERS.fullmatch(url):
        raise OutboundRefusedError(
            f"The URL must be printable ASCII of at most {MAX_URL} characters."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OutboundRefusedError("The URL can't be read.") from None
    if parts.scheme not in _PORTS:
        raise OutboundRefusedError("The URL's scheme must be https or http.")
    if parts.username is not None or parts.password is not None:
        raise OutboundRefusedError("The URL may not carry a user name or a password.")
    host = parts.hostname or ""
    if port == 0 or not _is_host(host, bracketed="[" in parts.netloc):
        raise OutboundRefusedError("The URL's host can't be read.")
    return Destination(url, parts.scheme, host, port or _PORTS[parts.scheme], _target(parts))


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_host(host: str, *, bracketed: bool) -> bool:
    if bracketed:
        try:
            # A zone id names an interface of this machine: never ours to offer.
            return "%" not in host and ipaddress.IPv6Address(host) is not None
        except ValueError:
            return False
    return _NAME.fullmatch(host) is not None


def _literal(host: str) -> Address | None:
    """The address that `host` spells, in any form the system's resolver reads, else None.

    `inet_aton` also reads the short, octal, hexadecimal and one-number forms of IPv4.
    """
    if ":" in host:
        return ipaddress.IPv6Address(host)
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None
