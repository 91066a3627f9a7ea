"""What a record says, what it must not say, and who gets at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec
import pytest

from l7audit.harness.check import Check
from l7audit.model import Identity
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit_suites.audit.forgery import changed_copy, identifier, instant, names_forger
from l7audit_suites.audit.records import Record, flat, marked, marks, missing, moment
from l7audit_suites.audit.trail import Trail, attempt, new_key, signed_in, trail, wrong_key
from l7audit_suites.authn.leaves import texts
from l7audit_suites.authn.made_keys import made_key, revoke
from l7audit_suites.authz.people import admin_roles, by_role
from l7audit_suites.authz.things import ask

_SKEW = 60.0
"""Seconds that a record's time may differ from that of the answer."""


@pytest.mark.control("AUDIT-05")
def test_a_record_says_who_did_what_when_and_how_it_ended(check: Check) -> None:
    log = trail(check, canaries=(new_key, wrong_key, signed_in), named=False)
    for canary, what in ((new_key, "key made"), (wrong_key, "refusal"), (signed_in, "login")):
        answer = canary(check)
        records = log.of(answer) if answer is not None else []
        if answer is None:
            continue
        if not records and what == "key made":
            records = log.telling_of(answer)
            if records:
                check.expect(
                    False,
                    log.place("request id"),
                    "No record names the request that it is of by the id that the answer carries.",
                    answer,
                    expected="the id of the answer's header",
                    seen=f"the members {', '.join(flat(records[0]))}",
                )
        if not records:
            continue
        record = records[0]
        absent = missing(record)
        sent, told = instant(answer.headers.get("Date")), moment(record)
        if told is None or (sent is not None and abs(told - sent) > _SKEW):
            absent.append("when")
        if what == "key made" and not log.names_made(answer, record):
            absent.append("to what")
        check.expect(
            not absent,
            log.place(f"record of {what}"),
            f"A record does not say: {', '.join(absent)}.",
            answer,
            expected="who did what to what, when, and how it ended",
            seen=f"the members {', '.join(flat(record))}",
        )


@pytest.mark.control("AUDIT-06")
def test_no_secret_is_in_the_log(check: Check) -> None:
    log = trail(check, canaries=(new_key, wrong_key))
    secrets: dict[str, str] = {}
    for identity in check.identities:
        for credential in identity.credentials:
            secrets.setdefault(credential.secret, f"a {credential.kind.replace('_', ' ')}")
    done: list[Answer] = []
    for right in (False, True):
        answer = attempt(check, right=right)
        if answer is not None:
            done.append(answer)
            tried = msgspec.json.decode(answer.request.content) if answer.request.content else {}
            # The name of an account is no secret: of the texts sent only the other counts.
            names = {c.name for i in check.identities for c in i.credentials}
            sent = {text for _, text in texts(tried)}
            secrets.update({t: "a password" for t in sent if t not in names and len(t) > 7})
            body = answer.json_or_none()
            if answer.ok and _object(body):
                secrets.update({v: "a token" for v in body.values() if _long(v)})
    with made_key(check) as made:
        secrets[made.text] = "an API key"
        done += [a for a in (made.answer, revoke(check, made), wrong_key(check)) if a is not None]
    seen = [r for a in done for r in log.of(a, within=1.0)]
    pages = [p for reader in log.readers for p in log.pages(reader)]
    text = msgspec.json.encode([seen, pages]).decode()
    found = sorted({kind for secret, kind in secrets.items() if secret in text})
    check.expect(
        not found,
        log.place("secret in a record"),
        f"The audit log holds {', '.join(found)}.",
        *done[:3],
        expected="names and ids of credentials at most",
        seen="the secret itself",
    )


def _object(value: object) -> bool:
    return isinstance(value, dict)


def _long(value: object) -> bool:
    return isinstance(value, str) and len(value) > 20


