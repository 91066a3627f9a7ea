"""The way of a request: origin, path, caller, limit, right, input, handler, answer.

Pure ASGI. Every answer, whatever went wrong, leaves through `Answering.send`, so that no answer
lacks the headers that all of them carry.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from l7audit_stack.api.answering import Answering
from l7audit_stack.api.deadlines import Deadlines
from l7audit_stack.api.exchange import Exchange
from l7audit_stack.api.leftovers import Tap, sends_body
from l7audit_stack.api.operation import Call, Operation, Reply
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.router import Match, Router
from l7audit_stack.api.security.audit import Event
from l7audit_stack.api.security.authentication import Authenticator, Grant, UnauthenticatedError
from l7audit_stack.api.security.bodies import ClientGoneError
from l7audit_stack.api.security.policy import forbidden
from l7audit_stack.data.database import DatabaseAwayError
from l7audit_stack.data.store import StoreAwayError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_BAD_INPUT = frozenset({400, 413, 414, 415, 422})
_CHALLENGE = 'Bearer realm="agents", ApiKey realm="agents"'
_CHALLENGE_INVALID = 'Bearer realm="agents", error="invalid_token", ApiKey realm="agents"'


def _away() -> Problem:
    return Problem(
        503,
        "try-again-later",
        "The service can't do this for the moment.",
        headers={"Retry-After": "1"},
    )


class Service:
    """Answers HTTP requests with the parts' operations."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.authenticator: Authenticator = parts.authenticator(parts)
        self._router = Router(parts.operations)
        self._answering = Answering(parts)
        self._deadlines = Deadlines()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope)
        parts = self.parts
        peer = scope["client"][0] if scope.get("client") else ""
        exchange.client = parts.clients.of(peer, exchange.headers)
        exchange.request_id = parts.request_ids.of(
            exchange.headers, from_proxy=parts.clients.trusts(peer)
        )
        body = Tap(receive) if sends_body(exchange.headers) else None
        try:
            reply = await self._answer(exchange, body or receive)
        except Problem as problem:
            if body is not None:
                await body.drain()
            if problem.denied:
                await self._keep(exchange, "access.denied", "denied")
            elif problem.status in _BAD_INPUT:
                self._sample(exchange, "input.refused", problem.slug)
            reply = parts.problems.render(problem, exchange.request_id)
        except ClientGoneError:
            return
        except (DatabaseAwayError, StoreAwayError):
            reply = parts.problems.render(_away(), exchange.request_id)
        except Exception as error:  # noqa: BLE001 - the last door: an answer in any case
            parts.log.say(
                "ERROR",
                "unexpected-error",
                request_id=exchange.request_id,
                error=type(error).__name__,
                trace=traceback.format_tb(error.__traceback__)[-8:],
            )
            reply = parts.problems.unexpected(error, exchange.request_id)
        await self._answering.send(exchange, reply, receive, send)

    async def _answer(self, exchange: Exchange, receive: Receive) -> Reply:
        if exchange.method == "OPTIONS" and (preflight := self._preflight(exchange)):
            return preflight
        match = self._router.plain(exchange.scope["raw_path"])
        if match is None:
            match = await self._match(exchange)
        operation = match.methods.get(exchange.method)
        if operation is None:
            raise await self._no_method(exchange, match)
        exchange.operation = operation
        await self._admit(exchange, operation)
        call = await self._read(exchange, operation, match, receive)
        if operation.account is not None:
            account = operation.account(call)
            await self._limit_account(exchange, operation, account)
        try:
            return await self._deadlines.run(operation.handler(call), operation.timeout)
        except TimeoutError as error:
            raise Problem(
                503, "too-slow", "The answer took too long.", headers={"Retry-After": "1"}
            ) from error

    def _preflight(self, exchange: Exchange) -> Reply | None:
        headers = exchange.headers
        origin = headers.get("origin")
        if origin is None or "access-control-request-method" not in headers:
            return None
        permitted, fields = self.parts.cors.for_preflight(origin, headers)
        if not permitted:
            self._sample(exchange, "origin.refused", "preflight")
        exchange.limit = "preflight"
        return Reply(
            status=204, headers={name.decode(): value.decode("latin-1") for name, value in fields}
        )

    async def _match(self, exchange: Exchange) -> Match:
        raw: bytes = exchange.scope["raw_path"]
        try:
            self.parts.paths.check(raw)
            match = self._router.match(raw.decode("ascii"))
            if match is None:
                raise not_found("operation")
        except Problem:
            await self._limit_client(exchange, "public")
            raise
        return match

    async def _no_method(self, exchange: Exchange, match: Match) -> Problem:
        await self._limit_client(exchange, "public")
        allowed = ", ".join(sorted({*match.methods, "OPTIONS"}))
        return Problem(
            405,
            "method-not-allowed",
            "The resource has no such method.",
            headers={"Allow": allowed},
        )

    async def _admit(self, exchange: Exchange, operation: Operation) -> None:
        """Who is calling, whether it is their turn, and whether they may."""
        if operation.public and not (operation.recognises and exchange.private):
            await self._limit_client(exchange, "public")
            return
        try:
            grant = await self.authenticator.identify(exchange.headers)
            await self._limit_principal(exchange, operation, grant)
        except UnauthenticatedError as error:
            raise await self._unauthenticated(exchange, error) from error
        principal = exchange.principal
        if principal is None or (
            operation.permission is not None
            and not self.parts.policy.may(principal, operation.permission)
        ):
            raise forbidden(operation.permission or "")

    async def _limit_principal(
        self, exchange: Exchange, operation: Operation, grant: Grant
    ) -> None:
        principal = grant.principal
        if principal is None:
            raise UnauthenticatedError("no principal")
        limiter = self.parts.limiter
        subject = limiter.subject_of_principal(principal.id)
        verdict = await limiter.take(subject, principal.tier, operation.limit)
        if verdict is not None:
            await self.authenticator.confirm(grant, verdict.epoch)
            exchange.verdict, exchange.limit = verdict, operation.limit
        exchange.principal = grant.principal
        exchange.notice = self._due(grant)
        if verdict is not None and not verdict.allowed:
            raise self._limited(exchange)

    def _due(self, grant: Grant) -> float | None:
        """When a key ends that is due to be replaced; None for one that is not."""
        parts, row = self.parts, grant.row
        if row is None or not parts.settings.api_key_rotation_enabled:
            return None
        return parts.rotation.retires_at(row) if parts.rotation.due(row, parts.clock()) else None

    async def _limit_client(self, exchange: Exchange, name: str) -> None:
        limiter = self.parts.limiter
        subject = limiter.subject_of_client(exchange.client)
        exchange.verdict = await limiter.take(subject, "anonymous", name)
        exchange.limit = name
        if exchange.verdict is not None and not exchange.verdict.allowed:
            raise self._limited(exchange)

    async def _limit_account(self, exchange: Exchange, operation: Operation, account: str) -> None:
        limiter = self.parts.limiter
        subject = limiter.subject_of_account(exchange.client, account)
        verdict = await limiter.take(subject, "anonymous", operation.limit, fail_closed=True)
        exchange.verdict, exchange.limit = verdict, operation.limit
        if verdict is not None and not verdict.allowed:
            raise self._limited(exchange)
        if not operation.crowd:
            return
        everybody = limiter.subject_of_client(exchange.client)
        verdict = await limiter.take(everybody, "anonymous", operation.crowd, fail_closed=True)
        if verdict is not None and not verdict.allowed:
            exchange.verdict, exchange.limit = verdict, operation.crowd
            raise self._limited(exchange)

    def _limited(self, exchange: Exchange) -> Problem:
        verdict = exchange.verdict
        if verdict is not None and verdict.offence:
            # Once an offence: a flood must not fill the audit trail.
            self.parts.audit.note(self._event(exchange, "rate.limited", "denied"))
        return Problem(429, "too-many-requests", "Too many requests: wait as Retry-After says.")

    async def _unauthenticated(self, exchange: Exchange, error: UnauthenticatedError) -> Problem:
        exchange.principal = None
        await self._limit_client(exchange, "public")
        self.parts.metrics.event("authentication", "refused" if error.presented else "missing")
        if error.presented:
            await self._keep(exchange, "credential.refused", str(error))
        return Problem(
            401,
            "unauthenticated",
            "Send a valid API key or access token.",
            headers={"WWW-Authenticate": _CHALLENGE_INVALID if error.presented else _CHALLENGE},
        )

    async def _read(
        self, exchange: Exchange, operation: Operation, match: Match, receive: Receive
    ) -> Call:
        parts = self.parts
        path = match.parameters
        if path:
            path = {name: parts.paths.decode(text) for name, text in path.items()}
        raw_query: bytes = exchange.scope["query_string"]
        query = None
        if raw_query or operation.query is not None:
            query = parts.bodies.query(raw_query, operation.query)
        if operation.body is None:
            parts.bodies.refuse_body(exchange.headers)
            body = None
        else:
            body = await parts.bodies.read(operation, exchange.headers, receive)
        return Call(
            parts=parts,
            principal=exchange.principal,
            path=path,
            query=query,
            body=body,
            headers=exchange.headers,
            client=exchange.client,
            request_id=exchange.request_id,
        )

    async def _keep(self, exchange: Exchange, action: str, outcome: str) -> None:
        """In the audit log before the answer leaves: a crash right after it loses nothing."""
        await self.parts.audit.keep(self._event(exchange, action, outcome))

    def _sample(self, exchange: Exchange, action: str, outcome: str) -> None:
        """For what may flood: now and then one of a kind and a credential, and no waiting."""
        principal = exchange.principal
        caller = principal.credential if principal else exchange.client
        if self.parts.sampling.keeps(f"{action}:{outcome}", caller, self.parts.clock()):
            self.parts.audit.note(self._event(exchange, action, outcome))

    def _event(self, exchange: Exchange, action: str, outcome: str) -> Event:
        principal = exchange.principal
        return self.parts.audit.event(
            action,
            actor=principal.id if principal else "anonymous",
            tenant=principal.tenant if principal else None,
            object=exchange.operation.name if exchange.operation else "",
            outcome=outcome,
            client=exchange.client,
            request_id=exchange.request_id,
        )
