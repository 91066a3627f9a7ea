"""Strict-Transport-Security as browsers read it (RFC 6797 section 6.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

YEAR = 31_536_000
"""Seconds; the least that ASVS v5.0.0-3.4.1 accepts. Two years are recommended."""

_DIRECTIVE = re.compile(
    r'(?P<name>[!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*(=\s*("(?P<quoted>[^"]*)"|(?P<plain>[^\s";]+)))?'
)


@dataclass(frozen=True, slots=True)
class Policy:
    """`max_age` is seconds."""

    max_age: int
    sub_domains: bool
    preload: bool


def parse(text: str) -> Policy | None:
    """The policy of one field, or None where browsers ignore it.

    Names have no case and come once; values may be quoted; unknown directives are skipped.
    """
    seen: dict[str, str] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        match = _DIRECTIVE.fullmatch(part.strip())
        if match is None or match["name"].lower() in seen:
            return None
        seen[match["name"].lower()] = match["quoted"] or match["plain"] or ""
    age = seen.get("max-age", "")
    if not re.fullmatch(r"[0-9]{1,18}", age):
        return None
    return Policy(int(age), "includesubdomains" in seen, "preload" in seen)


def fault(values: Sequence[str]) -> str:
    """What is wrong with an answer's fields, as a sentence; empty where nothing is."""
    if not values:
        return "Browsers are not told to stay with TLS."
    policy = parse(values[0])  # browsers take the first and ignore the others
    if policy is None:
        return "Browsers ignore the Strict-Transport-Security header: it does not parse."
    if policy.max_age < YEAR:
        return f"Browsers stay with TLS for {policy.max_age} seconds only, which is under a year."
    return ""
