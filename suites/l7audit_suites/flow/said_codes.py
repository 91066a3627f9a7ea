"""Codes that a target itself says: in its document's words and examples, and in its answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from l7audit.harness.check import Check
from l7audit.model import Identity, Kind
from l7audit.target import meaning
from l7audit.target.schemas import Schema, properties
from l7audit.target.surface import Surface
from l7audit.target.words import says, words
from l7audit_suites.authn.leaves import texts
from l7audit_suites.authz.things import ask

MOST = 4
_MOST_READS = 3
_CLAIMS = ("coupon", "voucher", "promo", "promotion", "discount", "gift", "code", "offer", "reward")
_QUOTED = re.compile(r"[`'\"\u2018\u201c]([A-Za-z0-9][A-Za-z0-9_-]{3,39})[`'\"\u2019\u201d]")
_CAPITALS = re.compile(r"\b[A-Z][A-Z0-9]*[-_]?[A-Z0-9]+(?:-[A-Z0-9]+){0,4}\b")
_NO_CODES = {
    "JSON", "HTTP", "HTTPS", "UUID", "GUID", "POST", "PATCH", "DELETE", "RFC", "ISO", "UTC", "API",
    "URL", "HTML", "UTF", "ASCII", "NOT", "MUST", "SHOULD", "ONLY", "ONCE", "EUR", "USD", "GBP",
}  # fmt: skip


def said_codes(check: Check, surface: Surface, code: str, who: Identity) -> list[str]:
    """Codes that may be good there, the surest first; `code` is the member that takes one."""
    part = properties(surface.operation.json_schema).get(code, {})
    found = [*_examples(part), *in_words(str(part.get("description", "")), surface.operation.told)]
    found += _in_answers(check, surface, code, who) if len(found) < MOST else []
    return list(dict.fromkeys(found))[:MOST]


def _examples(part: Schema) -> Iterator[str]:
    many = part.get("examples")
    listed = many if isinstance(many, list) else []
    for value in (part.get("const"), part.get("default"), part.get("example"), *listed):
        if isinstance(value, str) and value:
            yield value


def in_words(*told: str) -> Iterator[str]:
    """Words of a description that are written as codes are: quoted, or in capitals."""
    for text in told:
        quoted = [t for t in _QUOTED.findall(text) if any(c.isdigit() or c.isupper() for c in t)]
        loud = [t for t in _CAPITALS.findall(text) if len(t) > 3]
        yield from (t for t in (*quoted, *loud) if t not in _NO_CODES)


def _in_answers(check: Check, surface: Surface, code: str, who: Identity) -> Iterator[str]:
    """Codes in what somebody may read that is called as they are, or is about himself."""
    reads = [
        s
        for kind in (Kind.PROTECTED_READ, Kind.PUBLIC_READ)
        for s in check.model.surfaces(kind, limit=len(check.model.operations))
        if not s.needs_values and _about(s, surface)
    ]
    for read in reads[:_MOST_READS]:
        answer = ask(check, read, who)
        for name, text in texts(answer.json_or_none()) if answer.ok else ():
            claims = meaning.is_claim(name, Schema()) or says(words(name), *_CLAIMS)
            if (name == code or claims) and re.fullmatch(r"[\w-]{4,40}", text):
                yield text


def _about(read: Surface, surface: Surface) -> bool:
    named = words(read.operation.template)
    fixed = [s for s in surface.operation.template.split("/") if s and "{" not in s]
    same = {w for s in fixed for w in words(s) if len(w) > 3} & {*_CLAIMS}
    return says(named, *same, *meaning.ONESELF) if same else says(named, *_CLAIMS, *meaning.ONESELF)
