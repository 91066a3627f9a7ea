"""Who is let in without a credential, or by one in the wrong place; and how refusals look."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

import msgspec

from l7audit_stack.api.operation import Input
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.router import Router
from l7audit_stack.defects.authn.around import (
    CREDENTIALS,
    Receive,
    Scope,
    Send,
    Whole,
    anonymous,
    answer,
    body_of,
    changing_answers,
    replayed,
    with_header,
)
from l7audit_stack.defects.defect import ASGIApp, Defect

Wrap = Callable[[ASGIApp, Parts], ASGIApp]
_READS = frozenset({"GET", "HEAD"})
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CROWD = 5


def _lends_its_account(methods: frozenset[str], tag: str = "", *, single: bool = False) -> Wrap:
    """A gateway that signs in for who has not: meant for one page, set for more; with `single`
    only for what has an id in its address."""

    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        router = Router(parts.operations)

        async def around(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["method"] in methods and anonymous(scope):
                match = router.match(scope["raw_path"].decode("latin-1"))
                operation = match.methods.get(scope["method"]) if match else None
                if (
                    operation
                    and not operation.public
                    and tag in ("", operation.tag)
                    and (not single or "{" in operation.path)
                ):
                    name = str(scope["path"]).rpartition("/")[2] if single else ""
                    token = await internal_token(parts, name)
                    scope = with_header(scope, b"authorization", b"Bearer " + token.encode())
            await app(scope, receive, send)

        return around

    return wrap


async def internal_token(parts: Parts, document: str = "") -> str:
    """A token of the oldest admin, as a careless gateway holds one; of the oldest of the tenant
    that has this document, if there is such a one."""
    row = await parts.database.fetchrow(
        "SELECT p.id::text AS id, p.tenant_id::text AS tenant FROM principals p"
        " LEFT JOIN documents d ON d.tenant_id = p.tenant_id AND d.id::text = $1"
        " WHERE p.role = 'admin' AND p.disabled_at IS NULL"
        " ORDER BY d.id IS NULL, p.created_at, p.id LIMIT 1",
        document,
    )
    text, _ = parts.issuer.issue(
        subject=row["id"], tenant=row["tenant"], scopes=None, now=parts.clock()
    )
    return text


def _reads_query(parameter: str, header: bytes, before: str) -> Wrap:
    """Takes a credential from the query where the header has none."""

    def wrap(app: ASGIApp, _parts: Parts) -> ASGIApp:
        async def around(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["query_string"] and anonymous(scope):
                pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
                found = dict(pairs).get(parameter)
                if found:
                    rest = urlencode([pair for pair in pairs if pair[0] != parameter])
                    scope = with_header(scope, header, (before + found).encode("latin-1"))
                    scope["query_string"] = rest.encode()
            await app(scope, receive, send)

        return around

    return wrap


def _key_as_bearer(app: ASGIApp, _parts: Parts) -> ASGIApp:
    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [
                (b"x-api-key", value[7:])
                if name == b"authorization" and value[:10].lower() == b"bearer l7_"
                else (name, value)
                for name, value in scope["headers"]
            ]
            scope = {**scope, "headers": headers}
        await app(scope, receive, send)

    return around


def _public_ignores_credentials(app: ASGIApp, parts: Parts) -> ASGIApp:
    public = {(o.method, o.path) for o in parts.operations if o.public and o.account is None}

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) in public:
            kept = [pair for pair in scope["headers"] if pair[0] not in CREDENTIALS]
            scope = {**scope, "headers": kept}
        await app(scope, receive, send)

    return around


def _validates_first(app: ASGIApp, parts: Parts) -> ASGIApp:
    """Looks at the body's shape before anybody asks who sent it."""
    router = Router(parts.operations)

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in _WRITES and anonymous(scope):
            match = router.match(scope["raw_path"].decode("latin-1"))
            operation = match.methods.get(scope["method"]) if match else None
            shape = None if operation is None or operation.public else operation.body
            if isinstance(shape, type) and issubclass(shape, Input):
                body = await body_of(receive)
                try:
                    msgspec.json.decode(body, type=shape)
                except msgspec.MsgspecError as error:
                    problem = {"title": "Unprocessable", "status": 422, "detail": str(error)}
                    await answer(send, 422, json.dumps(problem).encode())
                    return
                receive = replayed(body, receive)
        await app(scope, receive, send)

    return around


