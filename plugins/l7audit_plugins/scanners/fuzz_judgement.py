"""What an answer to a generated request says of the service that gave it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from l7audit.model import Confidence, Place, Severity
from l7audit.probe.answer import Answer
from l7audit.scanning import Weakness
from l7audit.target.operation import is_json
from l7audit_plugins.scanners.fuzz_cases import Made

MOST_BYTES = 4 * 1024 * 1024
"""The size of an answer to a small request beyond which nobody has set a bound."""


class Rule(StrEnum):
    """What was seen; a check forbids some of them."""

    BROKE = "server error"
    LOST = "no answer"
    ENDLESS = "answer without an end"
    LARGE = "answer without a bound"
    UNDOCUMENTED = "undocumented success"
    OTHER_SHAPE = "answer of another shape"
    ACCEPTED = "accepted what does not fit"


SEVERITY = {
    Rule.BROKE: Severity.MEDIUM,
    Rule.LOST: Severity.HIGH,
    Rule.ENDLESS: Severity.MEDIUM,
    Rule.LARGE: Severity.MEDIUM,
    Rule.UNDOCUMENTED: Severity.LOW,
    Rule.OTHER_SHAPE: Severity.LOW,
    Rule.ACCEPTED: Severity.MEDIUM,
}
NEEDS_TWO = frozenset({Rule.BROKE, Rule.LOST, Rule.ENDLESS})
"""What happens once may be the weather: these are believed when the same request shows it again."""

_EITHER = frozenset({Rule.UNDOCUMENTED, Rule.OTHER_SHAPE})
"""Here it may as well be the document that is wrong."""


def broken(answer: Answer) -> Rule | None:
    """Whether the service failed, by what its answer is or that there is none."""
    if answer.status is None:
        return Rule.ENDLESS if "in time" in answer.error else Rule.LOST
    if answer.truncated or len(answer.body) > MOST_BYTES:
        return Rule.LARGE
    if answer.status < 500 or answer.status == 501:
        return None
    # Saying when to come back is an orderly refusal, and no failure of this request's making.
    return None if answer.status == 503 and answer.headers.get("Retry-After") else Rule.BROKE


def against_the_document(
    made: Made, answer: Answer, *, refusals: bool = False
) -> tuple[Rule, str] | None:
    """How a successful answer differs from what the document promises, in a few words.

    `refusals` holds those against it, too. As a rule they are no difference: a document can't name
    what every layer in front of a service may answer.
    """
    if answer.status is None or answer.truncated or not (answer.ok or refusals):
        return None
    if made.operation.responses.find_by_status_code(answer.status) is None:
        return Rule.UNDOCUMENTED, f"{answer.status}, which is not in the document"
    # Of streams and texts documents tell too little, and tools read that little differently.
    said = _shape(made, answer) if is_json(answer.media_type) else ""
    return (Rule.OTHER_SHAPE, said) if said else None


def accepted(made: Made, answer: Answer) -> bool:
    """Whether what breaks the document went through."""
    return bool(made.wrong) and answer.ok


def weakness(rule: Rule, place: Place, message: str, seen: str, *answers: Answer) -> Weakness:
    """One thing seen, with the exchanges that show it."""
    return Weakness(
        rule=rule,
        place=place,
        message=message,
        severity=SEVERITY[rule],
        confidence=_sure(rule, answers),
        seen=seen,
        exchanges=tuple(dict.fromkeys(a.exchange for a in answers)),
    )


def _sure(rule: Rule, answers: Sequence[Answer]) -> Confidence:
    # Who bounds a parameter of a read, or passes over it, answers soundly and keeps nothing.
    reads = all(a.request.method == "GET" for a in answers)
    if rule in _EITHER or (rule is Rule.ACCEPTED and reads):
        return Confidence.WEAK
    return Confidence.CONFIRMED if rule in NEEDS_TWO else Confidence.STRONG


def _shape(made: Made, answer: Answer) -> str:
    """What schemathesis says of the body; nothing where it fits, or the document tells nothing."""
    import requests
    from schemathesis.core.failures import Failure, FailureGroup
    from schemathesis.core.transport import Response

    headers: dict[str, list[str]] = {}
    for name, value in answer.headers.pairs:
        headers.setdefault(name.lower(), []).append(value)
    # Its body was decoded already.
    headers.pop("content-encoding", None)
    sent = requests.Request(made.request.method, "http://127.0.0.1/").prepare()
    response = Response(answer.status or 0, headers, answer.body, sent, 0.0, True)
    try:
        made.operation.validate_response(response)
    except (Failure, FailureGroup) as error:
        first: Any = error.exceptions[0] if isinstance(error, FailureGroup) else error
        return " ".join(str(getattr(first, "message", first)).split("\n\n")[0].split())[:200]
    except Exception:  # noqa: BLE001 - a schema that it can't use promises nothing
        return ""
    return ""
