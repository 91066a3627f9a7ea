"""What a field means, told by the words of its name and by its schema."""

from __future__ import annotations

from l7audit.target.operation import Operation
from l7audit.target.schemas import Schema, properties, type_of, walk
from l7audit.target.words import Words, says, words

PASSWORD = ("password", "pass", "passwd", "pwd", "pw", "passphrase", "passcode", "pin")
USER = (
    "user", "username", "login", "email", "e mail", "mail", "account", "handle", "identifier",
    "phone", "nick", "nickname", "name", "principal",
)  # fmt: skip
ONE_TIME = (
    "code", "token", "otp", "pin", "key", "passcode", "totp", "ticket", "one time", "verification",
)  # fmt: skip
PRESENT = ("current", "old", "present", "existing", "previous", "actual")
NEW = ("new", "next", "fresh", "desired")
AGAIN = ("confirm", "confirmation", "repeat", "repetition", "again", "retype", "verify", "2")
TENANT = ("tenant", "organization", "organisation", "org", "workspace", "realm", "company")
ONESELF = (
    "me", "whoami", "who am i", "self", "profile", "current user", "userinfo", "myself", "oneself",
)  # fmt: skip
OWN = (*ONESELF, "account", "my")
"""Of oneself, where it is of no one thing."""
TOKEN = ("token", "jwt", "bearer", "session id", "session key", "access key", "ticket")
NOT_A_TOKEN = (
    "type", "kind", "expiry", "expire", "expires", "ttl", "hint", "url", "uri", "endpoint",
    "count", "limit", "max", "usage", "csrf", "xsrf", "page", "cursor", "next", "lifetime",
    "prompt", "completion", "total",
)  # fmt: skip
SECRET = ("secret", "key", "token", "apikey", "credential", "password", "plaintext", "value")
NOT_A_SECRET = (
    "id", "prefix", "hint", "name", "type", "hash", "digest", "fingerprint", "last", "masked",
    "public", "count", "expiry", "expire", "expires", "created", "page", "next", "cursor",
)  # fmt: skip
URL = ("url", "uri", "href", "callback", "webhook", "link", "endpoint", "redirect")
PATH = ("path", "file", "filename", "filepath", "dir", "directory", "folder", "pathname")
SOUGHT = (
    "query", "q", "search", "term", "text", "keyword", "phrase", "filter", "needle", "prefix",
    "name", "title",
)  # fmt: skip
DEAR = (
    "costly", "expensive", "computationally", "compute intensive", "cpu intensive",
    "resource intensive", "long running", "dear",
)  # fmt: skip
SPEAKER = ("role", "author", "speaker", "sender", "from")
SPEECH = ("content", "text", "message", "body", "parts")
CAPACITY = ("capacity", "burst", "quota", "limit", "max", "maximum", "request", "rate", "rpm")
REFILL = (
    "refill", "window", "interval", "period", "rate", "per second", "per minute", "second",
    "minute", "duration", "rps", "ttl", "reset",
)  # fmt: skip

STOCK = (
    "balance", "credit", "point", "coin", "minute", "budget", "fund", "wallet", "owed", "debt",
    "due", "remaining", "available", "stock", "quota", "spent", "saldo", "holding", "cash", "karma",
    "stamp",
)  # fmt: skip
CLAIM = (
    "code", "invite", "invitation", "voucher", "coupon", "pin", "link", "share", "reset", "otp",
    "token",
)  # fmt: skip
NOT_A_CLAIM = (
    "country", "postal", "post", "zip", "status", "error", "language", "currency", "colour",
    "color", "type", "kind", "product", "sku", "area", "region", "exit", "source", "id", "self",
    "next", "previous", "count", "at", "by", "expiry", "expire", "expires", "name", "csrf", "xsrf",
)  # fmt: skip

GRANT = (
    "invite", "invitation", "share", "sharing", "shared", "link", "reset", "recovery", "referral",
)  # fmt: skip
NAMING = ("id", "uuid", "url", "uri", "href", "link", "slug", "hash", "key")

_BEFORE_NO_ONCE = {("at",), ("all",)}
_AFTER_NO_ONCE = {("the",), ("this",), ("that",), ("it",), ("they",), ("all",), ("you",), ("more",)}


