"""Where credentials are tried: a read that answers the rightful caller and refuses strangers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NoReturn
from weakref import WeakKeyDictionary

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.target_model import Surface, TargetModel
from l7audit_suites.authn.claims import Clones
from l7audit_suites.authn.forgeries import Forgery
from l7audit_suites.authn.jose import Token, parse
from l7audit_suites.authn.judgement import Seen, judge

CONCURRENCY = 4
_MOST_SURFACES = 16
_MOST_TRIED = 4
_PROOFS = ("password", "client", "bearer")


@dataclass(frozen=True, slots=True)
class Ground:
    """A protected read, somebody who may read it, and how his kind of credential is sent."""

    check: Check
    surface: Surface
    identity: Identity
    credential: str = field(repr=False)
    auth_of: Callable[[str], Auth]
    good: Answer

    def place(self, part: str) -> Place:
        """The read, narrowed to a part."""
        return self.surface.place(part)

    def request(self, credential: str, base_url: str = "") -> Request:
        """The read with this credential, there or at a replica."""
        return replace(self.surface.request(auth=self.auth_of(credential)), base_url=base_url)

    def ask(self, credential: str, base_url: str = "") -> Answer:
        """The answer to this credential."""
        return self.check.send(self.request(credential, base_url))

    def seen(self, answer: Answer) -> Seen:
        """What an answer of this read means."""
        return judge(answer, self.good)

    def everywhere(self) -> list[str]:
        """The target's own address and those of its replicas, as `base_url` takes them."""
        return ["", *self.check.target.replicas]

    def refuses(self, forgeries: Iterable[Forgery], part: str, statement: str) -> list[Answer]:
        """Expects each to be refused: one finding that names all that were not.

        What ended in an error of the server was not refused either: the check then can't pass.
        """
        tried = list(forgeries)
        answers = ask_all(self.check, [self.request(f.text) for f in tried])
        pairs = list(zip(tried, answers, strict=True))
        accepted = [(f, a) for f, a in pairs if self.seen(a) is Seen.ACCEPTED]
        names = "; ".join(dict.fromkeys(f.name for f, _ in accepted))
        self.check.expect(
            not accepted,
            self.place(part),
            f"{statement}: {names}.",
            *[a for _, a in accepted[:5]],
            expected="a refusal, as without a credential",
            seen="the same answer as to the right credential",
        )
        undecided(self.check, pairs, self)
        return answers


def undecided(check: Check, pairs: Sequence[tuple[Forgery, Answer]], ground: Ground) -> None:
    """Ends the check where an answer says neither yes nor no."""
    unclear = [(f, a) for f, a in pairs if ground.seen(a) is Seen.UNCLEAR]
    if unclear:
        forgery, answer = unclear[0]
        check.observe("The target neither accepted nor refused.", *[a for _, a in unclear[:3]])
        check.inconclusive(
            f"{len(unclear)} answers were no decision, such as {answer.status or answer.error} "
            f"to: {forgery.name}."
        )


def ask_all(check: Check, requests: Sequence[Request]) -> list[Answer]:
    """All answers in order; those that were throttled are asked for again, with patience."""
    answers = check.burst(requests, CONCURRENCY)
    return [
        check.send(request) if answer.throttled or answer.status is None else answer
        for request, answer in zip(requests, answers, strict=True)
    ]


def readable(check: Check) -> list[Surface]:
    """Protected reads without parameters in their path, the plainest first."""
    found = check.surfaces(Kind.PROTECTED_READ, limit=_MOST_SURFACES)
    return [s for s in found if not s.needs_values]


def find(
    check: Check, identity: Identity, credential: str, auth_of: Callable[[str], Auth], kind: str
) -> Ground | None:
    """The first read that lets this credential in and a stranger not; None without any."""
    surfaces = readable(check)
    fitting = [s for s in surfaces if s.accepts(kind)] or surfaces
    for surface in fitting[:_MOST_TRIED]:
        good = check.send(surface.request(auth=auth_of(credential)), identity=identity.name)
        if not good.ok:
            continue
        if _refuses_strangers(check, surface, good):
            return Ground(check, surface, identity, credential, auth_of, good)
    return None


_SHUT: WeakKeyDictionary[TargetModel, set[Place]] = WeakKeyDictionary()
"""Reads that refused a stranger in this process."""


def _refuses_strangers(check: Check, surface: Surface, good: Answer) -> bool:
    """Whether a stranger is refused where a good answer is known, which is asked once a process."""
    shut = _SHUT.setdefault(check.model, set())
    if surface.place() not in shut and judge(check.send(surface.request()), good) is Seen.REFUSED:
        shut.add(surface.place())
    return surface.place() in shut


def key_ground(check: Check) -> Ground:
    """A read that an identity's API key opens, with its witness."""
    identities = holders(check, ("api_key",))
    if not identities:
        check.not_applicable("No identity of the profile has an API key.")
    identity = check.random.choice(identities)
    credential = identity.credential("api_key")
    assert credential is not None  # `holders` looked
    auth = check.sessions.api_key(identity)
    ground = find(
        check, identity, credential.secret, lambda text: replace(auth, value=text), "api_key"
    )
    return _standing(check, ground, "API key")


