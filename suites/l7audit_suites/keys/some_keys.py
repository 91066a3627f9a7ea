"""Several keys made one after another, to be compared and removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from l7audit.harness.check import Check
from l7audit_suites.authn.leaves import texts
from l7audit_suites.authn.made_keys import MadeKey, discard, made_key

_COUNT = 4


@contextmanager
def some_keys(check: Check) -> Iterator[list[MadeKey]]:
    """Keys of one owner; the first is seen to work. Ends the check where they can't be made."""
    with made_key(check) as first:
        check.witness("a new key works", lambda: first.ground.ask(first.text), once=True)
        member = next(n for n, text in texts(first.answer.json_or_none()) if text == first.text)
        made = [first]
        try:
            while len(made) < _COUNT:
                answer = check.send(
                    first.surface.request(auth=first.auth), identity=first.owner.name
                )
                found = dict(texts(answer.json_or_none())) if answer.ok else {}
                if member not in found:
                    check.inconclusive(f"Its owner could not make another key: {answer.status}.")
                check.probe.redactor.learn(found[member], "api_key")
                made.append(replace(first, text=found[member], answer=answer))
            yield made
        finally:
            for key in made[1:]:
                discard(check, key)


def shown_with(made: MadeKey) -> list[str]:
    """What an answer shows beside the key itself."""
    return [text for _, text in texts(made.answer.json_or_none()) if text != made.text]
