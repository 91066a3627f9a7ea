"""Readers of bodies and queries that see something else than what was judged."""

from __future__ import annotations

import contextlib
import contextvars
import io
import json
import urllib.error
import xml.sax
import xml.sax.handler
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode
from xml.parsers import expat

import msgspec

from l7audit_stack.api.operation import Call, Handler, Input, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.security.bodies import BodyReader
from l7audit_stack.api.xml_text import XmlReader, XmlRefusedError
from l7audit_stack.defects.authn.swap import become
from l7audit_stack.defects.defect import Defect

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_REFUSED: contextvars.ContextVar[Problem | None] = contextvars.ContextVar("refused", default=None)


def _members(raw: bytes, *, first: bool = False) -> Any:
    """A JSON document as the last, or the first, of two equal members wins. Raises ValueError for
    what is none, or nests too deep to be read."""
    try:
        return json.loads(raw, object_pairs_hook=lambda p: dict(reversed(p)) if first else dict(p))
    except RecursionError as error:
        raise ValueError("too deep") from error


def _built(shape: type[Input], value: Any) -> Any:
    """An input with these members, whatever they are. Raises TypeError for a missing one."""
    known = {name: value[name] for name in shape.__struct_fields__ if name in value}
    return shape(**known)


class BoundsForgotten(BodyReader):
    """Looks at the types; lengths, bounds, patterns and unknown members stay on paper."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        try:
            return super().json(raw, shape)
        except Problem as problem:
            value = _members(raw) if problem.status == 422 else None
            texts = isinstance(value, dict) and all(
                isinstance(v, str) and "\0" not in v for v in value.values()
            )
            if not texts:
                raise
            with contextlib.suppress(TypeError):
                return _built(shape, value)
            raise


class JudgesLast(BodyReader):
    """Notes what is wrong, and lets the handler begin."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        try:
            return super().json(raw, shape)
        except Problem as problem:
            if "name" not in shape.__struct_fields__:
                raise
            with contextlib.suppress(TypeError, ValueError, AttributeError):
                value = _members(raw)
                texts = {k: v for k, v in value.items() if isinstance(v, str)}
                built = _built(shape, texts)
                _REFUSED.set(problem)
                return built
            raise


def _judges_last(parts: Parts) -> Parts:
    def late(own: Handler) -> Handler:
        async def handler(call: Call) -> Reply:
            reply = await own(call)
            if (problem := _REFUSED.get()) is not None:
                raise problem
            return reply

        return handler

    operations = [replace(o, handler=late(o.handler)) for o in parts.operations]
    return replace(parts, operations=tuple(operations), bodies=become(JudgesLast, parts.bodies))


class AnyType(BodyReader):
    """Every body is JSON here, so nobody looks at what it says to be."""

    def check_media_type(self, headers: Mapping[str, str], allowed: tuple[str, ...]) -> None:
        if "application/json" not in allowed or len(allowed) > 1:
            super().check_media_type(headers, allowed)


class VendorTypes(BodyReader):
    """Takes JSON under the names of vendors too, with a charset."""

    def check_media_type(self, headers: Mapping[str, str], allowed: tuple[str, ...]) -> None:
        if headers.get("content-type", "").partition(";")[0].endswith(("/json", "+json")):
            return
        super().check_media_type(headers, allowed)


class LastKeyWins(BodyReader):
    """Of two equal members the last counts, for judging and for use."""

    def check_text(self, raw: bytes) -> None:
        with contextlib.suppress(ValueError):  # what can't be read is refused as it is
            raw = json.dumps(_members(raw)).encode()
        super().check_text(raw)

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        try:
            return super().json(json.dumps(_members(raw)).encode(), shape)
        except ValueError:
            return super().json(raw, shape)


