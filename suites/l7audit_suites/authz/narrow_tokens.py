"""Access tokens that are asked for with fewer scopes than their owner has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth
from l7audit.target.target_model import Surface
from l7audit.target.tokens import token_in
from l7audit_suites.authn.ground import holders
from l7audit_suites.authz.families import Family, families
from l7audit_suites.authz.narrow_keys import by
from l7audit_suites.authz.things import opened

_MOST_OWNERS = 3


@dataclass(frozen=True, slots=True)
class NarrowToken:
    """A token for a listing alone, one for everything, and the family whose making the first
    must not open."""

    owner: Identity
    family: Family
    auth: Auth = field(repr=False)
    whole: Auth = field(repr=False)


def narrow_token(check: Check) -> NarrowToken:
    """Ends the check where the target gives no such token, or says that it does not narrow."""
    clients = holders(check, ("client",))
    surfaces = check.surfaces(Kind.TOKEN, limit=1)
    for owner in clients[:_MOST_OWNERS]:
        whole = _token(_asked(check, surfaces[0], owner, ""))
        for family, scopes in _listings(check) if whole else ():
            assert family.list is not None  # `_listings` looked
            answer = _asked(check, surfaces[0], owner, " ".join(scopes))
            text = _token(answer)
            if not text or _told(answer) - set(scopes):
                continue
            auth = check.sessions.carried(text)
            if opened(family.list, by(check, family.list, auth)):
                return NarrowToken(owner, family, auth, check.sessions.carried(whole))
    if not clients:
        check.not_applicable("No identity of the profile gets a token as a client.")
    check.inconclusive("No token could be had for a listing alone.")


def _listings(check: Check) -> Iterator[tuple[Family, tuple[str, ...]]]:
    """Families with a listing that asks for other scopes than the making."""
    for family in families(check.model):
        listing, create = family.list, family.create
        if listing is None or create is None or family.nested or Kind.KEY_LIST in listing.kinds:
            continue
        needed = listing.operation.scopes
        if needed and not set(needed) >= set(create.operation.scopes):
            yield family, tuple(needed)


def _asked(check: Check, surface: Surface, owner: Identity, scope: str) -> Answer:
    credential = owner.credential("client")
    assert credential is not None  # `holders` looked
    form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    inside = {"client_id": credential.name, "client_secret": credential.secret}
    answer = check.send(surface.request(form={**form, **inside}), identity=owner.name)
    if not answer.ok:
        auth = Auth.basic(credential.name, credential.secret)
        answer = check.send(surface.request(form=form, auth=auth), identity=owner.name)
    if text := _token(answer):
        check.probe.redactor.learn(text)
    return answer


def _token(answer: Answer) -> str:
    return token_in(answer) if answer.ok else ""


def _told(answer: Answer) -> set[str]:
    """The scopes that the answer names: none means those that were asked for (RFC 6749, 5.1)."""
    body = answer.json_or_none()
    told = body.get("scope") if isinstance(body, dict) else None
    return set(told.split()) if isinstance(told, str) else set()
