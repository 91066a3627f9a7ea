"""Being somebody at the target: from an identity's credentials to what a request carries."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from l7audit.errors import CredentialError
from l7audit.model import Credential, Identity
from l7audit.probe.answer import Answer
from l7audit.probe.probe import Probe
from l7audit.probe.request import Auth, Request
from l7audit.target.logins import (
    attempts,
    carrying,
    forgery_header,
    login_request,
    session_of,
    tellers,
    to_login,
)
from l7audit.target.operation import Scheme
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.tokens import claims, token_against_forgery

LIFETIME = 240.0
"""Seconds that a token counts as good where it does not say for how long it is."""

RENEWALS = 20
"""How often a session that was lost is renewed before the target's word is taken for it."""

EARLY = 30.0
"""Seconds before its end at which a token is renewed."""


@dataclass(slots=True)
class _Wallet:
    """What was got so far, shared by all views: by identity and credential, an auth and its end
    in seconds of `time.monotonic()`."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    held: dict[tuple[str, str], tuple[Auth, float]] = field(default_factory=dict)
    lost: set[tuple[str, str]] = field(default_factory=set)
    renewed: dict[tuple[str, str], int] = field(default_factory=dict)

    def notice(self, answer: Answer) -> None:
        """Hears of every answer: a session that is told to log in is renewed at its next use.

        So often at most: a target may answer 401 to what a caller merely may not do.
        """
        if answer.status != 401 and not to_login(answer):
            return
        with self.lock:
            for key, (auth, _) in self.held.items():
                if self.renewed.get(key, 0) < RENEWALS and answer.request.carries(auth):
                    self.lost.add(key)


class Sessions:
    """Logs identities in, once each, and remembers. Safe for threads."""

    def __init__(self, model: TargetModel, probe: Probe, wallet: _Wallet | None = None) -> None:
        self.model = model
        self.probe = probe
        self._wallet = wallet or _Wallet()
        if wallet is None:
            probe.watch(self._wallet.notice)
        self._left_behind: list[tuple[Request, str]] = []
        self.made: dict[tuple[str, str], dict[str, str]] = {}
        """What was made for other things to be below it or to name it, by who made it and where:
        it serves until all is removed."""

    def using(self, probe: Probe) -> Sessions:
        """The same sessions, whose further exchanges are recorded by another probe."""
        return Sessions(self.model, probe, self._wallet)

    def auth(self, identity: Identity, surface: Surface | None = None) -> Auth:
        """The best way for an identity to authenticate: on `surface` if one is given.

        An API key goes before a token, which may expire, and a token before a password. Errors:
        `CredentialError` where none of its credentials opens anything.
        """
        usable = self._usable(identity, surface)
        if not usable:
            raise CredentialError(f"The identity {identity.name} has no credentials.")
        failure: CredentialError | None = None
        for credential in usable:
            try:
                return self._by(identity, credential)
            except CredentialError as error:
                failure = error
        raise failure or CredentialError(f"The identity {identity.name} cannot log in.")

    def ways(self, identity: Identity) -> list[Auth]:
        """Every way for an identity to authenticate, the best first; what fails is left out."""
        found: list[Auth] = []
        for credential in self._usable(identity, None):
            with suppress(CredentialError):
                auth = self._by(identity, credential)
                if auth not in found:
                    found.append(auth)
        return found

    def bearer(self, identity: Identity, fresh: bool = False) -> str:
        """A bearer token of the identity; `fresh` gets a new one. Errors: `CredentialError`."""
        failure: CredentialError | None = None
        for kind in ("password", "client", "bearer"):
            credential = identity.credential(kind)
            if credential is None or (fresh and kind == "bearer"):
                continue
            try:
                auth = self._by(identity, credential, fresh=fresh)
            except CredentialError as error:
                failure = error
                continue
            if auth.kind == "bearer":
                return auth.secret
        raise failure or CredentialError(
            f"The identity {identity.name} has no credentials that give a bearer token.",
            mend="Give it a password, client or bearer credential in the profile.",
        )

    def api_key(self, identity: Identity) -> Auth:
        """The identity's API key in its header. Errors: `CredentialError` where it has none."""
        credential = identity.credential("api_key")
        if credential is None:
            raise CredentialError(f"The identity {identity.name} has no API key.")
        return self._by(identity, credential)

    def forget(self, identity: Identity) -> None:
        """Drops what was got for an identity, so that the next use logs in again."""
        with self._wallet.lock:
            for key in [k for k in self._wallet.held if k[0] == identity.name]:
                del self._wallet.held[key]

    def login_request(self, surface: Surface, account: str, password: str) -> Request:
        """A login attempt by name and password, as the operation's schema wants it."""
        credential = Credential(kind="password", name=account, secret=password)
        return login_request(self.model, surface, credential)

    def tries(self, identity: Identity, credential: Credential) -> Iterator[Request]:
        """The requests that may turn a credential into a session, in the same order each time."""
        return attempts(self.model, self.probe, identity, credential)

    def opened(self, answer: Answer) -> Auth | None:
        """What the answer to such a request lets its caller carry; None where nobody is let in."""
        return session_of(self.model, answer)

    def carried(self, token: str) -> Auth:
        """How a token is carried here."""
        return carrying(self.model, token)

    def keep_for_removal(self, request: Request, identity: str) -> None:
        """Remembers how to remove what was just created."""
        self._left_behind.append((request, identity))

    @property
    def left_behind(self) -> int:
        """How much there is to be removed."""
        return len(self._left_behind)

    def clean(self, but: int = 0) -> list[Answer]:
        """Removes what these sessions created, newest first; `but` so much of the oldest stays."""
        self.made.clear()  # any of it may be gone now
        answers = []
        while len(self._left_behind) > but:
            request, identity = self._left_behind.pop()
            answers.append(self.probe.send(request, identity))
        return answers

    # --- from a credential to an auth ---------------------------------------------------------

    def _usable(self, identity: Identity, surface: Surface | None) -> list[Credential]:
        """The identity's credentials in order of preference; only those that fit, if any does."""
        order = {"api_key": 0, "bearer": 1, "cookie": 2, "client": 3, "password": 4, "basic": 5}
        listed = sorted(identity.credentials, key=lambda c: order.get(c.kind, 9))
        if surface is None:
            return listed
        fitting = [c for c in listed if any(map(surface.accepts, _gives(c)))]
        return fitting or listed

    def _by(self, identity: Identity, credential: Credential, *, fresh: bool = False) -> Auth:
        if credential.kind == "api_key":
            scheme = self._key_scheme(credential)
            place = credential.place or scheme.place
            return Auth.api_key(scheme.field or "X-API-Key", credential.secret, place)
        if credential.kind == "cookie":
            return Auth.cookie(credential.name, credential.secret)
        if credential.kind == "bearer":
            return carrying(self.model, credential.secret)
        if credential.kind == "basic":
            return Auth.basic(credential.name, credential.secret)
        key = (identity.name, f"{credential.kind}:{credential.name}")
        with self._wallet.lock:
            held = self._wallet.held.get(key)
            lost = key in self._wallet.lost
        if held and not fresh and not lost and time.monotonic() < held[1]:
            return held[0]
        auth, until = self._got(identity, credential)
        with self._wallet.lock:
            self._wallet.held[key] = (auth, until)
            self._wallet.lost.discard(key)
            self._wallet.renewed[key] = self._wallet.renewed.get(key, 0) + lost
        return auth

    def _key_scheme(self, credential: Credential) -> Scheme:
        """Where the key goes: what the credential says, else what the document says."""
        declared = self.model.schemes("api_key")
        if credential.name:
            named = (s for s in declared if s.field.lower() == credential.name.lower())
            return next(named, Scheme("", "api_key", credential.name))
        return declared[0] if declared else Scheme("", "api_key")

    def _got(self, identity: Identity, credential: Credential) -> tuple[Auth, float]:
        """A new session. Errors: `CredentialError` with what the target answered."""
        seen: list[str] = []
        for request in attempts(self.model, self.probe, identity, credential):
            asked_at = time.monotonic()
            answer = self.probe.send(request, identity.name)
            auth = session_of(self.model, answer)
            if auth is not None:
                self.probe.redactor.learn(auth.secret)
                auth = self._with_token(identity, auth, answer)
                return auth, asked_at + _good_for(answer, auth)
            said = answer.error or f"status {answer.status}"
            said += ", sent back to the login" * to_login(answer)
            seen.append(f"{request.method} {request.path}: {said}" + (" no token" * answer.ok))
        if not seen:
            raise CredentialError(
                f"No operation is known where {identity.name} can log in by {credential.kind}.",
                mend="Name it in the profile's hints: login: POST /path",
            )
        raise CredentialError(
            f"The identity {identity.name} cannot log in by {credential.kind} ({'; '.join(seen)}).",
            mend="Check the identity's credentials in the profile.",
        )

    def _with_token(self, identity: Identity, auth: Auth, answer: Answer) -> Auth:
        """A cookie's session with the token against forgery that its changes need, if it is told
        one: by the login's answer, or by a read."""
        if auth.kind != "cookie" or auth.further:
            return auth
        reads = (s.request(auth=auth) for s in tellers(self.model))
        answers = (self.probe.send(request, identity.name) for request in reads)
        for told in itertools.chain([answer], answers):
            if token := token_against_forgery(told):
                self.probe.redactor.learn(token)
                return auth.with_further(((forgery_header(self.model), token),))
        return auth


def _gives(credential: Credential) -> tuple[str, ...]:
    """The kinds of scheme that a credential can satisfy."""
    return {
        "api_key": ("api_key",),
        "bearer": ("bearer",),
        "cookie": ("cookie",),
        "client": ("bearer",),
        "password": ("bearer", "cookie"),
        "basic": ("basic",),
    }.get(credential.kind, ())


def _good_for(answer: Answer, auth: Auth) -> float:
    """Seconds that a session is used before it is renewed."""
    body = answer.json_or_none()
    said = body.get("expires_in") if isinstance(body, dict) else None
    if not isinstance(said, int | float) or isinstance(said, bool):
        end = claims(auth.secret).get("exp")
        said = end - time.time() if isinstance(end, int | float) else LIFETIME
    seconds = max(0.0, min(float(said), 86_400.0))
    return max(seconds - EARLY, seconds / 2)
