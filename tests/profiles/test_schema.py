"""The profile's JSON Schema: published as generated, and of one mind with the parser."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from l7audit import profile as profiles
from l7audit.errors import ProfileError
from l7audit.profiles.schema import profile_schema, published

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft202012Validator(profile_schema())


def test_the_published_schema_is_the_generated_one() -> None:
    path = ROOT / "docs" / "schema" / "profile.schema.json"
    assert path.read_bytes() == published(), "run: make docs"


def test_every_built_in_profile_satisfies_it() -> None:
    for file in (ROOT / "src" / "l7audit" / "profiles").glob("*.yaml"):
        VALIDATOR.validate(yaml.safe_load(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("name: x", True),
        ("gate: {minimum_score: 90, fail_on: [critical]}", True),
        ("nmae: x", False),
        ("gate: {minimum_score: 101}", False),
        ("safety: wild", False),
        ("select: AUTHN", False),
        ("waivers: [{control: AUTHN-01}]", False),
    ],
)
def test_the_schema_and_the_parser_agree(text: str, fine: bool) -> None:
    assert VALIDATOR.is_valid(yaml.safe_load(text)) is fine
    if fine:
        profiles.parse(text, source="p")
    else:
        with pytest.raises(ProfileError):
            profiles.parse(text, source="p")
