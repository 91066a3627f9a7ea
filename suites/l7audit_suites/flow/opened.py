"""Whether knowing a text is enough: what it opens to somebody without a credential."""

from __future__ import annotations

from l7audit.harness.check import Check
from l7audit.target.operation import Operation
from l7audit.target.words import Words, all_words, says, words
from l7audit_suites.input.ground import word

_MOST = 6
_OPENED = (
    "share", "shared", "link", "invite", "invitation", "token", "code", "reset", "recovery",
    "referral", "public", "s", "i", "l",
)  # fmt: skip


def references(check: Check) -> dict[Words, Operation]:
    """Public reads of one thing by the words of what it is named by there, where that is more than
    its id, and nobody lists such things to everybody."""
    listed = {o.template.rstrip("/") for o in check.model.operations if o.public}
    return {
        named: o
        for o in _reads(check)
        if len(named := words(o.path_parameters[0].name)) > 1
        and named[-1] != "id"
        and o.template.partition("/{")[0] not in listed
    }


def _reads(check: Check) -> list[Operation]:
    return [
        o
        for o in check.model.operations
        if o.method == "GET" and o.public and len(o.path_parameters) == 1
    ]


def opens(check: Check, code: str, by: Operation | None = None) -> bool:
    """Whether a public read of one thing (`by`, or those of links and the like) shows something for
    this text, and nothing for another one."""
    reads = [
        o
        for o in _reads(check)
        if o == by or says(all_words([o.name, *o.template.split("/")]), *_OPENED)
    ]
    for operation in [by] if by is not None else reads[:_MOST]:
        surface, name = check.model.surface(operation), operation.path_parameters[0].name
        if check.send(surface.request(path={name: code})).ok:
            return not check.send(surface.request(path={name: word()})).ok
    return False
