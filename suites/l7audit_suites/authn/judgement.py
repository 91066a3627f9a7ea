"""What an answer to a hostile credential means, judged beside the answer to a good one.

Not being refused is not being accepted: a server that broke, throttled or answered something
else has not let anybody in, and one that says 200 with an error inside has not either.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from l7audit.probe.answer import Answer

_WRONGS = {"error", "errors", "error_code", "error_description", "fault", "exception"}
_RIGHTS = {"ok", "success", "succeeded", "authenticated", "authorized", "authorised"}


class Seen(StrEnum):
    """What happened to a credential."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCLEAR = "unclear"


def judge(answer: Answer, witness: Answer) -> Seen:
    """Whether the caller of `answer` got what the rightful caller of `witness` got.

    A status of 5xx, a 429 and no answer at all say nothing either way.
    """
    status = answer.status
    if status is None or status == 429 or status >= 500:
        return Seen.UNCLEAR
    if answer.ok and alike(answer, witness):
        return Seen.ACCEPTED
    return Seen.REFUSED


def alike(answer: Answer, witness: Answer) -> bool:
    """Whether two 2xx answers are of the same kind: media type, and members of their JSON."""
    if answer.media_type != witness.media_type:
        return False
    ours, theirs = answer.json_or_none(), witness.json_or_none()
    if theirs is None:
        return bool(answer.body) == bool(witness.body)
    if isinstance(theirs, list):
        return isinstance(ours, list)
    if not isinstance(theirs, dict):
        return type(ours) is type(theirs)
    if not isinstance(ours, dict) or _complains(ours, theirs):
        return False
    shared = ours.keys() & theirs.keys()
    return len(shared) * 2 >= len(ours.keys() | theirs.keys())


def _complains(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether one envelope reports a failure where the other reports none."""
    wrong = any(ours.get(name) and not theirs.get(name) for name in _WRONGS)
    not_right = any(ours.get(name) is False and theirs.get(name) is True for name in _RIGHTS)
    return wrong or not_right
