"""Logins that a target holds off after many: waited for where it says for how long, and seldom."""

from __future__ import annotations

import time
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.probe.patience import retry_after
from l7audit.probe.request import Request
from l7audit.target.target_model import TargetModel

LONGEST = 75.0
"""Seconds: limits on logins are mostly of a minute."""

MOST = 2
"""How often that is waited in one process."""

_WAITED: WeakKeyDictionary[TargetModel, int] = WeakKeyDictionary()


def login_answer(check: Check, request: Request, identity: str = "") -> Answer:
    """The answer to a login. Longer than a request is waited for otherwise."""
    answer = check.send(request, identity=identity)
    while (seconds := worth_waiting(check.model, answer)) is not None:
        check.observe(f"A login is held off; it is tried again after {seconds:g} seconds.", answer)
        time.sleep(seconds)
        answer = check.send(request, identity=identity)
    return answer


def worth_waiting(model: TargetModel, answer: Answer) -> float | None:
    """Seconds after which a login that is held off may be tried again; None where it is not, where
    nobody says when, and where enough was waited for."""
    seconds = retry_after(answer.headers) if answer.throttled else None
    waited = _WAITED.get(model, 0)
    if seconds is None or seconds > LONGEST or waited >= MOST:
        return None
    _WAITED[model] = waited + 1
    return max(0.1, seconds)
