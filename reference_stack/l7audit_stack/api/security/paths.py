"""Canonical paths: one spelling a resource, everything else is refused, never rewritten."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from l7audit_stack.api.problems import Problem

_PLAIN = re.compile(rb"/(?:[A-Za-z0-9_~!$&'()*+,;=:@.-]|/|%[0-9A-Fa-f]{2})*\Z")
_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_NEVER = frozenset(b"/\\%") | frozenset(range(0x20)) | {0x7F}


def _refused(why: str) -> Problem:
    return Problem(400, "path-not-canonical", f"The path {why}.")


@dataclass(frozen=True)
class PathRule:
    """Says no to every path that some component could read in another way."""

    max_bytes: int = 2048

    def check(self, raw: bytes) -> None:
        """Raise a problem unless `raw` (the path as sent, without its query) is canonical."""
        if len(raw) > self.max_bytes:
            raise Problem(414, "path-too-long", f"A path has at most {self.max_bytes} bytes.")
        if not _PLAIN.match(raw):
            raise _refused("has characters that a path must encode")
        for match in _ENCODED.finditer(raw):
            byte = int(match.group(1), 16)
            if byte in _NEVER:
                raise _refused("encodes a character that it must not hold")
            if byte in _UNRESERVED:
                raise _refused("encodes a character that needs no encoding")
        if b"//" in raw:
            raise _refused("has an empty segment")
        if any(segment in (b".", b"..") for segment in raw.split(b"/")):
            raise _refused("has a dot segment")

    def decode(self, segment: str) -> str:
        """A path parameter's value; raises a problem unless it is UTF-8."""
        if "%" not in segment:
            return segment
        try:
            return unquote_to_bytes(segment).decode("utf-8")
        except UnicodeDecodeError as error:
            raise _refused("is not UTF-8") from error
