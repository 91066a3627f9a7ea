from __future__ import annotations

import base64
import pickle
from typing import Any

import pytest
import yaml

from l7audit_suites.input.listener import listening
from l7audit_suites.input.serialised import as_opaque, as_text, looks_opaque


@pytest.mark.parametrize("form", ["pickle, base64url", "pickle, base64"])
def test_an_unpickled_value_pays_its_visit_and_nothing_else(form: str) -> None:
    with listening() as listener:
        path = listener.path()
        text = as_opaque(f"{listener.origin}{path}")[form]
        answer = pickle.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        answer.close()
        assert listener.visits == [path]


def test_yaml_that_builds_objects_pays_its_visit() -> None:
    with listening() as listener:
        path = listener.path()
        text = as_text(f"{listener.origin}{path}")["YAML"]
        with pytest.raises(yaml.YAMLError):
            yaml.safe_load(text)
        assert listener.visits == []
        yaml.load(text, Loader=yaml.UnsafeLoader).close()
        assert listener.visits == [path]


@pytest.mark.parametrize(
    ("name", "schema", "opaque"),
    [
        ("cursor", {"type": "string"}, True),
        ("pageToken", {}, True),
        ("blob", {"type": "string", "contentEncoding": "base64"}, True),
        ("limit", {"type": "integer"}, False),
        ("name", {"type": "string"}, False),
        ("state", {"enum": ["open", "closed"]}, False),
    ],
)
def test_what_carries_the_targets_own_writing_is_told(
    name: str, schema: dict[str, Any], opaque: bool
) -> None:
    assert looks_opaque(name, schema) is opaque
