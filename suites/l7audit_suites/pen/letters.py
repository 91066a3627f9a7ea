"""Writes whose answers hold links: invitations, shares, things that tell where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Safety
from l7audit.probe.answer import Answer
from l7audit.target import meaning
from l7audit.target.schemas import walk
from l7audit.target.target_model import Surface
from l7audit.target.values import keep
from l7audit.target.words import all_words, says
from l7audit_suites.authz.making import attempts
from l7audit_suites.authz.markers import new_marker
from l7audit_suites.authz.people import admin_roles, by_role

_TELLING = (
    "invite", "invitation", "share", "sharing", "link", "verify", "verification", "confirm",
    "confirmation", "activate", "activation", "reset", "forgot", "magic", "recover",
)  # fmt: skip
_NOT_MADE = {Kind.LOGIN, Kind.TOKEN, Kind.REVOKE_TOKEN, Kind.PASSWORD_CHANGE, Kind.REGISTRATION}
_ABOUT_INPUT = {400, 409, 422}
_LINK = re.compile(r"https?:\\?/\\?/", re.IGNORECASE)
_MOST = 4
_MOST_PEOPLE = 3


@dataclass(frozen=True, slots=True)
class Letter:
    """A write by somebody whose answer held a link; None of `who` where anybody may."""

    check: Check
    surface: Surface
    who: Identity | None

    def asked(self, headers: Mapping[str, str]) -> Answer | None:
        """The answer to such a write with these headers; None where none was taken."""
        answer = _written(self.check, self.surface, self.who, headers)
        return answer if answer is not None and answer.ok else None


def letters(check: Check) -> Iterator[Letter]:
    """A few of them, where writing is allowed; what is made is removed where that can be done."""
    if check.probe.scope.safety.rank < Safety.INTRUSIVE.rank:
        return
    count = 0
    for surface in _candidates(check):
        if count >= _MOST:
            return
        for who in _people(check, surface):
            ready = surface
            if surface.needs_values:
                found = None if who is None else check.model.resolve(surface, check.sessions, who)
                if found is None:
                    continue
                ready = found
            answer = _written(check, ready, who, {})
            if answer is None or not answer.ok:
                continue
            if _LINK.search(answer.text) or answer.headers.get("Location"):
                count += 1
                yield Letter(check, ready, who)
            break


def _candidates(check: Check) -> list[Surface]:
    """Writes whose documents tell of links, or whose names do; the latter first."""
    found = []
    for operation in check.model.operations:
        if operation.method != "POST" or operation.kinds & (_NOT_MADE | {Kind.URL_TAKING}):
            continue
        named = says(all_words([operation.name, operation.template]), *_TELLING)
        told = any(
            meaning.takes_url(name, part)
            for schema in operation.success.values()
            for name, part in walk(schema, 3)
        )
        if named or told:
            found.append((not named, check.model.surface(operation)))
    return [surface for _, surface in sorted(found, key=lambda pair: pair[0])][: 2 * _MOST]


def _people(check: Check, surface: Surface) -> Sequence[Identity | None]:
    if surface.operation.public:
        return [None]
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    return [*ordinary, *powerful][:_MOST_PEOPLE]


def _written(
    check: Check, surface: Surface, who: Identity | None, headers: Mapping[str, str]
) -> Answer | None:
    """The answer to the first attempt that is taken, or to the last."""
    answer: Answer | None = None
    someone = who or next(iter(check.identities), None)
    if someone is None:
        return None
    try:
        auth = None if who is None else check.sessions.auth(who, surface)
        for given in attempts(check, surface, someone, new_marker()):
            request = surface.request(auth=auth, **given).with_headers(headers)
            answer = check.send(request, identity=who.name if who else "")
            if answer.ok or answer.status not in _ABOUT_INPUT:
                break
    except CredentialError:
        return None
    if answer is not None and answer.ok and who is not None:
        keep(check.model, surface, answer, check.sessions, who)
    return answer
