"""Planted defects that only requests which nobody wrote bring to light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from l7audit_stack.api.operation import Call, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.defects.answers import Asked, Told, heads, wholes
from l7audit_stack.defects.defect import ASGIApp, Defect
from l7audit_stack.defects.input import swap

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_LARGE, _TOO_LARGE = 512 * 1024, 5 * 1024 * 1024
_LARGEST_PAGE = 100

Pairs = list[tuple[str, str]]


def _other_status(old: int, new: int) -> Callable[[ASGIApp, Parts], ASGIApp]:
    def edit(_: Asked, told: Told, __: Parts) -> Told:
        return replace(told, status=new) if told.status == old else told

    return heads(edit)


async def _closed(_: Call) -> Reply:
    raise Problem(503, "closed", "The search is closed for a while.", headers={"Retry-After": "30"})


def _renamed(asked: Asked, told: Told, _: Parts) -> Told:
    """A member of the caller's own record got another name."""
    if not asked.path.endswith("/me"):
        return told
    return replace(told, body=told.body.replace(b'"role":', b'"rank":'))


def _padded(size: int) -> Callable[[Asked, Told, Parts], Told]:
    """Lists are as long as if nobody had set a largest page."""

    def edit(asked: Asked, told: Told, _: Parts) -> Told:
        listing = asked.method == "GET" and b'"items":[' in told.body
        return replace(told, body=told.body + b" " * size) if listing else told

    return edit


def _query(edit: Callable[[Pairs, Parts], Pairs]) -> Callable[[ASGIApp, Parts], ASGIApp]:
    """A layer in front that changes the parameters of each request."""

    def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
        async def wrapped(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope["query_string"]:
                pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
                scope = {**scope, "query_string": urlencode(edit(pairs, parts)).encode()}
            await app(scope, receive, send)

        return wrapped

    return wrap


def _kindly(pairs: Pairs, _: Parts) -> Pairs:
    """A size of a page that is out of bounds is moved to the nearest one within."""

    def bounded(value: str) -> str:
        try:
            return str(min(_LARGEST_PAGE, max(1, int(value))))
        except ValueError:
            return "20"

    return [(n, bounded(v) if n == "limit" else v) for n, v in pairs]


def _known(pairs: Pairs, parts: Parts) -> Pairs:
    """Parameters that no operation declares are dropped."""
    shapes = [o.query for o in parts.operations if o.query is not None]
    names = {name for shape in shapes for name in shape.__struct_fields__}
    return [(n, v) for n, v in pairs if n in names]


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "fuzz.refusals-are-errors",
        "What does not fit its schema ends in an unexpected error.",
        wrap=_other_status(422, 500),
    ),
    Defect(
        "fuzz.closed-for-a-while",
        "The search says 503 and when to come back.",
        near_miss=True,
        parts=swap.handler("search.run", _closed),
    ),
    Defect(
        "fuzz.answers-of-another-shape",
        "An answer lacks a member that the document promises.",
        wrap=wholes(_renamed),
    ),
    Defect(
        "fuzz.undocumented-refusal",
        "What is not there is refused with a status that the document does not list.",
        near_miss=True,
        wrap=_other_status(404, 410),
    ),
    Defect(
        "fuzz.bounds-unheld",
        "Pages of any size can be asked for, though the document bounds them.",
        wrap=_query(_kindly),
    ),
    Defect(
        "fuzz.ignores-unknown-parameters",
        "Parameters that nobody declared are ignored.",
        near_miss=True,
        wrap=_query(_known),
    ),
    Defect(
        "fuzz.list-without-a-bound",
        "Lists have no largest size.",
        wrap=wholes(_padded(_TOO_LARGE)),
    ),
    Defect(
        "fuzz.large-but-bounded",
        "Lists are long, but not without a bound.",
        near_miss=True,
        wrap=wholes(_padded(_LARGE)),
    ),
)
