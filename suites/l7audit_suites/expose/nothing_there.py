"""What a target answers for what is not there, so that an answer for something can be told from it.

Some answer 404, some a page of 200 for everything: only another meaning than for a random name of
the same place says that something is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target.target_model import TargetModel
from l7audit_suites.input.ground import CONCURRENCY, ask_all
from l7audit_suites.input.likeness import same

_NOT_THERE = {401, 403, 404, 405, 410}
_NOTHING: WeakKeyDictionary[TargetModel, set[tuple[str, Auth]]] = WeakKeyDictionary()
"""What was asked for in this process, and by whom, and is not there for him."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A name below a folder of the target, and what was answered for it."""

    folder: str
    name: str
    answer: Answer = field(repr=False)

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}"


def there(
    check: Check, folders: Sequence[str], names: Sequence[str], auth: Auth, *, patient: bool = True
) -> Iterator[Asked]:
    """Names that are answered with success and otherwise than random ones in the same folder.

    Where any is, two random names are asked for, each with and without an ending: a folder in which
    they are answered differently from one another is left out. What was no success for the same
    caller is not asked for again by the checks of one process. Without patience what a limit kept
    from being answered is left out.
    """
    known = _NOTHING.setdefault(check.model, set())
    for folder in folders:
        waiting = [name for name in names if (f"{folder}/{name}", auth) not in known]
        requests = [_request(f"{folder}/{name}", auth) for name in waiting]
        asked = ask_all(check, requests) if patient else _until_held_back(check, requests)
        answers = list(zip(waiting, asked, strict=False))
        known.update((f"{folder}/{name}", auth) for name, a in answers if a.status in _NOT_THERE)
        answered = [(name, answer) for name, answer in answers if answer.ok]
        absent = _absent(check, folder, auth) if answered else None
        for name, answer in answered if absent is not None else ():
            if not any(_alike(answer, other) for other in absent or ()):
                yield Asked(folder, name, answer)


def _until_held_back(check: Check, requests: Sequence[Request]) -> list[Answer]:
    """The answers up to those that a limit kept from being any: all after them would be, too."""
    answers: list[Answer] = []
    while len(answers) < len(requests) and not any(a.throttled for a in answers):
        answers += check.burst(requests[len(answers) : len(answers) + CONCURRENCY], CONCURRENCY)
    return answers


def _absent(check: Check, folder: str, auth: Auth) -> list[Answer] | None:
    """Answers for what is not there; None where they have nothing in common."""
    names = [f"l7audit{check.random.randrange(16**8):08x}" for _ in range(2)]
    asked = [f"{folder}/{n}{ending}" for ending in ("", ".json") for n in names]
    answers = ask_all(check, [_request(path, auth) for path in asked])
    if any(a.status is None for a in answers):
        return None
    pairs = (answers[:2], answers[2:])
    if any(one.ok and other.ok and not _alike(one, other) for one, other in pairs):
        check.observe(f"Random names in {folder or '/'} are answered differently.", *answers[:2])
        return None
    return answers


def _alike(one: Answer, other: Answer) -> bool:
    """Whether two answers say the same, whatever the path that they repeat."""
    if one.media_type != other.media_type:
        return False
    sent = [part for a in (one, other) for part in (a.request.path, *a.request.path.split("/"))]
    return same(one, other, [part for part in sent if len(part) > 1])


def _request(path: str, auth: Auth) -> Request:
    return Request("GET", path, (("Accept", "*/*"),)).with_auth(auth)
