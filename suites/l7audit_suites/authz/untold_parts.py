"""Parts of people's entries that no document tells of and a console of the staff's may use:
`/customers/{id}/credit`, for what an account shows of its owner and he may not set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from l7audit.harness.check import Check
from l7audit.model import Identity, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target.persons import PERSON, facts_of
from l7audit.target.surface import Surface
from l7audit.target.words import says, words
from l7audit_suites.authz.power import accounts_of

_OF_WORTH = ("credit", "balance", "discount", "limit", "quota", "allowance", "wallet", "point")
_UNITS = ("percent", "cent", "amount", "total", "value", "pct", "euro", "minor", "current")
_NAME = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|\b[a-z]+(?:[A-Z][a-z]+)+\b|\bamount\b|\bvalue\b")
_SLOT = re.compile(r"\{[^{}]*\}")
_STEP = 3
"""By how much something grows: no other check does that."""
_INVALID = {400, 422}
_MOST_PLACES = 2
_MOST_PARTS = 2


@dataclass(frozen=True, slots=True)
class _Account:
    """Somebody's own entry, as `look` shows it."""

    check: Check
    one: Identity
    look: Surface

    def held(self, name: str) -> Any:
        body = self.check.send(
            self.look.request(auth=self.check.sessions.auth(self.one, self.look)),
            identity=self.one.name,
        ).json_or_none()
        return dict(_numbers(body)).get(name)

    def send(self, method: str, path: str, given: dict[str, Any]) -> Answer:
        request = Request(
            method, path, (("Accept", "application/json"),), json.dumps(given).encode()
        ).with_headers({"Content-Type": "application/json"})
        auth = self.check.sessions.auth(self.one, self.look)
        return self.check.send(request.with_auth(auth), identity=self.one.name)


def _numbers(body: Any) -> Iterator[tuple[str, int]]:
    for node in (body, *(body.values() if isinstance(body, dict) else ())):
        if isinstance(node, dict):
            for name, item in node.items():
                if isinstance(item, int) and not isinstance(item, bool):
                    yield str(name), item


def untold_parts_are_closed(check: Check, one: Identity) -> int:
    """Expects that nobody sets such a part of his own entry; how many were there to be tried."""
    found = next(accounts_of(check, one), None)
    person = facts_of(check.sessions, one).person[:1]
    if found is None or not person:
        return 0
    look, shown, _ = found
    account, looked = _Account(check, one, look), 0
    valued = [n for n, _ in _numbers(shown.json_or_none()) if says(words(n), *_OF_WORTH)]
    for collection in _entries(check):
        for name in valued[:_MOST_PARTS]:
            template = f"{collection}/{{id}}/{part_of(name)}"
            if not _told(check, template):
                looked += _set(account, template, person[0], name)
    return looked


def _told(check: Check, template: str) -> bool:
    shape = _SLOT.sub("{}", template)
    return any(_SLOT.sub("{}", o.template.rstrip("/")) == shape for o in check.model.operations)


def part_of(name: str) -> str:
    """What a part is called whose member has that name: without its unit."""
    told = [w for w in words(name) if w not in _UNITS]
    return "-".join(told) or name


def _entries(check: Check) -> list[str]:
    """Collections of people, those that can be listed first."""
    listed = {o.template.rstrip("/") for o in check.model.operations if o.method == "GET"}
    found = {o.template.partition("/{")[0].rstrip("/") for o in check.model.operations}
    people = [t for t in found if says(words(t.rpartition("/")[2]), *PERSON)]
    return sorted(people, key=lambda t: (t not in listed, len(t), t))[:_MOST_PLACES]


def _set(account: _Account, template: str, person: str, name: str) -> int:
    """Whether a part is there, and whether he can make his own more."""
    check = account.check
    path = check.model.prefix + template.replace("{id}", quote(person, safe=""))
    before = account.held(name)
    if before is None:
        return 0
    method, given = "PUT", {name: before + _STEP}
    answer = account.send(method, path, given)
    if answer.status == 405:
        method, given = "POST", {name: _STEP}
        answer = account.send(method, path, given)
    if answer.status in {404, 405} or answer.refused or answer.status is None:
        return 0
    wanted = "" if answer.ok else _asked_for(account, method, path, answer, name)
    if wanted:
        given = {wanted: _STEP}
        answer = account.send(method, path, given)
    after = account.held(name) if answer.ok else before
    # A route that is asked to add adds; one that is asked to set sets.
    risen = after != before and after in {before + _STEP, _STEP}
    check.expect(
        not risen,
        Place(operation=f"{method} {template}", part=f"body {next(iter(given))}"),
        f"A {account.one.role} sets what his own account has as {name}, by a route that is in no "
        "document.",
        answer,
        expected="403 or 404, and the account as it was",
        seen=f"{answer.status}, and the account has {after} instead of {before}",
    )
    if risen:
        adds = method == "POST" and after == before + _STEP
        back = {wanted or name: -_STEP if adds else before}
        if not account.send(method, path, back).ok:
            check.observe("What was raised could not be lowered again.", answer)
    return 1


def _asked_for(account: _Account, method: str, path: str, answer: Answer, name: str) -> str:
    """The member that a refusal of the input asks for; empty where it names none."""
    if answer.status not in _INVALID:
        return ""
    return _named(answer, name) or _named(account.send(method, path, {}), name)


def _named(refusal: Answer, name: str) -> str:
    if refusal.status not in _INVALID:
        return ""
    found = (str(n) for n in _NAME.findall(refusal.text) if n != name)
    amounts = (n for n in found if says(words(n), *_OF_WORTH, "amount", "value", "cent"))
    return next(amounts, "")
