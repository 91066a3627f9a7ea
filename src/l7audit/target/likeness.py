"""Whether two answers are of the same kind: what shows that a stranger got what a member gets."""

from __future__ import annotations

from typing import Any

from l7audit.probe.answer import Answer

_WRONGS = {"error", "errors", "error_code", "error_description", "fault", "exception"}
_RIGHTS = {"ok", "success", "succeeded", "authenticated", "authorized", "authorised"}


def alike(answer: Answer, witness: Answer) -> bool:
    """Whether two 2xx answers are of the same kind: media type, and members of their JSON.

    One that lists nothing, or holds nothing, is not of the kind of one that does.
    """
    if answer.media_type != witness.media_type:
        return False
    ours, theirs = answer.json_or_none(), witness.json_or_none()
    if theirs is None:
        return bool(answer.body) == bool(witness.body)
    if hollow(ours) and not hollow(theirs):
        return False
    if isinstance(theirs, list):
        return isinstance(ours, list)
    if not isinstance(theirs, dict):
        return type(ours) is type(theirs)
    if not isinstance(ours, dict) or _complains(ours, theirs):
        return False
    shared = ours.keys() & theirs.keys()
    return len(shared) * 2 >= len(ours.keys() | theirs.keys())


def hollow(value: Any) -> bool:
    """Whether a JSON value holds nothing of anybody: it is empty, or a page without an item.

    Counts beside an empty list are no content of anybody's.
    """
    if isinstance(value, dict):
        lists = [v for v in value.values() if isinstance(v, list)]
        rest = [v for v in value.values() if not isinstance(v, list)]
        counts = all(v is None or v == "" or isinstance(v, int | float) for v in rest)
        return not value or (counts and all(not v for v in lists) and bool(lists or not any(rest)))
    return value is None or value == "" or value == []


def says_nothing(answer: Answer) -> bool:
    """Whether an answer holds nothing of anybody, as `hollow` means it."""
    value = answer.json_or_none()
    return hollow(value) if value is not None else not answer.body.strip() or answer.text == "null"


def _complains(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether one envelope reports a failure where the other reports none."""
    wrong = any(ours.get(name) and not theirs.get(name) for name in _WRONGS)
    not_right = any(ours.get(name) is False and theirs.get(name) is True for name in _RIGHTS)
    return wrong or not_right
