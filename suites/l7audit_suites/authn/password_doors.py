"""Where a name and a password are tried, by the way that lets their owner in.

A login may be a JSON body, an HTML form with a token of its page, OAuth2's password grant or HTTP
basic on any read: what is guessed must reach the password's comparison, so the way is found with
a right password first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from l7audit.harness.check import Check
from l7audit.model import Credential, Identity, Kind, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.target_model import Surface
from l7audit_suites.authn.ground import Ground, holders, readable
from l7audit_suites.authn.held_off import login_answer
from l7audit_suites.authn.judgement import Seen, judge

_MOST_WAYS = 5
_MOST_READS = 4
_MOST_TRIED = 2

Known = tuple[Identity, Credential]


@dataclass(frozen=True, slots=True)
class Door:
    """`known` are those who may come in here, `good` is the answer to the first of them. `way` is
    the number of the attempt that let him in; by HTTP basic it is a `read` instead."""

    check: Check
    operation: Place
    known: tuple[Known, ...]
    good: Answer
    way: int = 0
    read: Surface | None = field(default=None)

    def place(self, part: str = "") -> Place:
        return Place(operation=self.operation.operation, part=part)

    def request(self, name: str, secret: str) -> Request:
        """A try; a form's page is asked for first. Ends the check where it can't be made."""
        if self.read is not None:
            return self.read.request(auth=Auth.basic(name, secret))
        nobody = msgspec.structs.replace(self.known[0][0], name="")
        credential = Credential(kind="password", name=name, secret=secret)
        tries = self.check.sessions.tries(nobody, credential)
        made = next(islice(tries, self.way, None), None)
        if made is None:
            self.check.inconclusive("The login's page holds no form any more.")
        return made

    def rightful(self) -> Request:
        """The try of the first who may come in."""
        _, credential = self.known[0]
        return self.request(credential.name, credential.secret)

    def ask(self, name: str, secret: str, *, patience: bool = True) -> Answer:
        request = self.request(name, secret)
        if patience:
            return login_answer(self.check, request)
        return self.check.send(request, patience=False)

    def lets_in(self, answer: Answer) -> bool:
        if self.read is not None:
            return judge(answer, self.good) is Seen.ACCEPTED
        return self.check.sessions.opened(answer) is not None


def doors(check: Check) -> list[Door]:
    """A login and a read that takes HTTP basic, where somebody of the profile comes in by them.

    Ends the check where the profile has no passwords, or none of them opens anything.
    """
    named = holders(check, ("password", "basic"))
    if not named:
        check.not_applicable("No identity of the profile has a password.")
    found = [door for door in (find_login(check), _basic(check)) if door is not None]
    if not found and not check.model.surfaces(Kind.LOGIN, limit=1) and not _has_basic(check):
        check.surface(Kind.LOGIN)  # says why there is none
    if not found:
        check.inconclusive(_why_nobody(check))
    return found


def _why_nobody(check: Check) -> str:
    """What is said where nobody of the profile comes in: a target that holds logins off after
    many is sound, and its passwords may be as good as ever."""
    for identity, credential in _known(check, "password")[:1]:
        for request in islice(check.sessions.tries(identity, credential), 1):
            answer = check.send(request, identity=identity.name, patience=False)
            if answer.throttled:
                return (
                    "The target holds logins off for now (429): run this control by itself, "
                    "a while later."
                )
    return "No password of the profile opens anything."


def login_door(check: Check) -> Door:
    """The first of `doors` that gives a session. Ends the check without one."""
    door = next((d for d in doors(check) if d.read is None), None)
    if door is None:
        check.not_applicable("Nobody logs in: passwords go along with each request.")
    return door


def _known(check: Check, kind: str) -> list[Known]:
    found = [
        (identity, credential)
        for identity in holders(check, (kind,))
        if (credential := identity.credential(kind)) is not None
    ]
    check.random.shuffle(found)
    return found


def find_login(check: Check, besides: Collection[str] = ()) -> Door | None:
    """Where somebody of the profile, not one of those named, logs in by a password; None where
    nobody does."""
    known = [k for k in _known(check, "password") if k[0].name not in besides]
    for at, (identity, credential) in enumerate(known[:_MOST_TRIED]):
        tries = check.sessions.tries(identity, credential)
        for way, request in enumerate(islice(tries, _MOST_WAYS)):
            answer = login_answer(check, request, identity.name)
            auth = check.sessions.opened(answer)
            if auth is not None:
                check.probe.redactor.learn(auth.secret)
                order = (known[at], *known[:at], *known[at + 1 :])
                return Door(check, _operation(check, request), order, answer, way)
    return None


def issued_by(check: Check, ground: Ground) -> Callable[[str], Place]:
    """Where the ground's token comes from; its read where the profile itself gives the token."""
    if ground.identity.credential("password") and (door := find_login(check)) is not None:
        return door.place
    if ground.identity.credential("client"):
        return next((s.place for s in check.model.surfaces(Kind.TOKEN, limit=1)), ground.place)
    return ground.place


def _operation(check: Check, request: Request) -> Place:
    """The operation that a login is: a surface's, or that of the form's own address."""
    for kind in (Kind.LOGIN, Kind.TOKEN):
        for surface in check.model.surfaces(kind):
            if surface.request().path == request.path:
                return surface.place()
    path = request.path.partition("?")[0].removeprefix(check.model.prefix)
    return Place(operation=f"{request.method} {path}")


def _basic(check: Check) -> Door | None:
    known = _known(check, "basic")
    for identity, credential in known[:1]:
        for surface in _reads(check):
            auth = Auth.basic(credential.name, credential.secret)
            good = check.send(surface.request(auth=auth), identity=identity.name)
            if good.ok and judge(check.send(surface.request()), good) is Seen.REFUSED:
                return Door(check, surface.place(), tuple(known), good, read=surface)
    return None


def _reads(check: Check) -> Iterator[Surface]:
    surfaces = readable(check)
    fitting = [s for s in surfaces if s.accepts("basic")] or surfaces
    return islice(iter(fitting), _MOST_READS)


def _has_basic(check: Check) -> bool:
    return bool(_known(check, "basic"))
