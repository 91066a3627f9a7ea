"""What an answer to a hostile credential means, judged beside the answer to a good one.

Not being refused is not being accepted: a server that broke, throttled or answered something
else has not let anybody in, and one that says 200 with an error inside has not either.
"""

from __future__ import annotations

from enum import StrEnum

from l7audit.probe.answer import Answer
from l7audit.target.likeness import alike


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
