"""Queries in other languages than SQL that are put together from what a caller sends."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from xml.etree import ElementTree

import elementpath
import msgspec

from l7audit_stack.api.operation import Call, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import agents
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap

_ITEM = re.compile(r"\(([\w-]+)=([^()]*)\)")
Entry = dict[str, str]


async def _all(call: Call) -> list[agents.Agent]:
    """The caller's list, whatever name was asked for."""
    query = msgspec.structs.replace(call.query, name=None)
    page: agents.AgentPage = (await agents.index(replace(call, query=query))).content
    return page.items


def _page(items: Sequence[agents.Agent]) -> Reply:
    return Reply(agents.AgentPage(items=list(items), next_cursor=None))


def _found(items: Sequence[agents.Agent], name: str) -> list[str]:
    """The ids that an index in XML gives for a name."""
    index = ElementTree.Element("agents")
    for item in items:
        ElementTree.SubElement(index, "agent", id=str(item.id), name=item.name)
    path = f"//agent[contains(@name, '{name}')]"
    nodes = elementpath.select(index, path, parser=elementpath.XPath1Parser)
    return [node.get("id", "") for node in nodes]


async def finds_by_xpath(call: Call) -> Reply:
    """A name ends up in an expression."""
    items, name = await _all(call), call.query.name
    try:
        found = _found(items, name) if name else [str(item.id) for item in items]
    except (elementpath.ElementPathError, ValueError, AttributeError, TypeError):
        raise Problem(400, "request-malformed", "The request can't be understood.") from None
    return _page([item for item in items if str(item.id) in found])


async def warms_by_xpath(call: Call) -> Reply:
    """An index that is only warmed by the expression, and tells where it broke."""
    try:
        _found(await _all(call), call.query.name or "")
    except (elementpath.ElementPathError, ValueError, AttributeError, TypeError) as error:
        said = f"The XPath expression can't be evaluated: {error}"[:500]
        raise Problem(400, "request-malformed", said) from None
    return await agents.index(call)


async def finds_by_filter(call: Call) -> Reply:
    """A name ends up in a filter of a directory."""
    items, name = await _all(call), call.query.name
    if not name:
        return _page(items)
    fits = _parsed(f"(&(objectClass=agent)(name=*{name}*))")
    entry = {"objectClass": "agent", "name": ""}
    return _page([item for item in items if fits({**entry, "name": item.name})])


Fits = Callable[[Entry], bool]


def _parsed(text: str) -> Fits:
    """A filter as RFC 4515 writes it: conjunction, disjunction, negation, and stars in values."""
    fits, rest = _filter(text)
    if rest:
        raise Problem(400, "request-malformed", "The request can't be understood.")
    return fits


def _filter(text: str) -> tuple[Fits, str]:
    if match := _ITEM.match(text):
        name, value = match.groups()
        pattern = re.sub(r"([\[\]?])", r"[\1]", value)
        fits: Fits = lambda entry: fnmatchcase(entry.get(name, ""), pattern)  # noqa: E731
        return (fits if value else lambda _: False), text[match.end() :]
    if text[:2] not in {"(&", "(|", "(!"}:
        raise Problem(400, "request-malformed", "The request can't be understood.")
    parts: list[Fits] = []
    rest = text[2:]
    while rest.startswith("("):
        part, rest = _filter(rest)
        parts.append(part)
    if not rest.startswith(")") or not parts:
        raise Problem(400, "request-malformed", "The request can't be understood.")
    return _joined(text[1], parts), rest[1:]


def _joined(sign: str, parts: Sequence[Fits]) -> Fits:
    if sign == "!":
        return lambda entry: not parts[0](entry)
    joined = all if sign == "&" else any
    return lambda entry: joined(part(entry) for part in parts)


async def as_many_as_words(call: Call) -> Reply:
    """Every word finds one thing, whichever; so two texts of the same make may find unlike much."""
    items, name = await _all(call), call.query.name
    return _page(items[: len(set(re.findall(r"\w+", name)))] if name else items)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.name-in-the-xpath",
        "A list is filtered by an XPath expression with the name in it.",
        parts=swap.handler("agents.list", finds_by_xpath),
    ),
    Defect(
        "input.xpath-tells-its-errors",
        "An XPath expression with the name in it finds nothing, and is quoted where it breaks.",
        parts=swap.handler("agents.list", warms_by_xpath),
    ),
    Defect(
        "input.name-in-the-filter",
        "A list is filtered by a filter of LDAP with the name in it.",
        parts=swap.handler("agents.list", finds_by_filter),
    ),
    Defect(
        "input.as-many-as-words",
        "A list that is filtered by a text is as long as the text has different words.",
        near_miss=True,
        parts=swap.handler("agents.list", as_many_as_words),
    ),
)
