"""Instructions stay between an agent and its model: no answer may quote them.

A language model can be talked into repeating what stands before a conversation. So its answer is
compared with the instructions, letter by letter, whatever the prompt was.
"""

from __future__ import annotations

from dataclasses import dataclass, field

WITHHELD = "I can't repeat my instructions."


@dataclass(frozen=True, slots=True)
class Secrecy:
    """`least` letters and digits in a row, whatever stands between them, are a quotation."""

    least: int = 24

    def watch(self, instructions: str) -> Watch:
        """What is to be kept out of one answer. Instructions of a few letters are no secret."""
        text = _plain(instructions)
        size = min(self.least, len(text)) if len(text) >= self.least // 2 else 0
        starts = range(len(text) - size + 1) if size else ()
        return Watch(frozenset(text[at : at + size] for at in starts), size)


@dataclass(slots=True)
class Watch:
    """Follows one answer, whole or in pieces. With a `size` of 0 it lets everything pass."""

    forbidden: frozenset[str] = field(repr=False)
    size: int
    _held: str = field(default="", repr=False)
    _tail: str = field(default="", repr=False)

    def passed(self, piece: str) -> str | None:
        """What may go out now; None as soon as the answer quotes, and then nothing more may.

        The end of what came is held back as long as it may be the beginning of a quotation.
        """
        if not self.size:
            return piece
        text = self._tail + _plain(piece)
        if any(text[at : at + self.size] in self.forbidden for at in range(len(text))):
            return None
        self._tail = text[1 - self.size :]
        self._held += piece
        keep, letters = len(self._held), 0
        while keep and letters < self.size - 1:
            keep -= 1
            letters += len(_plain(self._held[keep]))
        out, self._held = self._held[:keep], self._held[keep:]
        return out

    def rest(self) -> str:
        """What was held back, at the end of the answer."""
        rest, self._held = self._held, ""
        return rest


def _plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
