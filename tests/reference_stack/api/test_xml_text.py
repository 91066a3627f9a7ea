from __future__ import annotations

import pytest

from l7audit_stack.api.xml_text import XmlReader, XmlRefusedError

READER = XmlReader()


def test_the_text_between_the_tags_is_kept() -> None:
    document = '<a>one <b c="not this">two</b> &lt;three&gt; &#233;<!-- nor this --></a>'
    assert READER.text(document.encode()) == "one two <three> \u00e9"


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE a><a>x</a>",
        '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x"><a>x</a>',
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY % p SYSTEM "file:///x"> %p;]><a>x</a>',
    ],
)
def test_a_document_type_is_refused_before_anything_in_it_is_read(document: str) -> None:
    with pytest.raises(XmlRefusedError, match="must not have a document type"):
        READER.text(document.encode())


@pytest.mark.parametrize("document", [b"", b"no xml", b"<a>", b"<a>&e;</a>", b"<a>\xff</a>"])
def test_what_is_not_well_formed_is_refused_in_one_sentence(document: bytes) -> None:
    with pytest.raises(XmlRefusedError, match="not well-formed XML in UTF-8"):
        READER.text(document)


def test_elements_nest_up_to_a_bound() -> None:
    assert XmlReader(max_depth=3).text(b"<a><a><a>x</a></a></a>") == "x"
    with pytest.raises(XmlRefusedError, match="deeper than 3 levels"):
        XmlReader(max_depth=3).text(b"<a><a><a><a>x</a></a></a></a>")


def test_another_encoding_that_a_document_claims_changes_nothing() -> None:
    document = '<?xml version="1.0" encoding="utf-7"?><a>+ADw-script+AD4-</a>'
    assert READER.text(document.encode()) == "+ADw-script+AD4-"
