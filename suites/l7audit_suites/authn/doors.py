"""Logins and token endpoints: how they are asked, with right and with wrong credentials."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

from l7audit.harness.check import Check
from l7audit.model import Credential, Identity, Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.target_model import Surface
from l7audit.target.tokens import token_in
from l7audit_suites.authn.ground import holders

_BEGINNING = "l7audit-Wrong-0-"
"""How a secret of ours begins: long and mixed enough for every rule of form."""


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """An OAuth2 token endpoint, with a client that it knows.

    `basic`: the client proves itself in a header, not in the body.
    """

    surface: Surface
    basic: bool
    identity: Identity
    client: Credential

    def request(self, client: str, secret: str, grant: str = "client_credentials") -> Request:
        """A client's request for a token; without a grant it names none."""
        form = {"grant_type": grant} if grant else {}
        if self.basic:
            return self.surface.request(form=form, auth=Auth.basic(client, secret))
        return self.surface.request(form={**form, "client_id": client, "client_secret": secret})

    def rightful(self) -> Request:
        """The known client's own request."""
        return self.request(self.client.name, self.client.secret)


def token_endpoint(check: Check) -> tuple[TokenEndpoint, Answer]:
    """An endpoint, and its answer to a client that it knows. Ends the check without one."""
    surfaces = check.surfaces(Kind.TOKEN)
    clients = holders(check, ("client",))
    if not clients:
        check.not_applicable("No identity of the profile is an OAuth2 client.")
    identity = check.random.choice(clients)
    credential = identity.credential("client")
    assert credential is not None  # `holders` looked
    for surface in surfaces:
        for basic in (False, True):
            endpoint = TokenEndpoint(surface, basic, identity, credential)
            answer = ask(check, endpoint.rightful(), identity.name)
            if answer.ok and token_in(answer):
                return endpoint, answer
    check.inconclusive("The token endpoint gives the profile's client no token.")


def login(check: Check) -> tuple[Surface, list[tuple[Identity, Credential]]]:
    """A login and who can use it, in random order. Ends the check without either."""
    surface = check.surface(Kind.LOGIN)
    known = [
        (identity, credential)
        for identity in holders(check, ("password",))
        if (credential := identity.credential("password")) is not None
    ]
    if not known:
        check.not_applicable("No identity of the profile has a password.")
    check.random.shuffle(known)
    return surface, known


def ask(check: Check, request: Request, identity: str = "") -> Answer:
    """Sends, and keeps the token of the answer out of everything that is written from now on."""
    answer = check.send(request, identity=identity)
    token = token_in(answer) if answer.ok else ""
    if token:
        check.probe.redactor.learn(token, "token")
    return answer


def wrong_secret(chance: random.Random) -> str:
    """A password that nobody has."""
    return _BEGINNING + word(chance, 12)


def nobody_like(name: str, chance: random.Random) -> str:
    """A user that does not exist, of the kind of this one: an address stays an address."""
    invented = f"l7audit-{word(chance, 10)}"
    _, at, domain = name.partition("@")
    return f"{invented}{at}{domain}"


def word(chance: random.Random, size: int) -> str:
    """Random small letters."""
    return "".join(chance.choices(string.ascii_lowercase, k=size))