class JudgesFirstKey(BodyReader):
    """The gate in front reads the first of two equal members, the service the last."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        try:
            last, first = _members(raw), _members(raw, first=True)
        except ValueError:
            return super().json(raw, shape)
        judged = super().json(json.dumps(first).encode(), shape)
        return judged if last == first else _built(shape, last)


class JudgesFirstParameter(BodyReader):
    """The gate in front reads the first of two equal parameters, the service the last."""

    def pairs(self, raw: bytes, shape: type[Input]) -> Any:
        given = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)
        firsts = dict(reversed(given))
        judged = super().pairs(_query(firsts), shape)
        lasts = {n: v for n, v in given if v != firsts[n]}
        if not lasts:
            return judged
        numbers = {n: int(v) if v.isdigit() else v for n, v in lasts.items()}
        return msgspec.structs.replace(judged, **numbers)


class FirstParameterWins(BodyReader):
    """Of two equal parameters the first counts, for judging and for use."""

    def pairs(self, raw: bytes, shape: type[Input]) -> Any:
        given = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)
        return super().pairs(_query(dict(reversed(given))), shape)


def _query(values: Mapping[str, str]) -> bytes:
    return urlencode(values).encode()


class Resolving(XmlReader):
    """Reads XML as it was done for twenty years: entities are fetched from wherever they are."""

    def text(self, document: bytes) -> str:
        found: list[str] = []
        handler = xml.sax.handler.ContentHandler()
        handler.characters = found.append  # type: ignore[method-assign,assignment]
        parser = xml.sax.make_parser()
        parser.setFeature(xml.sax.handler.feature_external_ges, True)
        parser.setContentHandler(handler)
        source = xml.sax.xmlreader.InputSource()
        source.setByteStream(io.BytesIO(document))
        try:
            parser.parse(source)
        except (xml.sax.SAXException, urllib.error.URLError, ValueError, OSError):
            raise XmlRefusedError("The text is not well-formed XML in UTF-8.") from None
        return "".join(found).strip()


class Growing(XmlReader):
    """Trusts the parser's own bounds."""

    def text(self, document: bytes) -> str:
        found: list[str] = []
        parser = expat.ParserCreate("utf-8")
        parser.CharacterDataHandler = found.append
        return _parsed(parser, document, found)


class EntitiesLeftOut(XmlReader):
    """Takes a document type, and leaves every entity out."""

    def text(self, document: bytes) -> str:
        found: list[str] = []
        parser = expat.ParserCreate("utf-8")
        parser.CharacterDataHandler = found.append
        parser.DefaultHandler = lambda _: None  # keeps the parser from putting entities in
        return _parsed(parser, document, found)


def _parsed(parser: expat.XMLParserType, document: bytes, found: list[str]) -> str:
    try:
        parser.Parse(document, True)
    except expat.ExpatError:
        raise XmlRefusedError("The text is not well-formed XML in UTF-8.") from None
    return "".join(found).strip()


def _bodies(kind: type[BodyReader]) -> Callable[[Parts], Parts]:
    return lambda parts: replace(parts, bodies=become(kind, parts.bodies))


def _xml(kind: type[XmlReader]) -> Callable[[Parts], Parts]:
    return lambda parts: replace(parts, xml=become(kind, parts.xml))


class Echoing(BodyReader):
    """Refuses with 400 and repeats what was sent."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        try:
            return super().json(raw, shape)
        except Problem as problem:
            said = f"{problem.detail} You sent: {raw[:2000].decode('utf-8', 'replace')}"
            raise Problem(400, "input-invalid", said) from None


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.bounds-on-paper",
        "Lengths, patterns and unknown members are documented and not enforced.",
        parts=_bodies(BoundsForgotten),
    ),
    Defect(
        "input.judged-last",
        "Input is judged when the work is done.",
        parts=_judges_last,
    ),
    Defect(
        "input.refusals-repeat",
        "Refusals are 400 and repeat what was sent.",
        near_miss=True,
        parts=_bodies(Echoing),
    ),
    Defect(
        "input.any-content-type",
        "JSON is read whatever type a body says to be.",
        parts=_bodies(AnyType),
    ),
    Defect(
        "input.vendor-types",
        "JSON may come under a vendor's type.",
        near_miss=True,
        parts=_bodies(VendorTypes),
    ),
    Defect(
        "input.first-key-judged",
        "Of two equal members the first is judged and the last is used.",
        parts=_bodies(JudgesFirstKey),
    ),
    Defect(
        "input.last-key-wins",
        "Of two equal members the last is judged and used.",
        near_miss=True,
        parts=_bodies(LastKeyWins),
    ),
    Defect(
        "input.first-parameter-judged",
        "Of two equal parameters the first is judged and the last is used.",
        parts=_bodies(JudgesFirstParameter),
    ),
    Defect(
        "input.first-parameter-wins",
        "Of two equal parameters the first is judged and used.",
        near_miss=True,
        parts=_bodies(FirstParameterWins),
    ),
    Defect(
        "input.xml-entities-fetched",
        "XML is read with its external entities.",
        parts=_xml(Resolving),
    ),
    Defect(
        "input.xml-entities-grow",
        "XML is read with the entities that it declares.",
        parts=_xml(Growing),
    ),
    Defect(
        "input.xml-entities-left-out",
        "XML may declare entities, and none of them is ever put in.",
        near_miss=True,
        parts=_xml(EntitiesLeftOut),
    ),
)
