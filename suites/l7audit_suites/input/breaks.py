"""Texts that break a statement of SQL, and the same made whole again: beside one another they tell
whose error it is, whatever the service says of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from l7audit.probe.answer import Answer

BREAK = "'\""
"""Leaves a quote open, whichever kind a text stands in, and is no number."""

CLOSED = "''\"\""
"""Quotes doubled, as every database writes one within a text: whole, whichever kind it is in."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_WHOLE = "SELECT"
_NULL = "SELEKT"
"""No word of SQL: what is whole to a reader of quotes alone is broken to a database."""

MENDS = (
    "'||({s} '')||'",
    "'+({s} '')+'",
    "' AND ({s} '1')='1",
    '"||({s} "")||"',
)
"""An empty text or nothing, put to what stands there, as the families of databases write it."""

OF_NUMBERS = ("-({s} 0)", "' AND ({s} '1')='1")
"""Those that leave a number a number, without quotes and within them."""


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


def rounds(
    ask: Callable[[str], Answer],
    word: Callable[[], str],
    known: tuple[str, Answer] | None = None,
) -> tuple[Round, ...]:
    """Two rounds that both say that a statement was broken and mended; empty where none do.

    `known`: a text of that kind that was asked already, with its answer.
    """
    text = known[0] if known else word()
    plain = known[1] if known else ask(text)
    # What is no number is mostly refused as such: then nothing was broken, and nothing is mended.
    broken = None if _NUMBER.fullmatch(text) else ask(text + BREAK)
    if broken is not None and not suspicious(plain, broken):
        return ()
    for form in _fitting(text, lambda closed: shape(ask(closed)) == shape(plain)):
        whole = ask(text + form.format(s=_WHOLE))
        if shape(whole) != shape(plain):
            continue
        broken = broken if broken is not None else ask(text + BREAK)
        if not suspicious(plain, broken):
            return ()
        first = Round(plain, broken, whole, ask(text + form.format(s=_NULL)))
        if first.decides and (second := _round(ask, word(), form)).decides:
            return first, second
    return ()


def _fitting(text: str, usual: Callable[[str], bool]) -> tuple[str, ...]:
    """The mends that are worth trying. Where quotes that are closed are not answered as `usual`,
    nothing puts a text into quotes; a number may stand without them, and what has some digits may
    be compared with what must have its form."""
    if _NUMBER.fullmatch(text):
        return OF_NUMBERS
    if usual(text + CLOSED):
        return MENDS
    return OF_NUMBERS[1:] if re.search(r"\d", text) else ()


def _round(ask: Callable[[str], Answer], text: str, form: str) -> Round:
    tried = ("", BREAK, form.format(s=_WHOLE), form.format(s=_NULL))
    return Round(*(ask(text + added) for added in tried))
