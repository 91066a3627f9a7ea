"""Who may keep an answer, and hand it out again: Cache-Control (RFC 9111 section 5.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DIRECTIVE = re.compile(
    r"\s*(?P<name>[!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*"
    r'(=\s*("(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"]*)))?\s*(?:,|$)'
)


def parse(values: Sequence[str]) -> dict[str, str]:
    """Directives by name in lower case; one without an argument has an empty one.

    A comma inside quotes separates nothing. What does not parse is skipped to the next comma,
    as caches do. Of two alike the first counts.
    """
    text = ",".join(values)
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _DIRECTIVE.match(text, position)
        if match is None:
            comma = text.find(",", position)
            position = len(text) if comma < 0 else comma + 1
            continue
        argument = match["quoted"] if match["quoted"] is not None else match["plain"]
        found.setdefault(match["name"].lower(), argument or "")
        position = match.end()
    return found


def personal_fault(values: Sequence[str]) -> str:
    """Why an answer for one caller could be handed to another one; empty where it cannot.

    A field's name beside `private` or `no-cache` covers that field only, so it does not count.
    """
    found = parse(values)
    if not found:
        return "Nothing keeps shared caches from storing the answer (no Cache-Control)."
    if "no-store" in found or found.get("private") == "":
        return ""
    if "public" in found:
        return "Shared caches may store the answer: Cache-Control says public."
    if "s-maxage" in found and found["s-maxage"] != "0":
        return "Shared caches may hand the answer out again: Cache-Control has s-maxage."
    if found.get("no-cache") == "":
        return ""  # it may be kept, but never reused without asking
    if "max-age" in found and found["max-age"] == "0" and _asks_again(found):
        return ""
    return "Cache-Control has neither no-store nor private, so shared caches may reuse the answer."


def _asks_again(found: dict[str, str]) -> bool:
    return "must-revalidate" in found or "proxy-revalidate" in found


def secret_fault(values: Sequence[str]) -> str:
    """Why an answer that hands out a credential could stay in some cache; empty if it cannot."""
    if "no-store" in parse(values):
        return ""
    return "The answer hands out a credential and may be stored: Cache-Control has no no-store."
