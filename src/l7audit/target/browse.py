"""Reading a target's pages, as a stranger is shown them and a member is, for what they call."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from l7audit.errors import CredentialError
from l7audit.model import Identity
from l7audit.probe.request import Request
from l7audit.target.hints import identity_security
from l7audit.target.operation import Operation
from l7audit.target.pages import fresh, links, operations_in
from l7audit.target.sessions import Sessions

MOST_PAGES = 6
"""Pages that are read: the root, those that the document tells of, and where they lead."""


def browsed(sessions: Sessions, member: Identity | None) -> tuple[Operation, ...]:
    """What the pages call that the model does not know. Errors: as `Probe.send`."""
    model, found = sessions.model, list[Operation]()
    declared = [
        model.surface(o).request().path
        for o in model.operations
        if o.method == "GET" and "text/html" in o.success and not o.path_parameters
    ]
    waiting, seen = deque([f"{model.prefix}/", *declared]), set[str]()
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.popleft()
        if path in seen:
            continue
        seen.add(path)
        for reader in (None, *([member] if member is not None else [])):
            text = _shown(sessions, path, reader)
            waiting.extend(links(text, path))
            security = identity_security(model.target) if reader is not None else ()
            for operation in operations_in(text, path, security):
                template = operation.template.removeprefix(model.prefix) or "/"
                bare = replace(operation, name=f"{operation.method} {template}", template=template)
                found += [_opened(sessions, o) for o in fresh([bare], [*model.operations, *found])]
    return fresh(found, model.operations)


def _shown(sessions: Sessions, path: str, reader: Identity | None) -> str:
    """A page as somebody is shown it; empty where there is none."""
    request = Request("GET", path, (("Accept", "text/html,*/*;q=0.8"),))
    if reader is not None:
        try:
            request = request.with_auth(sessions.auth(reader))
        except CredentialError:
            return ""
    answer = sessions.probe.send(request, reader.name if reader is not None else "")
    return answer.text if answer.ok and answer.media_type == "text/html" else ""


def _opened(sessions: Sessions, operation: Operation) -> Operation:
    """The operation, public where a stranger reads it: that a page for members leads there does
    not make it theirs alone."""
    if not operation.security or operation.method != "GET":
        return operation
    answer = sessions.probe.send(sessions.model.surface(operation).request())
    return replace(operation, security=()) if answer.ok else operation
