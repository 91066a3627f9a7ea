"""An operation as the rules of classification see it: beside the others, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from l7audit.target.operation import Operation
from l7audit.target.origins import called, links
from l7audit.target.words import Words

CHANGES = frozenset({"PUT", "PATCH", "POST"})


@dataclass(frozen=True, slots=True)
class Seen:
    """An operation as the rules see it: `named` are the words of its id, tags and path, `told`
    those of its description too, `last` those of its path's last fixed segment; `methods` maps
    every template of the target to its methods; `elsewhere` maps what things are called to the
    methods of their addresses apart from their collection; `token_paths` are those that schemes
    name."""

    operation: Operation
    named: Words
    told: Words
    last: Words
    methods: Mapping[str, frozenset[str]]
    elsewhere: Mapping[Words, frozenset[str]]
    token_paths: frozenset[str]

    @property
    def item(self) -> bool:
        """Whether its path ends in a parameter: one thing out of many."""
        return self.operation.template.rstrip("/").endswith("}")

    @property
    def collection(self) -> str:
        """For an item the template of what it is one of, else its own."""
        template = self.operation.template.rstrip("/")
        return template.rpartition("/")[0] if self.item else template

    @property
    def items(self) -> frozenset[str]:
        """The methods of this collection's items, also where those have addresses of their own."""
        start = f"{self.collection}/{{"
        below = frozenset(
            method
            for template, methods in self.methods.items()
            if template.startswith(start) and template.rstrip("/").count("/") == start.count("/")
            for method in methods
        )
        name = called(self.collection)
        if below or links(self.operation, name):
            return below
        return self.elsewhere.get(name, frozenset())
