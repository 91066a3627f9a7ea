"""Where a request comes from: the peer, or what a trusted proxy says of it; and its request id."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}\Z")


@lru_cache(maxsize=4096)
def _address(text: str) -> str | None:
    """The canonical form of an IP address, IPv4-mapped ones unwrapped; None when it is none."""
    try:
        parsed = ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


@dataclass(frozen=True)
class ClientAddress:
    """The address limits are counted by.

    Forwarded entries are read from the right, at most as many as there are proxies of ours: each
    proxy appends the peer it saw, so an entry further left is the client's own invention. That
    holds even where clients share the proxy's address, as on a loopback.
    """

    trusted: frozenset[str] = frozenset()
    hops: int = 1

    def of(self, peer: str, headers: Mapping[str, str]) -> str:
        forwarded = headers.get("x-forwarded-for")
        if forwarded is None or not self.trusts(peer):
            return peer
        entries = forwarded.split(",")
        client = peer
        for entry in entries[: -self.hops - 1 : -1]:
            address = _address(entry)
            if address is None:
                return client
            client = address
            if address not in self.trusted:
                return client
        return client

    def trusts(self, peer: str) -> bool:
        return peer in self.trusted


@dataclass(frozen=True)
class RequestIds:
    """One id a request, for the answer, the log and the audit trail.

    A random prefix of this process and a count: unique, and a third of the cost of random bytes.
    """

    prefix: str = field(default_factory=lambda: secrets.token_hex(6))
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def of(self, headers: Mapping[str, str], *, from_proxy: bool) -> str:
        """A well-formed id that a trusted proxy sent, else a new one."""
        given = headers.get("x-request-id")
        if from_proxy and given is not None and _REQUEST_ID.match(given):
            return given
        return f"{self.prefix}{next(self.numbers):08x}"
