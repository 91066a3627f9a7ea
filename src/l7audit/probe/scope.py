"""Where the probe may go, how far, and how much it may send."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from l7audit.errors import BudgetSpentError, OutOfScopeError, ProviderError
from l7audit.model import Safety, Target
from l7audit.profile import Budget

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """A scheme, a host in lower case and a port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of a URL. Errors: `ValueError` where it is no http(s) URL."""
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is not an http or https URL")
        if parts.username is not None or parts.password is not None:
            raise ValueError(f"the URL of {parts.hostname!r} holds a user or a password")
        port = parts.port if parts.port is not None else _DEFAULT_PORTS[parts.scheme]
        return cls(parts.scheme, parts.hostname, port)

    @property
    def authority(self) -> str:
        """What `Host` says: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def on_loopback(host: str) -> bool:
    """Whether a host is this machine itself, told by its name alone: nothing is resolved."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Scope:
    """The origins that may be contacted, and the safety level that the profile allows."""

    def __init__(self, origins: Iterable[str], safety: Safety = Safety.ACTIVE) -> None:
        """Errors: `ProviderError` where an origin is no http(s) URL."""
        try:
            self.origins = frozenset(Origin.of(origin) for origin in origins)
        except ValueError as error:
            raise ProviderError(f"The target's origins are unusable: {error}.") from error
        self.safety = safety

    @classmethod
    def of(cls, target: Target, safety: Safety = Safety.ACTIVE) -> Scope:
        """The target's declared origins; without any, those of its base URL and replicas."""
        return cls(target.origins or [target.base_url, *target.replicas], safety)

    def admit(self, url: str, why: str = "request") -> Origin:
        """The URL's origin. Errors: `OutOfScopeError` where it is not one of the target's."""
        try:
            origin = Origin.of(url)
        except ValueError as error:
            raise OutOfScopeError(f"A {why} was not sent: {error}.") from error
        if origin not in self.origins:
            allowed = ", ".join(sorted(map(str, self.origins)))
            raise OutOfScopeError(
                f"A {why} to {origin} was not sent: the target's origins are {allowed}.",
                mend="Add the origin to the profile's target if you own it.",
            )
        return origin

    def require(self, level: Safety, what: str) -> None:
        """Errors: `OutOfScopeError` where the profile allows less than `level`."""
        if level.rank > self.safety.rank:
            raise OutOfScopeError(
                f"{what} is {level.value}, and the profile allows only {self.safety.value}."
            )


class Meter:
    """Counts requests against a budget and holds them back to its rate; safe for threads."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.spent = 0
        self._lock = threading.Lock()
        self._tokens = max(1.0, budget.per_second)
        self._at = time.monotonic()

    def take(self) -> None:
        """Allows one request, waiting for the rate. Errors: `BudgetSpentError`."""
        with self._lock:
            if self.spent >= self.budget.requests:
                raise BudgetSpentError(
                    f"The budget of {self.budget.requests} requests is spent.",
                    mend="Raise the profile's request budget or select fewer controls.",
                )
            self.spent += 1
            wait = self._reserve() if self.budget.per_second > 0 else 0.0
        if wait > 0:
            time.sleep(wait)

    def _reserve(self) -> float:
        """Takes a token of the rate, on credit if need be; the seconds until it is due."""
        rate = self.budget.per_second
        now = time.monotonic()
        self._tokens = min(max(1.0, rate), self._tokens + (now - self._at) * rate)
        self._at = now
        self._tokens -= 1.0
        return max(0.0, -self._tokens / rate)
