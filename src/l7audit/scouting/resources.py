"""Which operations create, read, list, change and delete which resources, as a table."""

from __future__ import annotations

from dataclasses import dataclass, field

from l7audit.model import Kind
from l7audit.target.operation import Operation
from l7audit.target.target_model import TargetModel

ACTS = {
    Kind.RESOURCE_LIST: "list",
    Kind.RESOURCE_CREATE: "create",
    Kind.RESOURCE_READ: "read",
    Kind.RESOURCE_CHANGE: "change",
    Kind.RESOURCE_DELETE: "delete",
}
"""The words of the table, in its order."""

_ENTRANCES = {
    Kind.LOGIN: "log in", Kind.TOKEN: "get a token", Kind.REVOKE_TOKEN: "log out",
    Kind.UPLOAD: "upload", Kind.SEARCH: "search", Kind.ADMIN: "administer",
    Kind.KEY_CREATE: "create a key", Kind.METRICS: "metrics", Kind.HEALTH: "health",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resource:
    """A collection by its path, and for each act (`list`, `create`, ...) the operations."""

    path: str
    acts: dict[str, list[str]] = field(default_factory=dict)


def resources(model: TargetModel) -> list[Resource]:
    """The resources of a target by their path; what is none of these acts is left out."""
    found: dict[str, Resource] = {}
    for operation in model.operations:
        for kind, act in ACTS.items():
            if kind in operation.kinds:
                path = _collection(operation)
                there = found.setdefault(path, Resource(path))
                there.acts.setdefault(act, []).append(str(operation.place))
    return [found[path] for path in sorted(found)]


def others(model: TargetModel) -> list[tuple[str, str]]:
    """Operations that are no act on a resource but mean something: (meaning, operation)."""
    told = []
    for operation in model.operations:
        for kind, meaning in _ENTRANCES.items():
            if kind in operation.kinds:
                told.append((meaning, str(operation.place)))
    return told


def _collection(operation: Operation) -> str:
    template = operation.template.rstrip("/")
    return template.rpartition("/")[0] if template.endswith("}") else template
