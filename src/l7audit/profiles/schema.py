"""The published JSON Schema of a profile, for editors that complete and check YAML.

python -m l7audit.profiles.schema > docs/schema/profile.schema.json
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import msgspec

from l7audit.profile import Profile


def profile_schema() -> dict[str, Any]:
    """The schema as a document of JSON Schema 2020-12. `source` is ours, so nobody writes it."""
    schema = msgspec.json.schema(Profile)
    definitions: dict[str, Any] = schema["$defs"]
    for definition in definitions.values():
        if "description" in definition:
            definition["description"] = inspect.cleandoc(definition["description"])
    del definitions["Profile"]["properties"]["source"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "l7audit profile",
        **schema,
    }


def published() -> bytes:
    """The bytes of `docs/schema/profile.schema.json`."""
    document = msgspec.json.encode(profile_schema(), order="deterministic")
    return msgspec.json.format(document, indent=2) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(published())
