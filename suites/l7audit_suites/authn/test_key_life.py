"""API keys from their making to their end."""

from __future__ import annotations

import time

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.target.target_model import Surface
from l7audit_suites.authn.judgement import Seen
from l7audit_suites.authn.made_keys import (
    WINDOW,
    MadeKey,
    discard,
    end_fields,
    made_key,
    path_to,
    read_key,
    refused_everywhere,
    revoke,
)

_LIFETIME = 2.0
_OVERLAP = 1.0
_GRACE = 0.1
"""Seconds: how long a key is to live, how long a rotated one is to work on, and when it is asked
for after its end; it may be refused a little later all the same."""

_REFUSAL = "a refusal, as without a credential"


@pytest.mark.control("AUTHN-06")
def test_a_revoked_key_is_refused_everywhere_within_two_seconds(check: Check) -> None:
    with made_key(check) as made:
        check.witness("a new key is accepted everywhere", lambda: _works(made), once=True)
        ended = revoke(check, made)
        if ended is None:
            check.not_applicable("The target's document has no way to revoke a key.")
        if not ended.ok:
            check.inconclusive(f"Its owner could not revoke a key: {ended.status}.")
        late = refused_everywhere(made.ground, made.text, time.monotonic(), "a revoked key")
        check.expect(
            not late,
            check.surface(Kind.KEY_REVOKE).place("revoked API key"),
            f"A revoked key is still accepted after {WINDOW:g} seconds.",
            ended,
            *late,
            expected=_REFUSAL,
            seen="the same answer as before its revocation",
        )


@pytest.mark.control("AUTHN-07")
def test_a_key_is_refused_after_its_end(check: Check) -> None:
    maker = check.surface(Kind.KEY_CREATE)
    lifetime = end_fields(maker.operation.json_schema, _LIFETIME)
    began = time.monotonic()
    with made_key(check, lifetime) as made:
        check.witness("the key works before its end", lambda: made.ground.good, once=True)
        end = began + _LIFETIME
        if lifetime is None:
            successor, _ = _rotated(check, made, _OVERLAP)
            discard(check, successor)
            end = time.monotonic() + _OVERLAP
        time.sleep(max(0.0, end + _GRACE - time.monotonic()))
        late = refused_everywhere(made.ground, made.text, end)
        check.expect(
            not late,
            made.ground.place("API key after its end"),
            "A key is still accepted after the end that was set for it.",
            *late,
            expected=_REFUSAL,
            seen="the same answer as before its end",
        )


@pytest.mark.control("AUTHN-08")
def test_a_key_is_shown_once_and_never_again(check: Check) -> None:
    with made_key(check) as made:
        check.witness("a new key works", lambda: made.ground.ask(made.text), once=True)
        named = 0
        for surface in _showing(check, made):
            answer = check.send(surface.request(auth=made.auth), identity=made.owner.name)
            if not answer.ok or (made.id and made.id not in answer.text):
                check.observe("An answer about keys does not name the new one.", answer)
                continue
            named += 1
            check.expect(
                made.text not in answer.text,
                surface.place("key in the answer"),
                "A key's secret can be read again after it was made.",
                answer,
                expected="a prefix or a hint at most",
                seen="the whole key",
            )
        if not named:
            check.inconclusive("No read of the target shows the key that was made.")


@pytest.mark.control("AUTHN-09")
def test_rotating_a_key_gives_a_new_one_and_ends_the_old_one(check: Check) -> None:
    with made_key(check) as made:
        check.witness("a new key works", lambda: made.ground.ask(made.text), once=True)
        successor, asked = _rotated(check, made, 0)
        try:
            place = made.ground.place("rotated API key")
            check.expect(
                successor.text != made.text,
                place,
                "Rotation answers the key that was there before.",
                successor.answer,
            )
            if not asked:
                check.observe("The rotation takes no wish for its overlap.", successor.answer)
            late = refused_everywhere(made.ground, made.text, time.monotonic())
            if late and not asked:
                check.inconclusive("The old key still works, and nothing says for how long.")
            check.expect(
                not late,
                place,
                "The old key is still accepted after a rotation without overlap.",
                successor.answer,
                *late,
                expected=_REFUSAL,
                seen="the same answer as before the rotation",
            )
        finally:
            discard(check, successor)


def _works(made: MadeKey) -> bool:
    """Whether the key is accepted at every address."""
    answers = [made.ground.ask(made.text, address) for address in made.ground.everywhere()]
    return all(made.ground.seen(answer) is Seen.ACCEPTED for answer in answers)


def _rotated(check: Check, made: MadeKey, overlap: float) -> tuple[MadeKey, bool]:
    """The successor of a key, and whether the overlap could be asked for."""
    surface = next(iter(check.model.surfaces(Kind.KEY_ROTATE, limit=1)), None)
    if surface is None:
        check.not_applicable("The target offers neither an early end of a key nor its rotation.")
    wish = end_fields(surface.operation.json_schema, overlap)
    if wish is None and overlap:
        check.inconclusive("No key can be given an end that is near enough to wait for.")
    answer = check.send(
        surface.request(auth=made.auth, path=path_to(surface, made.answer), fields=wish),
        identity=made.owner.name,
    )
    if not answer.ok:
        check.inconclusive(f"Its owner could not rotate a key: {answer.status}.")
    return read_key(check, answer, surface, made.owner, made.auth), wish is not None


def _showing(check: Check, made: MadeKey) -> list[Surface]:
    """Reads that show keys: the listing, and one key by its id."""
    listings = check.model.surfaces(Kind.KEY_LIST, limit=2)
    templates = {f"{s.operation.template.rstrip('/')}/" for s in listings}
    single = [
        surface.with_values(path_to(surface, made.answer))
        for surface in check.model.surfaces(Kind.RESOURCE_READ, limit=50)
        if surface.operation.template.rpartition("{")[0] in templates and made.id
    ]
    if not listings and not single:
        check.not_applicable("The target's document has no read that shows keys.")
    return [*listings, *single]
