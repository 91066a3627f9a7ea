"""The text of an XML document, read without what makes XML dangerous.

A document type is refused as such: entities, external or growing, can only be declared in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn
from xml.parsers import expat


class XmlRefusedError(ValueError):
    """The document can't be taken. The message is one sentence for the caller."""


@dataclass(frozen=True, slots=True)
class XmlReader:
    """Reads XML in UTF-8. `max_depth` bounds the elements within one another."""

    max_depth: int = 64

    def text(self, document: bytes) -> str:
        """What stands between the tags, stripped. Raises XmlRefusedError."""
        found: list[str] = []
        depth = 0

        def opened(_name: str, _attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > self.max_depth:
                raise XmlRefusedError(f"The XML nests deeper than {self.max_depth} levels.")

        def closed(_name: str) -> None:
            nonlocal depth
            depth -= 1

        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = opened
        parser.EndElementHandler = closed
        parser.CharacterDataHandler = found.append
        parser.StartDoctypeDeclHandler = _no_document_type
        try:
            parser.Parse(document, True)
        except expat.ExpatError:
            raise XmlRefusedError("The text is not well-formed XML in UTF-8.") from None
        return "".join(found).strip()


def _no_document_type(*_: object) -> NoReturn:
    raise XmlRefusedError("The XML must not have a document type.")