def is_stock(name: str) -> bool:
    """Whether a number of that name says how much of something somebody has, or owes."""
    return says(words(name), *STOCK)


def is_claim(name: str, schema: Schema) -> bool:
    """Whether a text of that name gives something to whoever knows it."""
    told = words(name)
    return (
        type_of(schema) in {"", "string"}
        and says(told, *CLAIM)
        and not says(told, *NOT_A_CLAIM)
        and not schema.get("enum")
        and schema.get("format") not in {"date", "date-time", "email"}
    )


def may_open(name: str, schema: Schema) -> bool:
    """Whether a text of that name, in what tells of an invitation or of a link to share, may be all
    that is needed to use it."""
    return says(words(name), *NAMING) and type_of(schema) in {"", "string"}


def said_once(told: Words) -> bool:
    """Whether words say that something is good for one time: `at once` tells how soon, and `once
    the report is ready` when."""
    if says(told, "one time", "single use", "only one"):
        return True
    for at, word in enumerate(told):
        before, after = told[at - 1 : at], told[at + 1 : at + 2]
        if word == "once" and before not in _BEFORE_NO_ONCE and after not in _AFTER_NO_ONCE:
            return True
    return False


def is_password(name: str, schema: Schema) -> bool:
    """Whether a field takes a password."""
    if schema.get("format") == "password":
        return True
    return says(words(name), *PASSWORD) and type_of(schema) in {"", "string"}


def is_user(name: str, schema: Schema) -> bool:
    """Whether a field takes the name that somebody logs in by."""
    return says(words(name), *USER) and type_of(schema) in {"", "string"}


def is_token(name: str, schema: Schema) -> bool:
    """Whether a field of an answer gives a token."""
    told = words(name)
    return (
        type_of(schema) in {"", "string"}
        and says(told, *TOKEN)
        and not says(told, *NOT_A_TOKEN)
        and not schema.get("enum")
    )


def is_fresh_secret(name: str, schema: Schema) -> bool:
    """Whether a field of an answer gives a new secret, and not merely something about one."""
    told = words(name)
    return (
        type_of(schema) in {"", "string"}
        and says(told, *SECRET)
        and not says(told, *NOT_A_SECRET)
        and schema.get("format") not in {"uuid", "date-time", "date", "uri"}
    )


def takes_url(name: str, schema: Schema) -> bool:
    """Whether a field takes an address that the target may go to."""
    if type_of(schema) not in {"", "string"}:
        return False
    if schema.get("format") in {"uri", "url", "iri", "uri-reference"}:
        return True
    return says(words(name), *URL) and not says(words(name), "id", "secret", "token", "event")


def takes_path(name: str, schema: Schema) -> bool:
    """Whether a field takes a path or a file's name."""
    if type_of(schema) not in {"", "string"} or is_binary(schema):
        return False
    return says(words(name), *PATH)


def is_number(schema: Schema) -> bool:
    return type_of(schema) in {"integer", "number"}


def is_binary(schema: Schema) -> bool:
    """Whether a schema is of bytes: a file."""
    return (
        schema.get("format") in {"binary", "byte", "base64"}
        or schema.get("contentEncoding") in {"binary", "base64", "base64url"}
        or "contentMediaType" in schema
    )


def is_form_file(schema: Schema) -> bool:
    """Whether a part of a form is a file, or a list of them: bytes as they are, and no base64."""
    items = schema.get("items")
    one: Schema = items if type_of(schema) == "array" and isinstance(items, dict) else schema
    written = {one.get("format"), one.get("contentEncoding")}
    return is_binary(one) and not written & {"byte", "base64", "base64url"}


def takes_file(name: str, schema: Schema) -> bool:
    """Whether a field of a body takes a file, also as a text that says how it is encoded."""
    return is_binary(schema) or (
        type_of(schema) in {"", "string"} and says(words(name), "base 64", "base64")
    )


