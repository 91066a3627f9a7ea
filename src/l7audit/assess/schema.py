"""The published JSON Schema of `results.json`, generated from its structs.

python -m l7audit.assess.schema > docs/schema/results.schema.json
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import msgspec

from l7audit.assess.results import SCHEMA, Results


def results_schema() -> dict[str, Any]:
    """The schema as a document of JSON Schema 2020-12."""
    schema = msgspec.json.schema(Results)
    definitions: dict[str, Any] = schema["$defs"]
    for definition in definitions.values():
        if "description" in definition:
            definition["description"] = inspect.cleandoc(definition["description"])
    definitions["Results"]["properties"]["schema"] = {"const": SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "l7audit results",
        **schema,
    }


def published() -> bytes:
    """The bytes of `docs/schema/results.schema.json`."""
    document = msgspec.json.encode(results_schema(), order="deterministic")
    return msgspec.json.format(document, indent=2) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(published())
