"""Values that are taken for more than values, and texts that are taken for others."""

from __future__ import annotations

import base64
import contextvars
import pickle
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import msgspec

from l7audit_stack.api.operation import Call, Input, RawBody, Reply
from l7audit_stack.api.paging import Position
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import account, agents, users
from l7audit_stack.api.security.bodies import BodyReader, invalid
from l7audit_stack.defects.authn.swap import become
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_ASKED: contextvars.ContextVar[Mapping[str, Mapping[str, str]]] = contextvars.ContextVar("asked")
_PREFERENCES = account.NewPreferences.__struct_fields__
_BRACKETS = re.compile(r"(\w+)\[(\$\w+)\]")
_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "$eq": lambda kept, wanted: kept == wanted,
    "$ne": lambda kept, wanted: kept != wanted,
    "$gt": lambda kept, wanted: kept > wanted,
    "$in": lambda kept, wanted: kept in wanted.split(","),
    "$regex": lambda kept, wanted: re.search(wanted[:100], kept) is not None,
}


class Bracketed(BodyReader):
    """Reads `name[$ne]=x` as an object, as query parsers of some frameworks do."""

    def pairs(self, raw: bytes, shape: type[Input]) -> Any:
        asked: dict[str, dict[str, str]] = {}
        plain = []
        for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
            if match := _BRACKETS.fullmatch(name):
                asked.setdefault(match[1], {})[match[2]] = value
            else:
                plain.append((name, value))
        _ASKED.set(asked)
        return super().pairs(urlencode(plain).encode() if asked else raw, shape)


class Looking(BodyReader):
    """Reads `name__startswith=x` as a lookup, as mappers do with whatever names they are given."""

    def pairs(self, raw: bytes, shape: type[Input]) -> Any:
        asked: dict[str, dict[str, str]] = {}
        plain = []
        for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
            if name == "name__startswith":
                asked["name"] = {"$regex": f"^{re.escape(value)}"}
            else:
                plain.append((name, value))
        _ASKED.set(asked)
        return super().pairs(urlencode(plain).encode() if asked else raw, shape)


def _matched(_: Call, reply: Reply) -> Reply:
    """Keeps what a filter of operators lets through."""
    page: agents.AgentPage = reply.content
    kept = [agent for agent in page.items if _fits(agent)]
    return Reply(agents.AgentPage(items=kept, next_cursor=page.next_cursor))


def _fits(agent: agents.Agent) -> bool:
    asked = _ASKED.get({}).get("name", {})
    tests = [(_OPERATORS[o], value) for o, value in asked.items() if o in _OPERATORS]
    return all(test(agent.name, value) for test, value in tests)


async def _pickled_cursor(call: Call) -> Reply:
    """The place in a list is an object of this service's own, so it is kept as one."""
    query: agents.AgentQuery = call.query
    if query.cursor is not None:
        try:
            packed = base64.urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4))
            place = pickle.loads(packed)
        except Exception:  # noqa: BLE001 - whatever it was, it is no place
            raise invalid("The cursor is not one that this list gave out.") from None
        cursor = place.cursor() if isinstance(place, Position) else "none"
        call = replace(call, query=msgspec.structs.replace(query, cursor=cursor))
    return await agents.index(call)


class _Draft:
    """What an agent is before it is kept."""

    name = ""
    description = ""
    instructions = ""


def _merge(given: Mapping[str, Any], into: Any) -> None:
    """Puts members into an object, and theirs into what it holds."""
    for name, value in given.items():
        if isinstance(value, dict) and hasattr(into, name):
            _merge(value, getattr(into, name))
        else:
            setattr(into, name, value)


async def _merged(call: Call) -> Reply:
    """Whatever was sent goes into a draft, and the draft is kept."""
    draft = _Draft()
    try:
        _merge(msgspec.json.decode(call.body, type=dict[str, Any]), draft)
        fields = {name: getattr(draft, name) for name in ("name", "description", "instructions")}
        new = msgspec.convert(fields, agents.NewAgent)
    except (msgspec.MsgspecError, AttributeError, TypeError) as error:
        raise invalid(str(error)) from None
    return await agents.create(replace(call, body=new))


class Member:
    """What everything inherits from, as a language without classes has it."""

    inherited: ClassVar[dict[str, Any]] = {}


async def _changed_for_all(call: Call) -> Reply:
    """Merges preferences member by member, those of the prototype included."""
    given = msgspec.json.decode(call.body)
    preferences = given.get("preferences") if isinstance(given, dict) else None
    if isinstance(preferences, dict):
        planted = preferences.pop("__proto__", {})
        Member.inherited.update(planted if isinstance(planted, dict) else {})
        given["preferences"] = {n: v for n, v in preferences.items() if n in _PREFERENCES}
    try:
        change = msgspec.convert(given, account.AccountChange)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None
    return await account.change(replace(call, body=change))