def login_fields(schema: Schema) -> tuple[str, str] | None:
    """The members of a body that take the user and the password; None where it has no such pair.

    The words of `USER` are in order of how sure they are, except that a member which says
    nothing but `name` comes last.
    """
    members = properties(schema)
    secrets = [name for name, part in members.items() if is_password(name, part)]
    if len(secrets) != 1:  # two ask for a new password or its repetition: no login
        return None
    users = [n for n, part in members.items() if n != secrets[0] and is_user(n, part)]
    if not users:
        return None
    rank = {phrase: place for place, phrase in enumerate(USER)}

    def sureness(name: str) -> int:
        return min(rank[phrase] for phrase in USER if says(words(name), phrase))

    return min(users, key=sureness), secrets[0]


def account_field(operation: Operation) -> str:
    """The member of a body that names an account, or the address that belongs to one; empty
    without any."""
    found = [
        (next(place for place, phrase in enumerate(USER) if says(words(n), phrase)), n)
        for schema in operation.bodies.values()
        for n, part in properties(schema).items()
        if is_user(n, part) and not is_password(n, part)
    ]
    return min(found)[1] if found else ""


def one_time_field(operation: Operation) -> str:
    """The member of a body or the parameter that takes a code which was sent to somebody."""
    listed = [(p.name, p.schema) for p in operation.parameters]
    for schema in operation.bodies.values():
        listed += list(properties(schema).items())
    return next(
        (
            n
            for n, part in listed
            if says(words(n), *ONE_TIME)
            and not says(words(n), "csrf", "xsrf", "captcha")
            and type_of(part) in {"", "string", "integer"}
        ),
        "",
    )


def new_password(operation: Operation) -> str:
    """The member of a body that takes a password which shall hold from now on; empty without."""
    for schema in operation.bodies.values():
        secret = [n for n, part in properties(schema).items() if is_password(n, part)]
        fresh = [n for n in secret if says(words(n), *NEW)]
        rest = [n for n in secret if not says(words(n), *PRESENT, *AGAIN)]
        if fresh or rest:
            return (fresh or rest)[0]
    return ""


def password_pair(operation: Operation) -> tuple[str, str] | None:
    """The members that take the present and the new password; None without such a pair.

    Where the operation itself says password its members may say no more than `current` and `new`.
    """
    for schema in operation.bodies.values():
        members = [n for n, part in properties(schema).items() if type_of(part) in {"", "string"}]
        present = [n for n in members if says(words(n), *PRESENT)]
        fresh = [n for n in members if says(words(n), *NEW) and not says(words(n), *AGAIN)]
        if len(present) == 1 and fresh:
            return present[0], fresh[0]
    return None


def repeated(operation: Operation) -> list[str]:
    """The members that take a password once more."""
    return [
        n
        for schema in operation.bodies.values()
        for n, part in properties(schema).items()
        if is_password(n, part) and says(words(n), *AGAIN)
    ]


def turn_fields(schema: Schema) -> tuple[str, str] | None:
    """The members of a conversation's turn that say who speaks and what; None where it is none."""
    members = list(properties(schema))
    speakers = [n for n in members if says(words(n), *SPEAKER)]
    speech = [n for n in members if n not in speakers and says(words(n), *SPEECH)]
    return (speakers[0], speech[0]) if speakers and speech else None


def tenant_field(schema: Schema) -> str:
    """The member of a body that names a tenant; empty without one."""
    return next((n for n in properties(schema) if says(words(n), *TENANT)), "")


def answers_token(operation: Operation) -> bool:
    """Whether a successful answer is declared to hold a token."""
    return any(
        is_token(name, part)
        for schema in operation.success.values()
        for name, part in walk(schema, 3)
    )


def answers_list(schema: Schema) -> bool:
    """Whether an answer is a list of things, or holds one."""
    return type_of(schema) == "array" or any(
        type_of(part) == "array" and type_of(part.get("items") or {}) in {"object", ""}
        for part in properties(schema).values()
    )


def parts_taken(operation: Operation) -> list[tuple[str, Schema]]:
    """Every named thing that a caller can put into a request: parameters and members of bodies."""
    taken = [(p.name, p.schema) for p in operation.parameters]
    for schema in operation.bodies.values():
        taken += list(walk(schema, 4))
    return taken
