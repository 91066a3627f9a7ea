"""Rules: operations of power, and those that cost, that stream, or that take what is dangerous."""

from __future__ import annotations

from l7audit.target import meaning
from l7audit.target.operation import FORM, MULTIPART
from l7audit.target.schemas import properties, type_of, walk
from l7audit.target.seen import CHANGES, Seen
from l7audit.target.words import all_words, says, words

_STREAMS = {
    "text/event-stream", "application/x-ndjson", "application/ndjson", "application/jsonl",
    "application/stream+json", "multipart/x-mixed-replace", "application/json-seq",
}  # fmt: skip
_BYTES = {"application/octet-stream", "application/zip", "application/pdf"}


def admin(seen: Seen) -> bool:
    if seen.operation.public:
        return False
    scopes = all_words(seen.operation.scopes)
    return says(
        (*seen.named, *scopes),
        "admin", "administrator", "administration", "superuser", "root", "operator", "backoffice",
        "management", "audit", "audit log",
    ) or says(seen.told, "administrators only", "admin only", "require admin", "as admin") \
        or rate_policy(seen)  # fmt: skip


_AUDIT = ("audit", "audit log", "audit trail", "security event", "activity log", "event log")
_VERIFYING = ("verify", "verification", "integrity", "intact", "validate", "check", "proof")


def audit_log(seen: Seen) -> bool:
    operation = seen.operation
    if operation.method != "GET" or operation.public or seen.item or not says(seen.named, *_AUDIT):
        return False
    return not operation.path_parameters and meaning.answers_list(operation.answer_schema)


def audit_verify(seen: Seen) -> bool:
    operation = seen.operation
    return (
        operation.method in {"GET", "POST"}
        and not operation.public
        and not operation.path_parameters
        and says(seen.named, *_AUDIT)
        and says(seen.named, *_VERIFYING)
    )


def rate_policy(seen: Seen) -> bool:
    operation = seen.operation
    if operation.method not in CHANGES or operation.public:
        return False
    if not says(seen.told, "rate", "throttle", "throttling", "quota", "limit"):
        return False
    numbers = [
        words(name)
        for schema in operation.bodies.values()
        for name, part in walk(schema, 3)
        if meaning.is_number(part)
    ]
    holds = any(says(n, *meaning.CAPACITY) for n in numbers)
    refills = any(says(n, *meaning.REFILL) for n in numbers)
    return holds and (refills or says(seen.named, "rate", "throttle", "quota"))


def costly(seen: Seen) -> bool:
    return seen.operation.method in {"POST", "GET"} and (
        streaming(seen)
        or says(seen.told, *meaning.DEAR)
        or says(
            seen.named,
            "chat", "completion", "search", "generate", "generation", "embed", "embedding",
            "inference", "predict", "export", "report", "render", "convert", "transcode",
            "analyze", "analyse", "analysis", "query", "summarize", "summarise", "translate",
        )
    )  # fmt: skip


def search(seen: Seen) -> bool:
    operation = seen.operation
    if operation.method not in {"POST", "GET"} or operation.path_parameters:
        return False
    if not says(seen.named, "search", "find", "lookup", "query", "suggest", "autocomplete"):
        return False
    return any(
        says(words(name), *meaning.SOUGHT) and type_of(part) in {"", "string"}
        for name, part in meaning.parts_taken(operation)
    )


def chat(seen: Seen) -> bool:
    """A conversation is a list of turns, each with what was said and who said it."""
    if seen.operation.method != "POST":
        return False
    return any(
        type_of(part) == "array" and meaning.turn_fields(part.get("items") or {}) is not None
        for schema in seen.operation.bodies.values()
        for part in properties(schema).values()
    )


def upload(seen: Seen) -> bool:
    if seen.operation.method not in CHANGES:
        return False
    for media, schema in seen.operation.bodies.items():
        if media in _BYTES or media.startswith(("image/", "audio/", "video/")):
            return True
        if meaning.is_binary(schema):
            return True
        if media in {MULTIPART, FORM} or media.endswith("json"):
            if any(meaning.takes_file(n, part) for n, part in walk(schema, 3)):
                return True
            members = properties(schema)
            if media == MULTIPART and not members:
                return True
            if media == MULTIPART and any(map(meaning.is_form_file, members.values())):
                return True
    return False


def path_taking(seen: Seen) -> bool:
    return any(meaning.takes_path(n, part) for n, part in meaning.parts_taken(seen.operation))


def url_taking(seen: Seen) -> bool:
    return any(meaning.takes_url(n, part) for n, part in meaning.parts_taken(seen.operation))


def streaming(seen: Seen) -> bool:
    if any(media in _STREAMS for media in seen.operation.success):
        return True
    return any(
        says(words(name), "stream") and type_of(part) == "boolean"
        for name, part in meaning.parts_taken(seen.operation)
    )
