"""Texts that break a statement of SQL, and the same made whole again: beside one another they tell
whose error it is, whatever the service says of it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from l7audit.probe.answer import Answer

BREAK = "'\""
"""Leaves a quote open, whichever kind a text stands in, and is no number."""

_WHOLE = "SELECT"
_NULL = "SELEKT"
"""No word of SQL: what is whole to a reader of quotes alone is broken to a database."""

MENDS = (
    "'||({s} '')||'",
    "'+({s} '')+'",
    "' AND ({s} '1')='1",
    '"||({s} "")||"',
    "-({s} 0)",
)
"""An empty text or nothing, put to what stands there, as the families of databases write it."""


@dataclass(frozen=True, slots=True)
class Round:
    """The answers to a word, to the word broken, made whole, and made whole by no SQL."""

    plain: Answer
    broken: Answer
    whole: Answer
    null: Answer

    @property
    def answers(self) -> tuple[Answer, ...]:
        return (self.broken, self.whole, self.null)

    @property
    def decides(self) -> bool:
        """Whether nothing but SQL's grammar decided how it was answered."""
        plain, broken = shape(self.plain), shape(self.broken)
        return plain == shape(self.whole) != broken and shape(self.null) != plain


def shape(answer: Answer) -> tuple[object, ...]:
    """What kind of answer it is: its status, and the names of its members."""
    body = answer.json_or_none()
    names = tuple(sorted(body)) if isinstance(body, dict) else (type(body).__name__,)
    return answer.status, answer.media_type, names


def suspicious(plain: Answer, broken: Answer) -> bool:
    """Whether a quote changed how a text is answered, so that it is worth to be asked again."""
    said = plain.status, broken.status
    return None not in said and 429 not in said and shape(plain) != shape(broken)


def rounds(ask: Callable[[str], Answer], word: Callable[[], str]) -> tuple[Round, ...]:
    """Two rounds that both say that a statement was broken and mended; empty where none do."""
    text = word()
    plain, broken = ask(text), ask(text + BREAK)
    if not suspicious(plain, broken):
        return ()
    for form in MENDS:
        whole = ask(text + form.format(s=_WHOLE))
        if shape(whole) != shape(plain):
            continue
        first = Round(plain, broken, whole, ask(text + form.format(s=_NULL)))
        if first.decides and (second := _round(ask, word(), form)).decides:
            return first, second
    return ()


def _round(ask: Callable[[str], Answer], text: str, form: str) -> Round:
    tried = ("", BREAK, form.format(s=_WHOLE), form.format(s=_NULL))
    return Round(*(ask(text + added) for added in tried))
