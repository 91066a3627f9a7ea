"""Finding the operation of a path: exact, case-sensitive, and never by a second spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from l7audit_stack.api.operation import Operation


@dataclass(frozen=True, slots=True)
class Match:
    """What a path leads to: operations by method, and the raw (still encoded) parameters."""

    methods: Mapping[str, Operation]
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    parameter: tuple[str, _Node] | None = None
    rest: str | None = None
    methods: dict[str, Operation] = field(default_factory=dict)
    rest_methods: dict[str, Operation] = field(default_factory=dict)


class Router:
    """Built once from the table of operations; raises ValueError for two on one route."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._root = _Node()
        self._static: dict[bytes, Match] = {}
        for operation in operations:
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        node, plain = self._root, "{" not in operation.path
        methods = node.methods
        for segment in operation.path.split("/")[1:]:
            if segment.endswith(":path}"):
                node.rest = segment[1:-6]
                methods = node.rest_methods
                break
            if segment.startswith("{"):
                name = segment[1:-1]
                if node.parameter is None:
                    node.parameter = (name, _Node())
                elif node.parameter[0] != name:
                    raise ValueError(f"{operation.path} names {node.parameter[0]} differently")
                node = node.parameter[1]
            else:
                node = node.children.setdefault(segment, _Node())
            methods = node.methods
        if operation.method in methods:
            raise ValueError(f"two operations on {operation.method} {operation.path}")
        methods[operation.method] = operation
        if operation.method == "GET":
            methods.setdefault("HEAD", operation)
        if plain:
            self._static[operation.path.encode()] = Match(methods)

    def plain(self, raw: bytes) -> Match | None:
        """The match of a path without parameters, as sent: one look-up."""
        return self._static.get(raw)

    def match(self, path: str) -> Match | None:
        """The match of a canonical path, still percent-encoded."""
        node = self._root
        parameters: dict[str, str] = {}
        segments = path.split("/")[1:]
        for index, segment in enumerate(segments):
            child = node.children.get(segment)
            if child is not None:
                node = child
            elif node.parameter is not None and segment:
                parameters[node.parameter[0]] = segment
                node = node.parameter[1]
            elif node.rest is not None and segment:
                parameters[node.rest] = "/".join(segments[index:])
                return Match(node.rest_methods, parameters)
            else:
                return None
        return Match(node.methods, parameters) if node.methods else None
