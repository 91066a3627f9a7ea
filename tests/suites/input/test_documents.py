from __future__ import annotations

from xml.etree import ElementTree

import pytest

from l7audit_suites.input.documents import with_entity


def test_the_entity_takes_the_place_of_one_text_after_the_other() -> None:
    found = list(with_entity("<o><a>1</a><b>2</b></o>", '<!ENTITY e "x">'))
    assert [ElementTree.fromstring(t).findtext("a") for t in found] == ["x", "1"]
    assert [ElementTree.fromstring(t).findtext("b") for t in found] == ["2", "x"]


@pytest.mark.parametrize("text", ["", "no document"])
def test_what_is_no_document_gets_no_entity(text: str) -> None:
    assert list(with_entity(text, "")) == []
