"""Files of our own in the target's keeping: what is read or changed from elsewhere is a proof."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.surface import Surface
from l7audit_suites.authz.families import Family, families

_MOST_FOLDERS = 6


@dataclass(frozen=True, slots=True)
class Canary:
    """A file that `owner` keeps under a name that nobody else has. `text` is in it; `folders` are
    words that the target's answers to him hold, and that his folder may be called by."""

    family: Family
    owner: Identity
    stranger: Identity
    name: str
    text: str
    folders: tuple[str, ...]

    def request(self, surface: Surface, identity: Identity, check: Check, name: str) -> Request:
        """An operation on a file, called by somebody."""
        auth = check.sessions.auth(identity, surface)
        content = b"l7audit wrote this elsewhere" if surface is self.family.put else None
        media = _plain(surface) if content is not None else ""
        return surface.request(
            auth, path={self.family.key: name}, content=content, media_type=media
        )

    def whole(self, check: Check) -> bool:
        """Whether the owner finds in it what he wrote."""
        assert self.family.read is not None
        answer = check.send(self.request(self.family.read, self.owner, check, self.name))
        return answer.ok and self.text in answer.text


def canary(check: Check) -> Canary:
    """A file of somebody, and another who has nothing to do with it. Ends the check where the
    target keeps no files by path, or where nobody may write one."""
    stores = [
        f
        for f in families(check.model)
        if f.put is not None and f.read is not None and Kind.PATH_TAKING in f.read.kinds
    ]
    if not stores:
        check.not_applicable("The target's document has no files that are kept by their path.")
    for family in stores:
        for owner, stranger in _pairs(check.identities):
            made = _kept(check, family, owner, stranger)
            if made is not None:
                check.witness("the owner reads his file", partial(made.whole, check))
                return made
    check.inconclusive("No identity of the profile could keep a file that it can read back.")


def _pairs(identities: list[Identity]) -> Iterator[tuple[Identity, Identity]]:
    people = [i for i in identities if "limited" not in i.tags and i.credentials]
    apart = [(a, b) for a in people for b in people if a.tenant != b.tenant and a.role == b.role]
    yield from apart or [(a, b) for a in people for b in people if a is not b]


def _kept(check: Check, family: Family, owner: Identity, stranger: Identity) -> Canary | None:
    put, delete = family.put, family.delete
    assert put is not None
    assert delete is not None
    name, text = f"l7audit-{secrets.token_hex(6)}.txt", f"l7audit-{secrets.token_hex(8)}"
    auth = check.sessions.auth(owner, put)
    answer = check.send(
        put.request(auth, path={family.key: name}, content=text.encode(), media_type=_plain(put)),
        identity=owner.name,
    )
    if not answer.ok:
        return None
    made = Canary(family, owner, stranger, name, text, folders(check, owner, answer))
    check.sessions.keep_for_removal(made.request(delete, owner, check, name), owner.name)
    return made if made.whole(check) else None


def _plain(surface: Surface) -> str:
    kinds = surface.operation.bodies
    return next((m for m in kinds if m.startswith("text/plain")), surface.operation.media_type)


def folders(check: Check, owner: Identity, made: Answer) -> tuple[str, ...]:
    """Names that the owner's folder may have: words of his own that answers show him."""
    answers = [made]
    for surface in check.model.protected_reads(check.sessions, owner, limit=1):
        answers.append(check.send(surface.request(check.sessions.auth(owner, surface))))
    words = dict.fromkeys(w for w in (owner.tenant, owner.name) if w)
    for answer in answers:
        body = answer.json_or_none()
        for value in body.values() if isinstance(body, dict) else ():
            if isinstance(value, str) and 2 < len(value) < 50 and value.replace("-", "").isalnum():
                words.setdefault(value)
    return tuple(sorted(words, key=lambda w: (len(w) != 36, len(w))))[:_MOST_FOLDERS]