@pytest.mark.control("AUDIT-07")
def test_the_log_is_shown_to_nobody_else(check: Check) -> None:
    log = trail(check, canaries=(new_key, signed_in))
    ordinary, _ = by_role(check.identities, admin_roles(check))
    answer = new_key(check, by=_watched(ordinary)) or signed_in(check)
    records = log.of(answer) if answer is not None else []
    if answer is None or not records:
        check.inconclusive("What was done for the check is not in the log.")
    wanted = marks(answer.headers.pairs, log.usual)
    owner = next((i for i in check.identities if i.name == _doer(answer, check)), None)
    for name, shown in _looks(log, ordinary, owner):
        told = marked(_listed(shown), wanted) if shown.ok else []
        check.expect(
            not told,
            log.place(f"read by {name}"),
            f"The audit log shows a record to {name}.",
            answer,
            shown,
            expected="a refusal, or a log without it",
            seen="the record of what somebody else did",
        )


def _watched(ordinary: Sequence[Identity]) -> list[Identity]:
    """Those whose deeds somebody ordinary of their own tenant might be shown: another tenant's log
    is another matter."""
    tenants = Counter(i.tenant for i in ordinary)
    return [i for i in ordinary if tenants[i.tenant] > 1]


def _doer(answer: Answer, check: Check) -> str:
    """Whose credential a request carries."""
    values = {value for _, value in answer.request.headers}
    for identity in check.identities:
        if any(auth.value in values for auth in check.sessions.ways(identity)):
            return identity.name
    return ""


def _looks(
    log: Trail, ordinary: list[Identity], owner: Identity | None
) -> Iterator[tuple[str, Answer]]:
    check = log.check
    yield "somebody without a credential", check.send(log.surface.request())
    for identity in ordinary:
        if owner is None or identity.name != owner.name:
            yield f"an ordinary {identity.role}", ask(check, log.surface, identity)
    for identity in log.readers:
        if owner is not None and owner.tenant and identity.tenant:
            alike = [i for i in log.readers if i.role == identity.role]
            if identity.tenant != owner.tenant and any(i.tenant == owner.tenant for i in alike):
                yield "another tenant's reader", ask(check, log.surface, identity)


def _listed(answer: Answer) -> list[Record]:
    body = answer.json_or_none()
    lists = [v for v in body.values() if isinstance(v, list)] if isinstance(body, dict) else [body]
    return [r for found in lists if isinstance(found, list) for r in found if isinstance(r, dict)]


@pytest.mark.control("AUDIT-08")
def test_no_request_writes_changes_or_removes_a_record(check: Check) -> None:
    log = trail(check, canaries=(new_key, wrong_key, signed_in))
    answer = new_key(check) or wrong_key(check) or signed_in(check)
    record = next(iter(log.of(answer)), None) if answer is not None else None
    if answer is None or record is None:
        check.inconclusive("What was done for the check is not in the log.")
    for reader in log.readers:
        base = log.surface.request(auth=check.sessions.auth(reader, log.surface))
        path, forged = base.path.partition("?")[0].rstrip("/"), changed_copy(record)
        body = msgspec.json.encode(forged)
        item = f"{path}/{identifier(record)}"
        for method, where in (
            ("POST", path), ("PUT", item), ("PATCH", item), ("DELETE", item),
        ):  # fmt: skip
            tried = check.send(_written(base, method, where, body), identity=reader.name)
            after = log.of(answer, within=0.0)
            check.expect(
                record in after and not any(names_forger(r) for r in after),
                log.place(f"{method} a record"),
                f"A {method} request changes what the audit log says.",
                answer,
                tried,
                expected="the record as it was, and no other",
                seen="the record changed, gone, or a forged one beside it",
            )


def _written(base: Request, method: str, path: str, body: bytes) -> Request:
    if method == "DELETE":
        return replace(base, method=method, path=path)
    sent = base.with_headers({"Content-Type": "application/json"})
    return replace(sent, method=method, path=path, content=body)