def _with_inherited(_: Call, reply: Reply) -> Reply:
    """An account with what its preferences inherit."""
    shown = msgspec.to_builtins(reply.content)
    shown["preferences"] = {**Member.inherited, **shown["preferences"]}
    return replace(reply, content=shown)


class OddKeysIgnored(BodyReader):
    """Leaves members out that are called like a language's own."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        try:
            value = msgspec.json.decode(raw)
        except msgspec.DecodeError:
            return super().json(raw, shape)
        odd = {"__proto__", "constructor", "__class__"}
        if not isinstance(value, dict) or not odd & value.keys():
            return super().json(raw, shape)
        rest = {name: part for name, part in value.items() if name not in odd}
        return super().json(msgspec.json.encode(rest), shape)


class AnyName(users.NewUser, frozen=True):
    """People are called as they like."""

    name: Annotated[str, msgspec.Meta(min_length=2, max_length=40)]


async def _folded(call: Call) -> Reply:
    """Names are kept as people see them, whatever they were typed as."""
    new: users.NewUser = call.body
    plain = unicodedata.normalize("NFKC", new.name).casefold().strip()
    seen = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    if not seen.isascii():
        raise Problem(422, "name-refused", "Names have letters of one alphabet.")
    return await users.create(replace(call, body=msgspec.structs.replace(new, name=seen)))


class Lenient(BodyReader):
    """Decodes bytes by the arithmetic of UTF-8, and does not ask for the shortest form."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        raw = re.sub(rb"[\xc0\xc1][\x80-\xbf]", _two, raw)
        return super().json(re.sub(rb"\xe0[\x80-\x9f][\x80-\xbf]", _three, raw), shape)


def _two(match: re.Match[bytes]) -> bytes:
    first, second = match[0]
    return chr((first & 31) << 6 | second & 63).encode()


def _three(match: re.Match[bytes]) -> bytes:
    _, second, third = match[0]
    return chr((second & 63) << 6 | third & 63).encode()


class Replacing(BodyReader):
    """Puts the mark of replacement where bytes are no text."""

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        return super().json(raw.decode("utf-8", "replace").encode(), shape)


def _looking(parts: Parts) -> Parts:
    parts = swap.after("agents.list", _matched)(parts)
    return replace(parts, bodies=become(Looking, parts.bodies))


def _bracketed(parts: Parts) -> Parts:
    parts = swap.after("agents.list", _matched)(parts)
    return replace(parts, bodies=become(Bracketed, parts.bodies))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.operators-in-filters",
        "A filter may be an object with operators.",
        parts=_bracketed,
    ),
    Defect(
        "input.names-are-lookups",
        "The name of a parameter may be a lookup of a mapper.",
        parts=_looking,
    ),
    Defect(
        "input.cursor-is-a-pickle",
        "The cursor of a list is a pickled object.",
        parts=swap.handler("agents.list", _pickled_cursor),
    ),
    Defect(
        "input.merged-into-the-class",
        "Whatever was sent is merged into an object, names of the language's own included.",
        parts=swap.handler("agents.create", _merged, body=RawBody(("application/json",), 65_536)),
    ),
    Defect(
        "input.merged-into-everybodys",
        "A change of one account's preferences is merged into what all accounts inherit.",
        parts=swap.both(
            swap.handler(
                "account.change", _changed_for_all, body=RawBody(("application/json",), 65_536)
            ),
            swap.after("account.show", _with_inherited),
        ),
    ),
    Defect(
        "input.odd-keys-ignored",
        "Members called like a language's own are left out.",
        near_miss=True,
        parts=lambda parts: replace(parts, bodies=become(OddKeysIgnored, parts.bodies)),
    ),
    Defect(
        "input.names-of-any-letters",
        "Names of users are unique byte by byte, and may hold any character.",
        parts=swap.operations(users_create={"body": AnyName}),
    ),
    Defect(
        "input.names-are-folded",
        "Names of users are brought into one form before they are compared.",
        near_miss=True,
        parts=swap.handler("users.create", _folded, body=AnyName),
    ),
    Defect(
        "input.overlong-decoded",
        "Longer encodings of a character are decoded as it.",
        parts=lambda parts: replace(parts, bodies=become(Lenient, parts.bodies)),
    ),
    Defect(
        "input.bytes-replaced",
        "Bytes that are no text become the mark of replacement.",
        near_miss=True,
        parts=lambda parts: replace(parts, bodies=become(Replacing, parts.bodies)),
    ),
)
