"""Whether knowing a text is enough: what it opens to somebody without a credential."""

from __future__ import annotations

from l7audit.harness.check import Check
from l7audit.target.words import all_words, says
from l7audit_suites.input.ground import word

_MOST = 6
_OPENED = (
    "share", "shared", "link", "invite", "invitation", "token", "code", "reset", "recovery",
    "referral", "public", "s", "i", "l",
)  # fmt: skip


def opens(check: Check, code: str) -> bool:
    """Whether a public read of one thing shows something for this text, and nothing for another
    one."""
    reads = [
        o
        for o in check.model.operations
        if o.method == "GET"
        and o.public
        and len(o.path_parameters) == 1
        and says(all_words([o.name, *o.template.split("/")]), *_OPENED)
    ]
    for operation in reads[:_MOST]:
        surface, name = check.model.surface(operation), operation.path_parameters[0].name
        if check.send(surface.request(path={name: code})).ok:
            return not check.send(surface.request(path={name: word()})).ok
    return False
