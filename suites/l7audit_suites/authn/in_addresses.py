"""Names under which a credential may be taken from the query of an address."""

from __future__ import annotations

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.target import meaning
from l7audit.target.schemas import walk
from l7audit.target.words import says, words
from l7audit_suites.authn.ground import Ground

_KEY = ("api_key", "apikey", "api-key", "key")
_TOKEN = ("access_token", "token", "jwt", "auth", "auth_token", "bearer")
_SESSION = ("session", "sid", "session_id", "sessionid")
_MOST_OWN = 4
_MOST_BYTES = 3000
"""What one query holds at most: servers take lines of 8 KB, some of 4."""


def key_names(ground: Ground) -> list[list[str]]:
    """Those for an API key, in groups that are asked for together: first its header's."""
    return _grouped(ground, (ground.auth_of(ground.credential).name, *_KEY), ("token",))


def session_names(check: Check, ground: Ground) -> list[list[str]]:
    """Those for a session's cookie or token: first its own, and those in a login's answer."""
    own = ground.auth_of(ground.credential).name
    told = [
        name
        for kind in (Kind.LOGIN, Kind.TOKEN)
        for surface in check.model.surfaces(kind, limit=1)
        for name, _ in walk(surface.operation.answer_schema)
        if says(words(name), *meaning.TOKEN) and not says(words(name), *meaning.NOT_A_TOKEN)
    ][:_MOST_OWN]
    return _grouped(ground, (own, *told, *_TOKEN), _SESSION)


def _grouped(ground: Ground, *groups: tuple[str, ...]) -> list[list[str]]:
    """The groups without what an earlier one has, cut into what a query holds."""
    most = max(1, _MOST_BYTES // max(1, len(ground.credential)))
    known: set[str] = set()
    found: list[list[str]] = []
    for group in groups:
        fresh = [n for n in dict.fromkeys(group) if n.lower() not in known]
        known.update(n.lower() for n in fresh)
        found += [fresh[at : at + most] for at in range(0, len(fresh), most)]
    return found