def _has_parameter(scope: Scope) -> bool:
    return str(scope["path"]).count("/") >= 3


def _as_absent(whole: Whole) -> None:
    whole.status = 404
    whole.header(b"www-authenticate", None)
    problem = {"title": "Not Found", "status": 404, "detail": "There is no such resource."}
    whole.content(json.dumps(problem).encode(), b"application/problem+json")


def _as_success(whole: Whole) -> None:
    whole.status = 200
    whole.header(b"www-authenticate", None)
    whole.content(b'{"error":{"code":"unauthenticated","message":"Who are you?"}}')


def _without_challenge(whole: Whole) -> None:
    whole.header(b"www-authenticate", None)


def _fails_in_a_crowd(status: int) -> Wrap:
    """More than a few requests at a time find no free verifier, and are turned away."""

    def wrap(app: ASGIApp, _parts: Parts) -> ASGIApp:
        crowd = [0]

        async def around(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or anonymous(scope):
                await app(scope, receive, send)
                return
            crowd[0] += 1
            try:
                if crowd[0] > _CROWD:
                    challenge = (b"www-authenticate", b'Bearer realm="agents"')
                    later = (b"retry-after", b"1")
                    body = json.dumps({"title": "Refused", "status": status}).encode()
                    await answer(send, status, body, challenge if status == 401 else later)
                else:
                    await app(scope, receive, send)
            finally:
                crowd[0] -= 1

        return around

    return wrap


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="authn.gateway-lends-its-account",
        summary="A gateway reads documents with its own account for callers without one.",
        wrap=_lends_its_account(_READS, "documents"),
    ),
    Defect(
        name="authn.unguarded-writes",
        summary="Writes without a credential are done with an internal account.",
        wrap=_lends_its_account(_WRITES),
    ),
    Defect(
        name="authn.single-documents-open",
        summary="A gateway reads a document with its own account for who knows its address.",
        wrap=_lends_its_account(_READS, "documents", single=True),
    ),
    Defect(
        name="authn.unguarded-single-writes",
        summary="Changes of one object without a credential are done with an internal account.",
        wrap=_lends_its_account(_WRITES, single=True),
    ),
    Defect(
        name="authn.hidden-from-strangers",
        summary="Single objects answer 404 to callers without a credential.",
        near_miss=True,
        wrap=changing_answers(lambda s, n: n == 401 and _has_parameter(s), _as_absent),
    ),
    Defect(
        name="authn.refused-with-200",
        summary="Reads without a credential are refused with a 200 that holds an error.",
        near_miss=True,
        wrap=changing_answers(
            lambda s, n: n == 401 and s["method"] in _READS and anonymous(s), _as_success
        ),
    ),
    Defect(
        name="authn.public-ignores-credentials",
        summary="Public operations don't look at credentials, not even at wrong ones.",
        near_miss=True,
        wrap=_public_ignores_credentials,
    ),
    Defect(
        name="authn.validates-first",
        summary="The shape of a body is checked before the caller's credential.",
        near_miss=True,
        wrap=_validates_first,
    ),
    Defect(
        name="authn.no-challenge",
        summary="A 401 does not say how to authenticate.",
        wrap=changing_answers(lambda _, n: n == 401, _without_challenge),
    ),
    Defect(
        name="authn.key-in-query",
        summary="An API key is taken from the query.",
        wrap=_reads_query("api_key", b"x-api-key", ""),
    ),
    Defect(
        name="authn.token-in-query",
        summary="An access token is taken from the query.",
        wrap=_reads_query("access_token", b"authorization", "Bearer "),
    ),
    Defect(
        name="authn.session-in-query",
        summary="An access token is taken from the query as the id of a session.",
        wrap=_reads_query("sid", b"authorization", "Bearer "),
    ),
    Defect(
        name="authn.key-as-bearer",
        summary="An API key is accepted in the Authorization header too.",
        near_miss=True,
        wrap=_key_as_bearer,
    ),
    Defect(
        name="authn.now-and-then-refused",
        summary="Valid credentials are refused when many come at once.",
        wrap=_fails_in_a_crowd(401),
    ),
    Defect(
        name="authn.now-and-then-throttled",
        summary="Some requests are put off with 429 when many come at once.",
        near_miss=True,
        wrap=_fails_in_a_crowd(429),
    ),
)
