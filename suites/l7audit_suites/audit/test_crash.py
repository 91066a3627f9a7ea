"""Whether the log holds what was answered, when the component that answered is gone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.audit.forgery import truths
from l7audit_suites.audit.trail import Trail, new_key, signed_in, trail, wrong_key
from l7audit_suites.authn.ground import holders, key_ground
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask

_TIMES = 3
_BACK_WITHIN = 15.0
_PAUSE = 0.05
_REFUSED = (401, 403, 404)


@pytest.mark.control("AUDIT-11")
def test_what_was_answered_is_in_the_log_after_a_crash(check: Check) -> None:
    log = trail(check, canaries=(wrong_key, signed_in, new_key))
    url = next((c.url for c in check.target.components), "")
    whole = _word(check)
    deeds = list(_deeds(check, log))
    with check.fault(url) as fault:
        answers = check.burst([replace(r, base_url=url) for _, r in deeds], len(deeds))
        took = fault.kill()
    _await_return(check, log)
    check.observe(f"A component was killed, which took {1000 * took:.0f} ms.")
    seen = [(w, a) for (w, _), a in zip(deeds, answers, strict=True) if a.status in _REFUSED]
    if not seen:
        check.inconclusive("Nothing that is recorded was answered before the crash.")
    lacking = {answer.exchange for answer in log.lacks([answer for _, answer in seen])}
    lost = [(what, answer) for what, answer in seen if answer.exchange in lacking]
    check.expect(
        not lost,
        log.place("crash after the answer"),
        "What was answered right before a crash is not in the audit log: "
        f"{', '.join(sorted({what for what, _ in lost}))}.",
        *[answer for _, answer in lost[:3]],
        expected="the record of each, written before its answer",
        seen=f"{len(seen) - len(lost)} of {len(seen)} records",
    )
    if whole is not None:
        check.expect(
            _word(check) == whole,
            log.place("log after a crash"),
            "After a crash the log is not called whole any more.",
            expected="the answer of before",
        )


def _deeds(check: Check, log: Trail) -> Iterator[tuple[str, Request]]:
    """What is refused and recorded, as requests: with dead keys, without a right, by wrong
    passwords."""
    if holders(check, ("api_key",)):
        ground = key_ground(check)
        for _ in range(_TIMES):
            wrong = f"{check.random.getrandbits(1024):0256x}"[: len(ground.credential) - 4]
            yield "a refused key", ground.request(ground.credential[:4] + wrong)
    ordinary, _ = by_role(check.identities, admin_roles(check))
    for identity in ordinary[:1]:
        auth = check.sessions.auth(identity, log.surface)
        yield "an access without the right", log.surface.request(auth=auth)
    for surface in check.model.surfaces(Kind.LOGIN, limit=1):
        for name in _accounts(check)[:1]:
            password = f"{check.random.getrandbits(96):024x}"
            yield "a failed login", check.sessions.login_request(surface, name, password)


def _accounts(check: Check) -> list[str]:
    found = [i.credential("password") for i in holders(check, ("password",))]
    return [credential.name for credential in found if credential is not None]


def _word(check: Check) -> Mapping[str, bool] | None:
    """What the target says of its log's wholeness; None where it says nothing."""
    ordinary, powerful = by_role(check.identities, admin_roles(check))
    for surface in check.model.surfaces(Kind.AUDIT_VERIFY, limit=1):
        for who in (*powerful, *ordinary):
            answer: Answer = ask(check, surface, who)
            if answer.ok:
                return truths(answer.json_or_none())
    return None


def _await_return(check: Check, log: Trail) -> None:
    """Until the log can be read again: a balancer may still think that nobody is there."""
    deadline = time.monotonic() + _BACK_WITHIN
    while not ask(check, log.surface, log.readers[0]).ok:
        if time.monotonic() > deadline:
            check.inconclusive(f"The target did not come back within {_BACK_WITHIN:g} seconds.")
        time.sleep(_PAUSE)
