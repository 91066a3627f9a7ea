"""Getting and ending access tokens: login, client credentials, the public keys, revocation.

A wrong name and a wrong secret get the same answer after the same work.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote_plus

import msgspec

from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.provision import LEAD
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.policy import GRANTS, Reach
from l7audit_stack.api.security.tokens import MAX_TOKEN_CHARS, TokenRefusedError
from l7audit_stack.data.identities import PrincipalRow

FORM = "application/x-www-form-urlencoded"

Handle = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Login(Input, frozen=True):
    """A user's name and password."""

    username: Handle
    password: Secret


class ClientCredentials(Input, frozen=True):
    """RFC 6749 4.4; id and secret here or in an Authorization header of the Basic scheme."""

    grant_type: str
    client_id: Handle | None = None
    client_secret: Secret | None = None
    scope: Annotated[str, msgspec.Meta(max_length=1000)] | None = None


class Revocation(Input, frozen=True):
    """RFC 7009: the token that must not work any more."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TOKEN_CHARS)]
    token_type_hint: str | None = None


class Token(Output, frozen=True):
    """RFC 6749 5.1. `expires_in` is seconds; `scope` is there when it was narrowed."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str | None = None


class JsonWebKey(Output, frozen=True):
    """A public Ed25519 key (RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    alg: str
    use: str


class JsonWebKeys(Output, frozen=True):
    """RFC 7517: every key whose tokens are accepted, oldest first; the last may sign later."""

    keys: list[JsonWebKey]


def counted_account(name: str) -> str:
    """What an account is counted by: a digest, so that the store holds no names."""
    return hashlib.sha256(name.casefold().encode()).hexdigest()[:32]


async def login(call: Call) -> Reply:
    """Exchange a password for an access token."""
    wanted: Login = call.body
    found = await call.parts.identities.user_by_username(wanted.username)
    row, stored = found if found else (None, None)
    right = await call.parts.passwords.check(wanted.password, stored)
    if row is None or not right or row.disabled_at is not None:
        await _tell(call, "login", row, "failed")
        raise Problem(
            401,
            "login-failed",
            "The username or the password is wrong.",
            headers={"WWW-Authenticate": 'Bearer realm="agents"'},
        )
    return await _issue(call, "login", row, None)


async def token(call: Call) -> Reply:
    """Exchange a service account's secret for an access token."""
    wanted: ClientCredentials = call.body
    if wanted.grant_type != "client_credentials":
        raise _oauth(400, "unsupported_grant_type", "Use grant_type=client_credentials.")
    client_id, secret = _client(call, wanted)
    found = await call.parts.identities.client_by_id(client_id)
    row, stored = found if found else (None, None)
    right = call.parts.client_secrets.matches(secret, stored)
    if row is None or not right or row.disabled_at is not None:
        await _tell(call, "token", row, "failed")
        raise _oauth(401, "invalid_client", "The client id or the client secret is wrong.")
    return await _issue(call, "token", row, _narrowed(wanted.scope, row.role))


def _client(call: Call, wanted: ClientCredentials) -> tuple[str, str]:
    authorization = call.headers.get("authorization")
    in_body = wanted.client_id is not None or wanted.client_secret is not None
    if authorization is None:
        if wanted.client_id is None or wanted.client_secret is None:
            raise _oauth(401, "invalid_client", "Give client_id and client_secret.")
        return wanted.client_id, wanted.client_secret
    if in_body:
        raise _oauth(400, "invalid_request", "Give the client's secret in one place only.")
    name, secret = _basic(authorization)
    if not name or not secret:
        raise _oauth(401, "invalid_client", "The Authorization header is no Basic one.")
    return name, secret


def _basic(authorization: str) -> tuple[str, str]:
    """Client id and secret of a Basic header; empty texts for anything else."""
    scheme, _, text = authorization.partition(" ")
    try:
        plain = base64.b64decode(text, validate=True).decode()
    except ValueError:
        return "", ""
    name, _, secret = plain.partition(":")
    name, secret = unquote_plus(name), unquote_plus(secret)
    if scheme.lower() != "basic" or "\0" in name + secret or len(plain) > 2000:
        return "", ""
    return name, secret


def _narrowed(scope: str | None, role: str) -> frozenset[str] | None:
    """The scopes asked for; raises for one that the role does not have anyway."""
    if scope is None:
        return None
    wanted = frozenset(scope.split())
    unknown = [name for name in wanted if GRANTS.get(name, {}).get(role, Reach.NONE) is Reach.NONE]
    if unknown or not wanted:
        raise _oauth(400, "invalid_scope", "A scope is unknown or not granted to this client.")
    return wanted


def _oauth(status: int, error: str, detail: str) -> Problem:
    """A problem that is an OAuth error as well (RFC 6749 5.2)."""
    headers = {"WWW-Authenticate": 'Basic realm="agents"'} if status == 401 else {}
    members = {"error": error, "error_description": detail}
    slug = error.replace("_", "-")
    return Problem(status, slug, detail, headers=headers, members=members)


