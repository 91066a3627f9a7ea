"""Logins and token endpoints that tell too much or ask too little."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import secrets
from typing import Any

from l7audit_stack.api.operation import Call, Operation, Reply
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.security.passwords import ClientSecrets, Passwords
from l7audit_stack.data.identities import Identities, PrincipalRow
from l7audit_stack.defects.authn.around import Scope, Whole, changing_answers
from l7audit_stack.defects.authn.swap import Swap, become
from l7audit_stack.defects.defect import Defect

LOGIN, TOKEN, RESET = "auth.login", "auth.token", "resets.ask"


class NoDecoy(Passwords):
    """Answers at once where there is no such user."""

    async def check(self, password: str, stored: str | None) -> bool:
        return stored is not None and await super().check(password, stored)


class OddTimes(Passwords):
    """Waits a little, now more, now less, whoever asks."""

    async def check(self, password: str, stored: str | None) -> bool:
        await asyncio.sleep(random.uniform(0, 0.02))
        return await super().check(password, stored)


class AnySecret(ClientSecrets):
    """The client exists, and that is enough."""

    def matches(self, secret: str, stored: bytes | None) -> bool:
        return stored is not None


class LongEnough(Passwords):
    """A password will do if it is long."""

    def guessable(self, password: str) -> bool:
        return False


class Picky(Passwords):
    """A password of fewer than sixteen characters will not do."""

    def guessable(self, password: str) -> bool:
        return len(password) < 16 or super().guessable(password)


class Delivered(Identities):
    """Knows an admin who came with the software, with a password of its own making."""

    password = "admin"

    async def user_by_username(self, username: str) -> tuple[PrincipalRow, str] | None:
        if not username.startswith("admin@"):
            return await super().user_by_username(username)
        row = await self._database.fetchrow(
            "SELECT username FROM principals WHERE role = 'admin' AND username IS NOT NULL LIMIT 1"
        )
        found = await super().user_by_username(row["username"]) if row else None
        if found is None:
            return None
        return found[0], await asyncio.to_thread(Passwords().hash, self.password)


class OwnAdmin(Delivered):
    """Its admin chose a password."""

    password = secrets.token_urlsafe(18)


def _identities(kind: type[Identities]) -> Swap:
    return lambda parts: dataclasses.replace(parts, identities=kind(parts.database))


def _passwords(kind: type[Passwords]) -> Swap:
    return lambda parts: dataclasses.replace(parts, passwords=become(kind, parts.passwords))


def _client_secrets(kind: type[ClientSecrets]) -> Swap:
    return lambda parts: dataclasses.replace(
        parts, client_secrets=become(kind, parts.client_secrets)
    )


def _handled(name: str, wrapper: Any) -> Swap:
    """Puts another handler around that of one operation."""

    def changed(operation: Operation) -> Operation:
        if operation.name != name:
            return operation
        return dataclasses.replace(operation, handler=wrapper(operation.handler))

    return lambda parts: dataclasses.replace(
        parts, operations=tuple(changed(o) for o in parts.operations)
    )


def _tells_unknown_user(handler: Any) -> Any:
    async def login(call: Call) -> Reply:
        try:
            reply: Reply = await handler(call)
        except Problem:
            if await call.parts.identities.user_by_username(call.body.username) is None:
                raise Problem(404, "user-unknown", "There is no such user.") from None
            raise
        return reply

    return login


def _helps_who_mistyped(handler: Any) -> Any:
    async def ask(call: Call) -> Reply:
        if await call.parts.identities.user_by_username(call.body.username) is None:
            raise Problem(404, "user-unknown", "There is no such user: is the name right?")
        reply: Reply = await handler(call)
        return reply

    return ask


def _repeats_the_name(handler: Any) -> Any:
    async def ask(call: Call) -> Reply:
        await handler(call)
        said = {"message": f"If {call.body.username} is a user, a letter is on its way."}
        return Reply(json.dumps(said).encode(), status=202)

    return ask


def _tells_unknown_client(handler: Any) -> Any:
    async def token(call: Call) -> Reply:
        try:
            reply: Reply = await handler(call)
        except Problem as problem:
            known = await call.parts.identities.client_by_id(call.body.client_id or "")
            if problem.status == 401 and known is not None:
                detail = "The client secret is wrong."
                members = {**problem.members, "error_description": detail}
                raise Problem(
                    401, "invalid-client", detail, headers=problem.headers, members=members
                ) from None
            raise
        return reply

    return token


def _defaults_to_client(handler: Any) -> Any:
    """Whatever grant is asked for: a known client gets a token."""

    async def token(call: Call) -> Reply:
        wanted = _GrantKept(call.body)
        reply: Reply = await handler(dataclasses.replace(call, body=wanted))
        return reply

    return token


class _GrantKept:
    """A request whose grant reads as the known one."""

    grant_type = "client_credentials"

    def __init__(self, body: Any) -> None:
        self.client_id = body.client_id
        self.client_secret = body.client_secret
        self.scope = body.scope


def _is_bad_request(scope: Scope, status: int) -> bool:
    return status == 401 and scope["path"].endswith("/token")


def _as_400(whole: Whole) -> None:
    whole.status = 400
    whole.header(b"www-authenticate", None)
    body = json.loads(whole.body)
    whole.content(json.dumps({**body, "status": 400}).encode(), b"application/problem+json")


def _on(name: str, statuses: tuple[int, ...], change: Any) -> Any:
    def wrap(app: Any, parts: Parts) -> Any:
        path = next(o.path for o in parts.operations if o.name == name)
        return changing_answers(lambda s, n: s["path"] == path and n in statuses, change)(
            app, parts
        )

    return wrap


def _both(change: Any) -> Any:
    def wrap(app: Any, parts: Parts) -> Any:
        return _on(TOKEN, (200,), change)(_on(LOGIN, (200,), change)(app, parts), parts)

    return wrap


def _with_200(whole: Whole) -> None:
    whole.status = 200
    whole.header(b"www-authenticate", None)
    whole.content(b'{"error":"invalid_credentials","message":"Wrong username or password."}')


def _cacheable(whole: Whole) -> None:
    whole.header(b"cache-control", b"private, max-age=600")
    whole.header(b"pragma", None)


def _no_store_among_others(whole: Whole) -> None:
    whole.header(b"cache-control", b"private, max-age=0, No-Store")


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authn.unknown-user-told",
        summary="A login says that there is no such user.",
        parts=_handled(LOGIN, _tells_unknown_user),
    ),
    Defect(
        name="authn.login-refuses-with-200",
        summary="A failed login answers 200 with an error in its body, for every reason the same.",
        near_miss=True,
        wrap=_on(LOGIN, (401,), _with_200),
    ),
    Defect(
        name="authn.reset-tells-unknown-user",
        summary="Who asks for a new password is told that there is no such user.",
        parts=_handled(RESET, _helps_who_mistyped),
    ),
    Defect(
        name="authn.reset-repeats-the-name",
        summary="Whoever asks for a new password is answered with the name that they gave.",
        near_miss=True,
        parts=_handled(RESET, _repeats_the_name),
    ),
    Defect(
        name="authn.guessed-password-taken",
        summary="Whatever is long enough becomes a password.",
        parts=_passwords(LongEnough),
    ),
    Defect(
        name="authn.long-passwords-only",
        summary="New passwords have sixteen characters at least, whatever they are.",
        near_miss=True,
        parts=_passwords(Picky),
    ),
    Defect(
        name="authn.delivered-admin",
        summary="There is an admin whose password is admin, as delivered.",
        parts=_identities(Delivered),
    ),
    Defect(
        name="authn.admin-of-ones-own",
        summary="There is an admin of the usual name, whose password nobody guesses.",
        near_miss=True,
        parts=_identities(OwnAdmin),
    ),
    Defect(
        name="authn.unknown-user-faster",
        summary="A login hashes no password where there is no such user.",
        parts=_passwords(NoDecoy),
    ),
    Defect(
        name="authn.login-takes-odd-times",
        summary="A login takes now more and now less time, for everybody.",
        near_miss=True,
        parts=_passwords(OddTimes),
    ),
    Defect(
        name="authn.token-answers-cacheable",
        summary="Answers with a token may be kept by a browser for ten minutes.",
        wrap=_both(_cacheable),
    ),
    Defect(
        name="authn.no-store-among-others",
        summary="no-store stands last among other directives and in capitals.",
        near_miss=True,
        wrap=_both(_no_store_among_others),
    ),
    Defect(
        name="authn.client-secret-unchecked",
        summary="A known client gets a token with any secret.",
        parts=_client_secrets(AnySecret),
    ),
    Defect(
        name="authn.unknown-client-told",
        summary="The token endpoint tells a wrong secret from an unknown client.",
        parts=_handled(TOKEN, _tells_unknown_client),
    ),
    Defect(
        name="authn.client-refused-with-400",
        summary="A client that fails to authenticate gets 400 and not 401.",
        near_miss=True,
        wrap=_on(TOKEN, (401,), _as_400),
    ),
    Defect(
        name="authn.any-grant",
        summary="The token endpoint takes unknown grants for client credentials.",
        parts=_handled(TOKEN, _defaults_to_client),
    ),
)
