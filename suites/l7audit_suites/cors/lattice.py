"""The origins to try: strangers that resemble an allowed origin in every way that fools a match.

What a browser serialises differently but means the same (upper-case host, default port) is no
stranger, and what no attacker can own (a trailing dot) harms nobody: neither is tried.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from l7audit.model import Confidence

_DEFAULT_PORTS = {"http": 80, "https": 443}
_EVIL = "attacker.example"

LEAST = 55
"""Strangers at least: on six grounds that is a sample which bounds the rate of mistakes by 1 %."""


class Family(StrEnum):
    """What a stranger's origin tries to get by with."""

    ARBITRARY = "arbitrary"
    NULL = "null"
    LOOK_ALIKE = "look-alike"
    SCHEME_OR_PORT = "scheme or port"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class Stranger:
    """An origin that nobody allowed. `trick` is the same in every run, `origin` need not be.

    `confidence` is weak where no browser would ever send the origin, so that accepting it shows
    a careless match and not yet a way in.
    """

    origin: str
    family: Family
    trick: str
    confidence: Confidence = Confidence.CONFIRMED


def same_origin_key(origin: str) -> str:
    """One spelling for all that a browser takes for the same origin."""
    parts = urlsplit(origin.strip().lower())
    try:
        port = parts.port
    except ValueError:
        return origin
    host = _bracketed((parts.hostname or "").rstrip("."))
    standard = port is None or _DEFAULT_PORTS.get(parts.scheme) == port
    return f"{parts.scheme}://{host}" + ("" if standard else f":{port}")


def origin_of(url: str) -> str:
    """The origin of a URL as a browser serialises it."""
    parts = urlsplit(url)
    return same_origin_key(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")


def strangers(
    allowed: Sequence[str], own: str, chance: random.Random, least: int = LEAST
) -> tuple[Stranger, ...]:
    """All strangers for a policy that allows these origins, `least` of them at least; `own` is the
    target's own origin.

    Without an allowed origin the target's own is what they resemble. At most three origins are
    imitated. The order is that of the families; no origin comes twice.
    """
    known = {same_origin_key(o) for o in (*allowed, own)}
    models = list(allowed)[:3] or [own]
    found: dict[str, Stranger] = {}
    for stranger in (*_arbitrary(chance), *(s for m in models for s in _imitate(m))):
        if same_origin_key(stranger.origin) not in known:
            found.setdefault(stranger.origin, stranger)
    while len(found) < least:
        more = f"https://{chance.randrange(16**8):08x}.{_EVIL}"
        found.setdefault(more, Stranger(more, Family.ARBITRARY, "any site"))
    return tuple(sorted(found.values(), key=lambda s: list(Family).index(s.family)))


def of_family(all_: Iterable[Stranger], *families: Family) -> list[Stranger]:
    """Those of some families, in order."""
    return [s for s in all_ if s.family in families]


def _arbitrary(chance: random.Random) -> Iterator[Stranger]:
    token = f"{chance.randrange(16**8):08x}"
    for origin, trick in (
        (f"https://{token}.{_EVIL}", "any site"),
        (f"http://{token}.{_EVIL}", "any site without TLS"),
        (f"https://{token}.test:{chance.randrange(1024, 65536)}", "any site on any port"),
        ("https://192.0.2.66", "any address"),
        ("http://localhost", "a page on the visitor's own machine"),
        ("http://localhost:3000", "a developer's server on the visitor's own machine"),
        ("http://127.0.0.1:8080", "an address of the visitor's own machine"),
        (f"chrome-extension://{token * 4}", "any browser extension"),
    ):
        yield Stranger(origin, Family.ARBITRARY, trick)
    yield Stranger("null", Family.NULL, "null, as sandboxed frames and local files send it")


def _imitate(model: str) -> Iterator[Stranger]:
    parts = urlsplit(model)
    scheme = parts.scheme
    host = _bracketed(parts.hostname or "")
    port = f":{parts.port}" if parts.port is not None else ""
    yield from _look_alikes(scheme, host, port)
    yield from _scheme_or_port(scheme, host, parts.port)
    yield from _odd(scheme, host, port, model)


def _look_alikes(scheme: str, host: str, port: str) -> Iterator[Stranger]:
    def alike(name: str, trick: str, suffix: str = port) -> Stranger:
        return Stranger(f"{scheme}://{name}{suffix}", Family.LOOK_ALIKE, trick)

    yield alike(f"{host}.{_EVIL}", "the allowed host continued")
    yield alike(f"{host}.{_EVIL}", "the allowed host continued", suffix="")
    yield alike(f"{host}evil.example", "the allowed host continued without a dot")
    if _is_address(host):
        return
    yield alike(f"evil{host}", "something before the allowed host")
    yield alike(f"evil-{host}", "something and a hyphen before the allowed host")
    yield alike(f"evil.{host}", "a sub-domain of the allowed host")
    labels = host.split(".")
    for index in range(1, len(labels)):
        joined = ".".join(labels[:index]) + "x" + ".".join(labels[index:])
        yield alike(joined, "another character for a dot")
    if len(labels) > 2:
        yield alike(".".join(["evil", *labels[1:]]), "a sibling of the allowed host")
        yield alike(".".join(labels[1:]), "the parent of the allowed host")


def _scheme_or_port(scheme: str, host: str, port: int | None) -> Iterator[Stranger]:
    suffix = f":{port}" if port is not None else ""
    if scheme == "https":
        trick = "the allowed host without TLS"
        yield Stranger(f"http://{host}{suffix}", Family.SCHEME_OR_PORT, trick)
        yield Stranger(f"http://{host}", Family.SCHEME_OR_PORT, trick)
    for other in (8443, 8080, (port or 0) % 65535 + 1):
        if other != port:
            yield Stranger(
                f"{scheme}://{host}:{other}",
                Family.SCHEME_OR_PORT,
                "another port of the allowed host",
            )
    if port is not None:
        trick = "the allowed host on its default port"
        yield Stranger(f"{scheme}://{host}", Family.SCHEME_OR_PORT, trick)


def _odd(scheme: str, host: str, port: str, model: str) -> Iterator[Stranger]:
    # Some browsers resolve hosts with such characters, so a wild-card DNS entry makes them real.
    for character, name in (
        ("_", "an underscore"),
        ("`", "a backtick"),
        ("{", "a brace"),
        ("!", "an exclamation mark"),
        ("%60", "an encoded backtick"),
        ("%00", "an encoded NUL"),
    ):
        yield Stranger(
            f"{scheme}://{host}{character}.{_EVIL}",
            Family.ODD,
            f"the allowed host ended by {name}",
            Confidence.STRONG,
        )
    for origin, trick in (
        (f"{scheme}://{host}{port}@{_EVIL}", "the allowed host as user name"),
        (f"{scheme}://{_EVIL}/{model}", "the allowed origin as path"),
        (f"{scheme}://{_EVIL}?{model}", "the allowed origin as query"),
        (f"{scheme}://{_EVIL}#{model}", "the allowed origin as fragment"),
    ):
        yield Stranger(origin, Family.ODD, trick, Confidence.WEAK)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
