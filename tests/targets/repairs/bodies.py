"""What is sent, read and held to what is expected. What is wrong raises 400 or 422."""

import unicodedata
from collections.abc import Mapping

from flask import Request
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType


def members(request: Request) -> dict[str, object]:
    """A JSON object."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send application/json")
    try:
        sent = request.get_json()
    except RecursionError as e:
        raise BadRequest("The body is nested too deeply") from e
    if not isinstance(sent, dict):
        raise UnprocessableEntity("Send a JSON object")
    return sent


def only(sent: Mapping[str, object], *names: str) -> None:
    """Refuses members that are not known."""
    if set(sent) - set(names):
        raise UnprocessableEntity(f"Only {', '.join(names)} can be sent")


def text(sent: Mapping[str, object], name: str, longest: int, default: str | None = None) -> str:
    """A text without control characters."""
    value = sent.get(name, default)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise UnprocessableEntity(f"{name} is a text of at most {longest} characters")
    if any(c not in "\n\t" and unicodedata.category(c) in {"Cc", "Cs"} for c in value):
        raise UnprocessableEntity(f"{name} holds characters that cannot be shown")
    return value


def number(given: object, name: str, low: int, high: int) -> int:
    """A whole number, from JSON or a query."""
    if isinstance(given, str) and given.isascii() and given.isdecimal() and len(given) < 19:
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
        raise UnprocessableEntity(f"{name} is a whole number from {low} to {high}")
    return given