async def _issue(
    call: Call, action: str, row: PrincipalRow, scopes: frozenset[str] | None
) -> Reply:
    if not call.parts.issuer.keys:
        raise Problem(
            503, "try-again-later", "No token can be signed now.", headers={"Retry-After": "1"}
        )
    text, claims = call.parts.issuer.issue(
        subject=row.principal_id,
        tenant=row.tenant_id,
        scopes=scopes,
        now=call.parts.clock(),
        password_version=row.password_version if action == "login" else None,
    )
    await _tell(call, action, row, "ok")
    return Reply(
        Token(
            access_token=text,
            token_type="Bearer",
            expires_in=int(claims["exp"] - claims["iat"]),
            scope=claims.get("scope"),
        ),
        headers={"Pragma": "no-cache"},
    )


async def jwks(call: Call) -> Reply:
    """The keys that tokens are verified with, to be kept no longer than a new one waits."""
    document: dict[str, Any] = call.parts.issuer.jwks()
    kept = f"public, max-age={LEAD:.0f}"
    return Reply(msgspec.convert(document, JsonWebKeys), headers={"Cache-Control": kept})


async def logout(call: Call) -> Reply:
    """End the token that this request came with."""
    principal = caller(call)
    if principal.method != "token" or principal.expires_at is None:
        raise Problem(409, "no-session", "An API key has no session: revoke the key instead.")
    await _revoke(call, principal.credential, principal.id, principal.expires_at)
    return Reply(status=204)


async def revoke(call: Call) -> Reply:
    """End a token: one's own, or as admin one of the tenant. Unknown ones are no error."""
    wanted: Revocation = call.body
    parts = call.parts
    try:
        claims = parts.tokens.verify(wanted.token, parts.clock())
    except TokenRefusedError:
        return Reply(status=200)
    owner, tenant = str(claims["sub"]), str(claims.get("tenant"))
    # Another's token is as good as unknown: the answer must not tell.
    if parts.policy.may(caller(call), "session:end", owner=owner, tenant=tenant):
        await _revoke(call, str(claims["jti"]), owner, float(claims["exp"]))
    return Reply(status=200)


async def _revoke(call: Call, jti: str, owner: str, expires_at: float) -> None:
    parts, principal = call.parts, caller(call)
    await parts.identities.revoke_token(jti, owner, datetime.fromtimestamp(expires_at, UTC))
    await parts.revocations.announce(owner)
    await parts.audit.record(
        parts.audit.event(
            "token.revoked",
            actor=principal.id,
            tenant=principal.tenant,
            object=f"token:{jti}",
            client=call.client,
            request_id=call.request_id,
        )
    )


async def _tell(call: Call, action: str, row: PrincipalRow | None, outcome: str) -> None:
    call.parts.metrics.event(action, outcome)
    await call.parts.audit.keep(
        call.parts.audit.event(
            f"{action}.{outcome}",
            actor=row.principal_id if row else "anonymous",
            tenant=row.tenant_id if row else None,
            outcome=outcome,
            client=call.client,
            request_id=call.request_id,
        )
    )


def _account_of_login(call: Call) -> str:
    body: Login = call.body
    return counted_account(body.username)


def _account_of_client(call: Call) -> str:
    body: ClientCredentials = call.body
    return counted_account(body.client_id or _basic(call.headers.get("authorization", ""))[0])


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="auth.login",
        method="POST",
        path="/v1/login",
        handler=login,
        summary="Log in with username and password.",
        tag="authentication",
        public=True,
        body=Login,
        answer=Token,
        limit="login",
        account=_account_of_login,
        crowd="logins",
    ),
    Operation(
        name="auth.token",
        method="POST",
        path="/oauth/token",
        handler=token,
        summary="Get an access token with client credentials.",
        tag="authentication",
        public=True,
        body=ClientCredentials,
        body_media_type=FORM,
        answer=Token,
        limit="token",
        account=_account_of_client,
    ),
    Operation(
        name="auth.revoke",
        method="POST",
        path="/oauth/revoke",
        handler=revoke,
        summary="Revoke an access token.",
        tag="authentication",
        permission="session:end",
        body=Revocation,
        body_media_type=FORM,
    ),
    Operation(
        name="auth.logout",
        method="POST",
        path="/v1/logout",
        handler=logout,
        summary="Revoke the access token of this request.",
        tag="authentication",
        permission="session:end",
        status=204,
    ),
    Operation(
        name="auth.jwks",
        method="GET",
        path="/.well-known/jwks.json",
        handler=jwks,
        summary="Show the public keys of access tokens.",
        tag="authentication",
        public=True,
        answer=JsonWebKeys,
        limit="public",
    ),
)
