"""How far a run may go: what the profile wants, and what its statement of authorisation allows.

A target on this machine's loopback needs no statement. Anything else is looked at passively
unless the profile says who allowed more, from when until when, at which origins and how far.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from l7audit.model import Authorisation, Safety, Target
from l7audit.probe.scope import Origin, on_loopback
from l7audit.profile import Profile

MEND = "State who allows it in the profile: authorisation: {by, since, until, origins, levels}."


@dataclass(frozen=True, slots=True)
class Consent:
    """The level that a run may reach. `stated` is the profile's statement where it was needed;
    `reason` says why it is less than the profile wants, and is empty where it is not."""

    level: Safety
    stated: Authorisation | None = None
    reason: str = ""


def consent(profile: Profile, target: Target, today: date) -> Consent:
    """How far the profile may go at a target on a UTC day.

    One origin that is not covered keeps the whole run passive: a check does not choose where its
    requests end up.
    """
    wanted, stated = profile.level, profile.authorisation
    origins = [Origin.of(o) for o in target.origins or [target.base_url, *target.replicas]]
    foreign = [origin for origin in origins if not on_loopback(origin.host)]
    if not foreign:
        return Consent(wanted)
    if wanted is Safety.PASSIVE:
        return Consent(wanted, stated)
    missing = _missing(stated, foreign, today)
    if missing or stated is None:
        return Consent(Safety.PASSIVE, stated, f"{missing} Only passive controls ran. {MEND}")
    allowed = max((Safety.PASSIVE, *stated.levels), key=lambda level: level.rank)
    if allowed.rank < wanted.rank:
        said = f"The authorisation allows {allowed} at most, and the profile wants {wanted}."
        return Consent(allowed, stated, said)
    return Consent(wanted, stated)


def _missing(stated: Authorisation | None, foreign: list[Origin], today: date) -> str:
    """What a statement lacks, as a sentence; empty where it covers everything."""
    if stated is None:
        return f"{foreign[0]} is not on this machine, and the profile states no authorisation."
    if today.isoformat() < stated.since:
        return f"The authorisation begins on {stated.since}."
    if today.isoformat() > stated.until:
        return f"The authorisation ended on {stated.until}."
    covered = {Origin.of(origin) for origin in stated.origins}
    left = next((origin for origin in foreign if origin not in covered), None)
    return f"The authorisation does not name {left}." if left else ""
