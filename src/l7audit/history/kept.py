"""What the history keeps of a run, and which runs may be compared."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from l7audit.assess.results import Results
from l7audit.model import Target
from l7audit.profile import Profile


@dataclass(frozen=True, slots=True)
class Series:
    """Runs that may be compared: one profile by its name, one target, one selection.

    The profile's content may change over time, and so may a loopback target's port. `selected` is
    what the command line narrowed the run to, empty for the whole profile.
    """

    profile: str
    provider: str
    target: str
    selected: str

    @classmethod
    def beginning(cls, profile: Profile, target: Target, selected: Iterable[str]) -> Series:
        """The series of a run that is about to begin."""
        return cls(profile.name, target.provider, address(target.base_url), _names(selected))

    @classmethod
    def of(cls, results: Results) -> Series:
        """The series of an assessed run."""
        name = results.profile_name or Path(results.profile).stem
        return cls(name, results.provider, address(results.target), _names(results.selected))


class KeptFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, without its evidence."""

    fingerprint: str
    control: str
    place: str
    severity: str
    waived: bool


class KeptTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a documented target; no value where nothing was measured."""

    id: str
    outcome: str
    value: float | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A completed run against the one before it in its series.

    `fixed` findings were seen then, and their control was wholly checked again.
    """

    run: str
    score: float
    new: int
    fixed: int


class KeptRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the history keeps it; `started` and `ended` are UTC seconds since the epoch.

    `verdicts` counts the controls by verdict; `areas` are scores, null where nothing applied.
    """

    run: str
    started: float
    ended: float
    profile: str
    provider: str
    target: str
    selected: str
    source: str
    profile_digest: str
    suites_digest: str
    target_digest: str
    score: float
    score_with_waivers: float
    coverage: float
    outcome: str
    decision: str
    exit_code: int
    folder: str
    verdicts: dict[str, int]
    areas: dict[str, float | None]
    findings: list[KeptFinding]
    targets: list[KeptTarget]
    change: Change | None

    @property
    def series(self) -> Series:
        return Series(self.profile, self.provider, self.target, self.selected)


def address(url: str) -> str:
    """A target's address as runs of one series share it: a loopback port differs each time."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    if not host:
        return url
    shown = f"[{host}]" if ":" in host else host
    if port is not None and not _loopback(host):
        shown += f":{port}"
    return f"{parts.scheme}://{shown}{parts.path.rstrip('/')}"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _names(selected: Iterable[str]) -> str:
    return ",".join(sorted({name.upper() for name in selected}))
