"""Keeps secrets out of everything that is written down: by value, and by shape.

By value: each known secret, plain or with any of its characters percent- or JSON-escaped, and
within any base64 text. By shape: credential headers and members, tokens, private keys. In its
place stands `[redacted:kind:abcd]`; equal secrets give equal tags, by a keyed hash.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from l7audit.journal import R
from l7audit.model import Target
from l7audit.probe import secret_shapes
from l7audit.probe.escapes import swallowable, views
from l7audit.probe.request import Pairs
from l7audit.probe.secret_forms import Forms

SHORTEST = 4
"""Characters; a shorter secret cannot be told from ordinary text and goes by shape alone."""

WINDOW = 16
"""Long needles are found by a piece of this length, so that a search costs one look-up for every
sixteen characters however many secrets are known."""


_NAMES = frozenset({"type", "prev", "check", "control", "fingerprint", "exchanges", "verdict"})
"""Fields of records that are ours, and by which they find each other."""

GIVEN = 64
"""Cookies of a target that are learnt by their value."""

KEPT = 4096
"""Redacted header fields that are kept for the next time they come."""


class Redactor:
    """Knows the secrets of a run; safe for threads. `key` makes tags equal across processes."""

    def __init__(self, secrets: Iterable[str] = (), *, key: bytes = b"") -> None:
        """Without a `key` one is derived from the secrets, so that every process of a run that
        knows the same secrets writes the same tags."""
        listed = [s for s in secrets if s]
        material = key or "\0".join(sorted(listed)).encode()
        self._key = hashlib.blake2b(material, digest_size=32).digest()
        self._lock = threading.Lock()
        self._forms: dict[str, Forms] = {}
        self._short: dict[str, Forms] = {}
        self._rests: dict[str, Forms] = {}
        self._pieces: dict[str, tuple[Forms, ...]] = {}
        self._spaces = False
        self._room = GIVEN
        self._fields: dict[tuple[str, str], tuple[str, str]] = {}
        for secret in listed:
            self.learn(secret)

    @classmethod
    def of(cls, target: Target) -> Redactor:
        """A redactor that knows every secret of the target's identities and its signing key."""
        known = [c.secret for i in target.identities for c in i.credentials]
        if target.mint is not None:
            known.append(target.mint.private_key)
        known.append(urlsplit(target.storage).password or "")
        return _knowing(tuple(known)).copy()

    def copy(self) -> Redactor:
        """Another one that knows the same secrets; what either learns the other does not know."""
        other = Redactor()
        other._key = self._key
        with self._lock:
            other._forms = dict(self._forms)
            other._short = dict(self._short)
            other._rests = dict(self._rests)
            other._pieces = dict(self._pieces)
            other._spaces = self._spaces
        return other

    def learn(self, secret: str, kind: str = "secret") -> None:
        """From now on the secret is written nowhere. Too short ones are ignored."""
        if len(secret) < SHORTEST or secret in self._forms:
            return
        forms = Forms.of(secret, self.tag(kind, secret))
        with self._lock:
            self._fields = {}  # a new one: what is being redacted meanwhile goes into the old
            self._forms[secret] = forms
            self._spaces = self._spaces or " " in secret
            for needle in forms.needles:
                if len(needle) < 2 * WINDOW + 2:
                    self._short[needle] = forms
                    self._rests.update((needle[n:], forms) for n in swallowable(needle))
                    continue
                for start in range(WINDOW + 2):  # a sign before it may have swallowed two
                    piece = needle[start : start + WINDOW]
                    self._pieces[piece] = (*self._pieces.get(piece, ()), forms)

    def tag(self, kind: str, secret: str) -> str:
        """What is written instead of a secret."""
        digest = hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), key=self._key)
        return f"[redacted:{kind}:{digest.hexdigest()[:4]}]"

    def text(self, text: str) -> str:
        """A text without secrets: a body, a URL, an error's sentence."""
        return secret_shapes.in_text(self._by_value(text), self.tag)

    def prose(self, text: str) -> str:
        """A sentence of a check without secrets; that it speaks of a password is none."""
        return secret_shapes.in_prose(self._by_value(text), self.tag)

    def record(self, record: R) -> R:
        """A record of a check without secrets, whatever the check wrote into it."""
        told = msgspec.to_builtins(record)
        said = {k: v if k in _NAMES else self._within(v) for k, v in told.items()}
        return msgspec.convert(said, type(record))

    def _within(self, value: object) -> object:
        if isinstance(value, str):
            return self.prose(value)
        if isinstance(value, dict):
            return {self._within(k): self._within(v) for k, v in value.items()}
        return [self._within(v) for v in value] if isinstance(value, list | tuple) else value

    def header(self, name: str, value: str) -> str:
        """A header's value without secrets; its name decides how much of it is one."""
        if secret_shapes.is_credential_header(name):
            tag = self._given if name.lower() == "set-cookie" else self.tag
            return secret_shapes.in_credential(name, value, tag)
        return secret_shapes.in_text(self._by_value(value), self.tag)

    def _given(self, kind: str, secret: str) -> str:
        """Learns what a target gave us, should it say it again elsewhere; the first few will do."""
        if len(secret) >= WINDOW and self._room:
            self._room -= 1
            self.learn(secret, kind)
        return self.tag(kind, secret)

    def headers(self, pairs: Pairs) -> list[tuple[str, str]]:
        """Header fields without secrets, in order."""
        return [self._field(pair) for pair in pairs]

    def _field(self, pair: tuple[str, str]) -> tuple[str, str]:
        """A header field without secrets. Most fields come again and again, so they are kept."""
        fields = self._fields
        known = fields.get(pair)
        if known is None:
            known = (self._by_value(pair[0]), self.header(*pair))
            if len(fields) < KEPT:
                fields[pair] = known
        return known

    def _by_value(self, text: str) -> str:
        """Every known secret replaced, in whatever reading of the text it shows."""
        with self._lock:
            spans = [
                (*span, forms.tag)
                for view in views(text, spaces=self._spaces)
                for forms in self._hit(view.read, signs="%" in text)
                for needle in forms.needles
                for span in view.spans(needle)
            ]
        if not spans:
            return text
        # Of two that overlap the longer one counts, and what it leaves of the other goes too.
        pieces: list[str] = []
        done = 0
        for start, end, tag in sorted(spans, key=lambda span: (span[0], -span[1])):
            if start >= done:
                pieces += [text[done:start], tag]
            done = max(done, end)
        return "".join(pieces) + text[done:]

    def _hit(self, text: str, *, signs: bool) -> set[Forms]:
        """The secrets that may be in a text: cheap, complete, and seldom wrong. `signs`: percent
        signs may have swallowed their beginnings."""
        found = {forms for needle, forms in self._short.items() if needle in text}
        if signs:
            found |= {forms for rest, forms in self._rests.items() if rest in text}
        for start in range(0, len(text) - WINDOW + 1, WINDOW):
            found.update(self._pieces.get(text[start : start + WINDOW], ()))
        return found


@lru_cache(maxsize=2)
def _knowing(secrets: tuple[str, ...]) -> Redactor:
    """Nobody's own: each variant of a proof has the same secrets, and learning them takes long."""
    return Redactor(secrets)
