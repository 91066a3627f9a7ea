"""Known vulnerabilities of Python packages in a folder, in OSV's format (osv.dev's export)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from l7audit.errors import ScanError

MOST_BYTES = 4 * 1024 * 1024
ECOSYSTEM = "PyPI"


class Package(msgspec.Struct, frozen=True):
    """Whose package it is, and how it is called there."""

    name: str
    ecosystem: str


class Event(msgspec.Struct, frozen=True):
    """Where a range begins or ends; one of the three is given."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None


class Range(msgspec.Struct, frozen=True):
    """Affected versions from event to event, where `type` is ECOSYSTEM."""

    type: str
    events: list[Event] = []


class Affected(msgspec.Struct, frozen=True):
    """A package, and which of its versions."""

    package: Package | None = None
    versions: list[str] = []
    ranges: list[Range] = []


class Advisory(msgspec.Struct, frozen=True):
    """One known vulnerability, as far as it is used here."""

    id: str
    modified: datetime
    aliases: list[str] = []
    summary: str = ""
    details: str = ""
    withdrawn: datetime | None = None
    affected: list[Affected] = []

    def touches(self, name: str, version: Version) -> bool:
        """Whether it speaks of that version of the package (by its canonical name)."""
        return any(_in(part, version) for part in self.of(name))

    def of(self, name: str) -> list[Affected]:
        """What it says of the package."""
        return [a for a in self.affected if a.package and canonicalize_name(a.package.name) == name]


def load(folder: Path) -> dict[str, list[Advisory]]:
    """The advisories by canonical package name, without those that were withdrawn.

    Errors: `ScanError` where a file is no advisory, or none speaks of a package of PyPI.
    """
    decoder = msgspec.json.Decoder(Advisory)
    found: dict[str, list[Advisory]] = {}
    for file in sorted(folder.rglob("*.json")):
        if file.stat().st_size > MOST_BYTES:
            raise ScanError(f"The advisory {file} is larger than {MOST_BYTES // 2**20} MiB.")
        try:
            advisory = decoder.decode(file.read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            raise ScanError(f"{file} is no advisory in OSV's format: {error}.") from error
        if advisory.withdrawn is None:
            for name in _names(advisory):
                found.setdefault(name, []).append(advisory)
    if not found:
        raise ScanError(
            f"The folder {folder} holds no advisory on a package of PyPI.",
            mend="Unpack OSV's export for PyPI there: target.source.advisories",
        )
    return found


def some_version(advisories: dict[str, list[Advisory]]) -> tuple[str, str] | None:
    """A package and a version that the advisories call vulnerable, to see whether that is found."""
    for name in sorted(advisories):
        for advisory in advisories[name]:
            for version in (v for a in advisory.of(name) for v in a.versions):
                if (parsed := _parsed(version)) and advisory.touches(name, parsed):
                    return name, version
    return None


def fixes(advisory: Advisory, name: str) -> list[Version]:
    """The versions that mend it, the oldest first."""
    events = [e for a in advisory.of(name) for r in a.ranges if _usable(r) for e in r.events]
    return sorted({v for e in events if e.fixed and (v := _parsed(e.fixed))})


def _names(advisory: Advisory) -> Iterator[str]:
    packages = (a.package for a in advisory.affected)
    yield from {canonicalize_name(p.name) for p in packages if p and p.ecosystem == ECOSYSTEM}


def _in(affected: Affected, version: Version) -> bool:
    if any(_parsed(text) == version for text in affected.versions):
        return True
    return any(_within(r.events, version) for r in affected.ranges if _usable(r))


def _usable(given: Range) -> bool:
    return given.type == "ECOSYSTEM"


def _within(events: list[Event], version: Version) -> bool:
    """OSV's evaluation: the events in the order of their versions, the last one not above wins."""
    lowest = Version("0.dev0")
    turns: list[tuple[Version, bool]] = []
    for event in events:
        if event.introduced is not None:
            turns.append((_parsed(event.introduced) or lowest, True))
        elif event.fixed and (fixed := _parsed(event.fixed)):
            turns.append((fixed, False))
        elif event.last_affected and (last := _parsed(event.last_affected)) and version > last:
            turns.append((last, False))
    inside = False
    for at, begins in sorted(turns, key=lambda t: t[0]):
        inside = begins if at <= version else inside
    return inside


def _parsed(text: str) -> Version | None:
    if text == "0":
        return Version("0.dev0")
    try:
        return Version(text)
    except InvalidVersion:
        return None
