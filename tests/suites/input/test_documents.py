from __future__ import annotations

from xml.etree import ElementTree

import pytest

from l7audit_suites.input.documents import is_xml, sample, with_entity


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


def test_the_entity_takes_the_place_of_one_text_after_the_other() -> None:
    found = list(with_entity("<o><a>1</a><b>2</b></o>", '<!ENTITY e "x">'))
    assert [ElementTree.fromstring(t).findtext("a") for t in found] == ["x", "1"]
    assert [ElementTree.fromstring(t).findtext("b") for t in found] == ["2", "x"]


@pytest.mark.parametrize("text", ["", "no document"])
def test_what_is_no_document_gets_no_entity(text: str) -> None:
    assert list(with_entity(text, "")) == []


@pytest.mark.parametrize(
    ("media", "xml"),
    [("application/xml", True), ("image/svg+xml; q=1", True), ("application/json", False)],
)
def test_media_types_of_xml_are_known(media: str, xml: bool) -> None:
    assert is_xml(media) is xml