def bearer_ground(check: Check, fresh: bool = False, ending: bool = False) -> Ground:
    """A read that an identity's access token opens, with its witness.

    `fresh` gets a new token where that can be had. `ending`: the check is going to end the token,
    so it must be one of our own making, and is not asked for again as a witness.
    """
    identities = holders(check, _PROOFS[:2] if ending else _PROOFS)
    if not identities:
        check.not_applicable("No identity of the profile can get an access token.")
    # The same few, cheap ones first: logins cost a password hash and count against a limit.
    identities.sort(key=lambda i: i.credential("client") is None)
    identity = check.random.choice(identities[:2])
    renewable = any(identity.credential(kind) for kind in _PROOFS[:2])

    def opened(newly: bool) -> Ground | None:
        session = _jwt_cookie(check, identity, newly)
        if session is not None:
            carried = partial(_as_cookie, session)
            return find(check, identity, session.value, carried, "cookie")
        token = _bearer(check, identity, newly)
        return find(check, identity, token, check.sessions.carried, "bearer")

    ground = opened(renewable and (fresh or ending))
    if ground is None and renewable:
        ground = opened(True)  # one that was got earlier in the run may have ended meanwhile
    return _standing(check, ground, "access token", once=ending)


def session_ground(check: Check, fresh: bool = False) -> Ground | None:
    """A read that an identity's session cookie opens; None where sessions are of another kind.
    `fresh` opens a new session, which may then be ended."""
    for identity in holders(check, ("password",) if fresh else ("password", "cookie"))[:1]:
        session = _session(check, identity)
        if session is not None and fresh:
            check.sessions.forget(identity)
            session = _session(check, identity)
        if session is not None:
            carried = partial(_as_cookie, session)
            return find(check, identity, session.value, carried, "cookie")
    return None


def _session(check: Check, identity: Identity) -> Auth | None:
    """What an identity gets beside its API key, if that is a cookie."""
    ways = [auth for auth in check.sessions.ways(identity) if auth.kind != "api_key"]
    return ways[0] if ways and ways[0].kind == "cookie" else None


def _jwt_cookie(check: Check, identity: Identity, fresh: bool) -> Auth | None:
    """The session of an identity where it is a JWT in a cookie; None where it is anything else."""
    ways = check.sessions.ways(identity)
    if not ways or ways[0].kind != "cookie" or parse(ways[0].value) is None:
        return None
    if fresh:
        check.sessions.forget(identity)
    return check.sessions.auth(identity) if fresh else ways[0]


def _as_cookie(session: Auth, token: str) -> Auth:
    return replace(session, value=token)


def token_ground(check: Check, fresh: bool = False) -> tuple[Ground, Token]:
    """As `bearer_ground`, where the token is a JWT; `fresh` where the issuing itself is judged."""
    ground = bearer_ground(check, fresh)
    token = parse(ground.credential)
    if token is None:
        check.not_applicable("The target's access tokens are opaque, not JWTs.")
    return ground, token


def clone_ground(check: Check) -> tuple[Ground, Token, Clones]:
    """As `token_ground`, where we may sign with the issuer's own key.

    The witness is a faithful clone: only then does a refusal speak of the one claim changed.
    """
    ground, token = token_ground(check)
    if check.target.mint is None:
        check.inconclusive("The target grants no signing key.")
    try:
        clones = Clones.of(token, check.target.mint)
    except ValueError as error:
        check.inconclusive(f"The granted signing key is unusable: {error}.")
    faithful = clones.text()
    check.probe.redactor.learn(faithful)
    check.witness("a token that we sign rightly is accepted", lambda: ground.ask(faithful))
    return ground, token, clones


def _bearer(check: Check, identity: Identity, fresh: bool) -> str:
    """The identity's token. Ends the check where its sessions are of another kind."""
    try:
        return check.sessions.bearer(identity, fresh=fresh)
    except CredentialError as error:
        if any(auth.kind == "cookie" for auth in check.sessions.ways(identity)):
            check.not_applicable("The target's sessions are cookies, not bearer tokens.")
        check.inconclusive(str(error))


def holders(check: Check, kinds: Sequence[str]) -> list[Identity]:
    """Identities with one of these credentials; those with small quotas are left alone."""
    return [
        identity
        for identity in check.identities
        if not {"limited", "expired", "revoked"} & set(identity.tags)
        and any(identity.credential(kind) for kind in kinds)
    ]


def _standing(check: Check, ground: Ground | None, what: str, *, once: bool = False) -> Ground:
    if ground is None:
        _nowhere(check, what)
    check.witness(f"a valid {what} is accepted", lambda: ground.ask(ground.credential), once=once)
    return ground


def _nowhere(check: Check, what: str) -> NoReturn:
    check.inconclusive(
        f"No protected read was found that accepts a valid {what} and refuses a stranger."
    )
