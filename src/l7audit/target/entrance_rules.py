"""Rules: what is read, and where a caller gets in and out."""

from __future__ import annotations

from l7audit.target import meaning
from l7audit.target.schemas import properties, required, type_of
from l7audit.target.seen import Seen
from l7audit.target.words import says, words

_GOING = ("logout", "log out", "signout", "sign out", "logoff", "log off", "sign off")


def public_read(seen: Seen) -> bool:
    return seen.operation.method == "GET" and seen.operation.public


def protected_read(seen: Seen) -> bool:
    return seen.operation.method == "GET" and not seen.operation.public


def health(seen: Seen) -> bool:
    return seen.operation.method == "GET" and says(
        seen.named,
        "health", "healthz", "healthcheck", "live", "livez", "liveness", "ready", "readyz",
        "readiness", "ping", "heartbeat", "alive",
    ) and not seen.item and not metrics(seen)  # fmt: skip


def metrics(seen: Seen) -> bool:
    operation = seen.operation
    textual = not operation.success or any(
        media.startswith(("text/plain", "application/openmetrics")) for media in operation.success
    )
    return operation.method == "GET" and textual and says(seen.named, "metric", "prometheus")


def openapi(seen: Seen) -> bool:
    told = says(seen.named, "openapi", "swagger", "open api", "api doc", "api schema")
    return seen.operation.method == "GET" and told and not seen.item


def jwks(seen: Seen) -> bool:
    if seen.operation.method != "GET" or not seen.operation.public:
        return False
    if says(seen.named, "jwks", "jwk", "json web key"):
        return True
    keys = properties(seen.operation.answer_schema).get("keys", {})
    return type_of(keys) == "array" and "kty" in properties(keys.get("items") or {})


def login(seen: Seen) -> bool:
    operation = seen.operation
    if operation.method != "POST" or not operation.public or token(seen):
        return False
    if says(seen.named, "register", "signup", "sign up", "registration", "reset", "recover"):
        return False
    if not any(meaning.login_fields(schema) for schema in operation.bodies.values()):
        return False
    return meaning.answers_token(operation) or says(
        seen.told,
        "login", "log in", "signin", "sign in", "logon", "log on", "authenticate", "session",
        "authentication", "enter",
    )  # fmt: skip


def token(seen: Seen) -> bool:
    operation = seen.operation
    if operation.method != "POST":
        return False
    grants = any(says(words(n), "grant type") for n in properties(operation.form_schema))
    return grants or operation.template.rstrip("/") in seen.token_paths


def ends_caller(seen: Seen) -> bool:
    """Whether a call ends, shuts or renames the very account that calls: its deletion, another
    password, another role or name to log in by."""
    operation = seen.operation
    if operation.method in {"GET", "HEAD", "OPTIONS"} or operation.public:
        return False
    if operation.path_parameters or seen.items:
        return False
    if says(
        seen.named,
        "change password", "password change", "update password", "set password", "new password",
        "close account", "delete account", "deactivate", "deactivation", "change email",
        "change username", "change role", "unregister",
    ):  # fmt: skip
        return True
    own = says(seen.named, *meaning.ONESELF) or says(seen.last, "account")
    needed = {name for schema in operation.bodies.values() for name in required(schema)}
    return own and (
        operation.method == "DELETE"
        or says(seen.last, "password", "role", "email", "username")
        or any(says(words(n), *meaning.PASSWORD, "role", "username", "email") for n in needed)
    )


def revoke_token(seen: Seen) -> bool:
    operation = seen.operation
    if operation.path_parameters:
        return False
    if operation.method == "GET":  # pages do, too; a word of a tag alone says nothing of a read
        return says(seen.last, *_GOING)
    if operation.method not in {"POST", "DELETE"}:
        return False
    if says(seen.named, *_GOING) or seen.last == ("leave",):
        return True
    if says(seen.named, "revoke token", "token revoke", "revocation", "revoke", "invalidate"):
        fields = [words(n) for schema in operation.bodies.values() for n in properties(schema)]
        return any(says(f, *meaning.TOKEN) for f in fields) or says(seen.named, "token")
    return operation.method == "DELETE" and says(seen.last, "session", "login", "token")
