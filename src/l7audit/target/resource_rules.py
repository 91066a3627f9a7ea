"""Rules: things that are made, listed, read, changed and removed; API keys are such things."""

from __future__ import annotations

from l7audit.target import meaning
from l7audit.target.entrance_rules import jwks
from l7audit.target.operation import Operation
from l7audit.target.schemas import walk
from l7audit.target.seen import CHANGES, Seen
from l7audit.target.words import says


def resource_list(seen: Seen) -> bool:
    operation = seen.operation
    if operation.method != "GET" or seen.item or jwks(seen):
        return False
    lists = meaning.answers_list(operation.answer_schema)
    return lists and bool(seen.items or "POST" in seen.methods[operation.template.rstrip("/")])


def resource_create(seen: Seen) -> bool:
    operation = seen.operation
    return operation.method == "POST" and not seen.item and bool(seen.items)


def resource_read(seen: Seen) -> bool:
    return seen.operation.method == "GET" and seen.item


def resource_change(seen: Seen) -> bool:
    return seen.operation.method in {"PUT", "PATCH"} and seen.item


def resource_delete(seen: Seen) -> bool:
    return seen.operation.method == "DELETE" and seen.item


def signs(seen: Seen) -> bool:
    """Whether it is about the keys that sign the target's own tokens."""
    told = says(seen.named, "jwks", "jwk", "json web key", "signing key", "token signing")
    return told and not says(seen.named, "webhook", "hook")


def signing_key_create(seen: Seen) -> bool:
    operation = seen.operation
    return (
        operation.method in {"POST", "PUT"}
        and not operation.path_parameters
        and not operation.public
        and signs(seen)
        and not says(seen.named, *_ENDING, "verify")
    )


def signing_key_retire(seen: Seen) -> bool:
    if not signs(seen) or not seen.operation.path_parameters:
        return False
    if seen.operation.method == "DELETE":
        return seen.item
    return seen.operation.method in CHANGES and says(seen.named, *_ENDING)


_SEALING = (
    "data key", "data encryption key", "encryption key", "master key", "dek", "kek", "keyring",
    "key ring", "envelope key", "storage key", "vault key", "field key", "secret key",
)  # fmt: skip
_ANEW = ("rotate", "rotation", "rekey", "re key", "reencrypt", "re encrypt", "rewrap", "roll")


def seals(seen: Seen) -> bool:
    """Whether it is about the keys that encrypt what the target keeps."""
    return not signs(seen) and says(seen.named, *_SEALING)


def data_key_rotate(seen: Seen) -> bool:
    operation = seen.operation
    if operation.method not in {"POST", "PUT"} or operation.public or operation.path_parameters:
        return False
    if says(seen.named, *_KEYS, "webhook", "hook", "password", "client secret") or signs(seen):
        return False
    if seals(seen):
        return says(seen.told, *_ANEW, "new")
    return says(seen.named, *_ANEW) and says(seen.named, "encryption", "reencrypt", "rekey")


_KEYS = (
    "api key", "apikey", "access key", "personal access token", "access token", "api token",
    "service token",
)  # fmt: skip


def about_keys(seen: Seen) -> bool:
    if jwks(seen) or signs(seen) or seals(seen) or says(seen.named, "public key"):
        return False
    return says(
        seen.named,
        *_KEYS, "key", "credential",
    ) and not says(seen.named, "oauth")  # fmt: skip


def _gives_secret(operation: Operation) -> bool:
    return any(
        meaning.is_fresh_secret(name, part)
        for schema in operation.success.values()
        for name, part in walk(schema, 3)
    )


_ENDING = ("revoke", "revocation", "retire", "disable", "deactivate", "remove")
_ROTATING = ("rotate", "rotation", "roll", "rollover", "renew", "regenerate", "refresh", "reissue")


def key_create(seen: Seen) -> bool:
    operation = seen.operation
    return (
        operation.method in {"POST", "PUT"}
        and not operation.path_parameters
        and not operation.public
        and about_keys(seen)
        and not says(seen.named, *_ROTATING, "revoke", "retire", "verify")
        and (_gives_secret(operation) or _for_keys_alone(seen))
    )


def _for_keys_alone(seen: Seen) -> bool:
    """Whether it can only make keys by its words, where nothing tells what it answers."""
    untold = not any(True for s in seen.operation.success.values() for _ in walk(s, 2))
    return untold and bool(seen.items) and says(seen.last, *_KEYS)


def key_list(seen: Seen) -> bool:
    return about_keys(seen) and resource_list(seen)


def key_revoke(seen: Seen) -> bool:
    if not about_keys(seen) or not seen.operation.path_parameters:
        return False
    if seen.operation.method == "DELETE":
        return seen.item
    return seen.operation.method in CHANGES and says(
        seen.named, "revoke", "revocation", "disable", "deactivate"
    )


def key_rotate(seen: Seen) -> bool:
    return (
        seen.operation.method in CHANGES
        and bool(seen.operation.path_parameters)
        and about_keys(seen)
        and says(seen.named, *_ROTATING)
    )
