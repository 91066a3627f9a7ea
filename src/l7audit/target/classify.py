"""What kinds an operation is of: told by its verb, its security, its schemas and its words.

No rule knows a path of any particular API. A rule that is unsure says no: a check that runs on
the wrong operation says wrong things, while a missing surface is named in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from l7audit.model import Kind
from l7audit.target import (
    account_rules,
    entrance_rules,
    flow_rules,
    hazard_rules,
    resource_rules,
)
from l7audit.target.operation import Operation
from l7audit.target.origins import items_elsewhere
from l7audit.target.seen import Seen
from l7audit.target.words import Words, all_words, words

_RULES: Mapping[Kind, Callable[[Seen], bool]] = {
    Kind.PUBLIC_READ: entrance_rules.public_read,
    Kind.PROTECTED_READ: entrance_rules.protected_read,
    Kind.LOGIN: entrance_rules.login,
    Kind.TOKEN: entrance_rules.token,
    Kind.REVOKE_TOKEN: entrance_rules.revoke_token,
    Kind.REGISTRATION: account_rules.registration,
    Kind.RESET_REQUEST: account_rules.reset_request,
    Kind.RESET: account_rules.reset,
    Kind.PASSWORD_CHANGE: account_rules.password_change,
    Kind.JWKS: entrance_rules.jwks,
    Kind.OPENAPI: entrance_rules.openapi,
    Kind.RESOURCE_CREATE: resource_rules.resource_create,
    Kind.RESOURCE_LIST: resource_rules.resource_list,
    Kind.RESOURCE_READ: resource_rules.resource_read,
    Kind.RESOURCE_CHANGE: resource_rules.resource_change,
    Kind.RESOURCE_DELETE: resource_rules.resource_delete,
    Kind.KEY_CREATE: resource_rules.key_create,
    Kind.KEY_REVOKE: resource_rules.key_revoke,
    Kind.KEY_ROTATE: resource_rules.key_rotate,
    Kind.KEY_LIST: resource_rules.key_list,
    Kind.SIGNING_KEY_CREATE: resource_rules.signing_key_create,
    Kind.SIGNING_KEY_RETIRE: resource_rules.signing_key_retire,
    Kind.DATA_KEY_ROTATE: resource_rules.data_key_rotate,
    Kind.AUDIT_LOG: hazard_rules.audit_log,
    Kind.AUDIT_VERIFY: hazard_rules.audit_verify,
    Kind.ADMIN: hazard_rules.admin,
    Kind.RATE_POLICY: hazard_rules.rate_policy,
    Kind.COSTLY: hazard_rules.costly,
    Kind.SEARCH: hazard_rules.search,
    Kind.CHAT: hazard_rules.chat,
    Kind.UPLOAD: hazard_rules.upload,
    Kind.PATH_TAKING: hazard_rules.path_taking,
    Kind.URL_TAKING: hazard_rules.url_taking,
    Kind.AMOUNT_TAKING: flow_rules.amount_taking,
    Kind.ONCE_ONLY: flow_rules.once_only,
    Kind.CODE_GIVING: flow_rules.code_giving,
    Kind.STREAMING: hazard_rules.streaming,
    Kind.HEALTH: entrance_rules.health,
    Kind.METRICS: entrance_rules.metrics,
}


_TRIED_OUT = {
    Kind.RESOURCE_CREATE, Kind.RESOURCE_CHANGE, Kind.RESOURCE_DELETE, Kind.COSTLY, Kind.SEARCH,
    Kind.UPLOAD, Kind.PATH_TAKING, Kind.URL_TAKING, Kind.STREAMING,
}  # fmt: skip
"""The kinds of operation that checks call to see what becomes of it."""


def classify(
    operations: Iterable[Operation], prefix: str = "", token_urls: Iterable[str] = ()
) -> tuple[Operation, ...]:
    """The operations with their kinds. `prefix` is what the server's path adds to templates;
    `token_urls` are those of schemes that no operation need name."""
    listed = list(operations)
    methods: dict[str, frozenset[str]] = {}
    for operation in listed:
        key = operation.template.rstrip("/")
        methods[key] = methods.get(key, frozenset()) | {operation.method}
    urls = set(token_urls) | {
        url
        for operation in listed
        for alternative in operation.security
        for requirement in alternative
        for url in requirement.scheme.token_urls
    }
    paths = frozenset(_path(url, prefix) for url in urls)
    elsewhere = items_elsewhere(methods)
    return tuple(_classified(operation, methods, elsewhere, paths) for operation in listed)


def _path(url: str, prefix: str) -> str:
    try:
        path = "/" + urlsplit(url).path.strip("/")
    except ValueError:
        return ""
    return path.removeprefix(prefix) or path


def _classified(
    operation: Operation,
    methods: Mapping[str, frozenset[str]],
    elsewhere: Mapping[Words, frozenset[str]],
    token_paths: frozenset[str],
) -> Operation:
    segments = [s for s in operation.template.split("/") if s and not s.startswith("{")]
    named = all_words([operation.name, *operation.tags, *segments])
    seen = Seen(
        operation=operation,
        named=named,
        told=(*named, *words(operation.told)),
        last=words(segments[-1]) if segments else (),
        methods=methods,
        elsewhere=elsewhere,
        token_paths=token_paths,
    )
    kinds = {kind for kind, rule in _RULES.items() if rule(seen)}
    if kinds & {Kind.LOGIN, Kind.TOKEN, Kind.REVOKE_TOKEN}:
        kinds -= {Kind.RESOURCE_CREATE, Kind.RESOURCE_DELETE, Kind.KEY_CREATE, Kind.KEY_REVOKE}
    if kinds & {Kind.REGISTRATION, Kind.RESET_REQUEST, Kind.RESET, Kind.PASSWORD_CHANGE}:
        kinds -= {Kind.RESOURCE_CREATE, Kind.RESOURCE_CHANGE}  # what is made is nobody's to share
    if kinds & {Kind.SIGNING_KEY_CREATE, Kind.SIGNING_KEY_RETIRE}:
        kinds -= {Kind.RESOURCE_CREATE, Kind.RESOURCE_DELETE}  # nobody's thing to try things on
    if Kind.DATA_KEY_ROTATE in kinds:
        kinds -= {Kind.RESOURCE_CREATE, Kind.RESOURCE_CHANGE, Kind.KEY_CREATE, Kind.KEY_ROTATE}
    if Kind.REVOKE_TOKEN in kinds:
        kinds -= {Kind.PUBLIC_READ, Kind.PROTECTED_READ, Kind.RESOURCE_READ, Kind.RESOURCE_LIST}
    if entrance_rules.ends_caller(seen) or Kind.REVOKE_TOKEN in kinds:
        kinds -= _TRIED_OUT  # who tries things there is nobody any more
    return operation.of_kinds(frozenset(kinds))
