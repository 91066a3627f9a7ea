"""XML documents that fit a schema."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from l7audit.target.xml_documents import is_xml, sample


def test_the_authors_example_is_the_sample() -> None:
    assert sample({"type": "object"}, "<order><part>1</part></order>").startswith("<order>")


def test_a_schema_becomes_a_document_with_its_names_attributes_and_lists() -> None:
    text = {"type": "string"}
    schema = {
        "type": "object",
        "xml": {"name": "fleet"},
        "properties": {
            "id": {**text, "xml": {"attribute": True}},
            "car": {"type": "array", "items": {"type": "object", "properties": {"name": text}}},
        },
    }
    root = ElementTree.fromstring(sample(schema, {"id": "<7>", "car": [{"name": "a&b"}]}))
    assert (root.tag, root.get("id"), root.findtext("car/name")) == ("fleet", "<7>", "a&b")


@pytest.mark.parametrize(
    ("media", "xml"),
    [("application/xml", True), ("image/svg+xml; q=1", True), ("application/json", False)],
)
def test_media_types_of_xml_are_known(media: str, xml: bool) -> None:
    assert is_xml(media) is xml


def test_what_a_value_lacks_is_made_up_as_the_schema_wants_it() -> None:
    part = {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": ["bolt"]},
            "count": {"type": "integer", "minimum": 3},
            "id": {"type": "string", "readOnly": True},
        },
    }
    schema = {"type": "object", "properties": {"part": {"type": "array", "items": part}}}
    found = ElementTree.fromstring(sample(schema, {"part": []})).findall("part")
    assert [(p.findtext("kind"), p.findtext("count"), p.find("id")) for p in found] == [
        ("bolt", "3", None)
    ]
