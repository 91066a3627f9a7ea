"""The numbers that the audited system's documentation promises, from `documented_targets.yaml`."""

from __future__ import annotations

from importlib import resources

import msgspec
import yaml

from l7audit.errors import CatalogueError
from l7audit.model import DocumentedTarget


def documented_targets() -> list[DocumentedTarget]:
    """All documented targets, in the file's order. Errors: `CatalogueError`."""
    text = resources.files("l7audit").joinpath("documented_targets.yaml").read_text("utf-8")
    return parse(text)


def parse(text: str) -> list[DocumentedTarget]:
    """Documented targets from YAML. Errors: `CatalogueError` with what is wrong."""
    name = "documented_targets.yaml"
    try:
        found = msgspec.convert(yaml.safe_load(text), list[DocumentedTarget])
    except yaml.YAMLError as error:
        raise CatalogueError(f"{name} is not YAML: {error}") from error
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{name}: {error}.") from error
    seen: set[str] = set()
    for target in found:
        if target.id in seen:
            raise CatalogueError(f"{name}: {target.id} stands there twice.")
        if target.at_least is None and target.at_most is None:
            raise CatalogueError(f"{name}: {target.id} promises no number.")
        seen.add(target.id)
    return found
