"""An operation as the rules of classification see it: beside the others, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from l7audit.target.operation import Operation
from l7audit.target.words import Words

CHANGES = frozenset({"PUT", "PATCH", "POST"})


@dataclass(frozen=True, slots=True)
class Seen:
    """An operation as the rules see it: `named` are the words of its id, tags and path, `told`
    those of its description too, `last` those of its path's last fixed segment; `methods` maps
    every template of the target to its methods; `token_paths` are those that schemes name."""

    operation: Operation
    named: Words
    told: Words
    last: Words
    methods: Mapping[str, frozenset[str]]
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
        """The methods of this collection's items."""
        start = f"{self.collection}/{{"
        return frozenset(
            method
            for template, methods in self.methods.items()
            if template.startswith(start) and template.rstrip("/").count("/") == start.count("/")
            for method in methods
        )
