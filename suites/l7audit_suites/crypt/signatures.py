"""What callers of webhooks show that they know a secret by: signatures as they are commonly made,
or the secret itself. Pure."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Iterator

_HASHES = ("sha256", "sha1", "sha512")
_PIECES = re.compile(r"[^,;=\s]+")
_MOMENT = re.compile(r"\d{9,19}")
_LONGEST_ID = 80


def proves(secret: str, headers: Iterable[tuple[str, str]], body: bytes) -> bool:
    """Whether a header holds the secret, or a keyed hash by it of the body: alone, or together with
    a moment and an id that other headers tell (Stripe's, Slack's and the Standard Webhooks' ways).
    """
    listed = list(headers)
    told = [value for _, value in listed]
    if any(secret in value for value in told):
        return True
    pieces = {piece for value in told for piece in _PIECES.findall(value)}
    moments = sorted(piece for piece in pieces if _MOMENT.fullmatch(piece))
    ids = [value for name, value in listed if name.endswith("id") and len(value) <= _LONGEST_ID]
    whole = "\n".join(told)
    return any(
        form in whole
        for key in _keys(secret)
        for message in _messages(body, moments, ids)
        for hashed in _HASHES
        for form in _forms(hmac.digest(key, message, hashed))
    )


def _keys(secret: str) -> Iterator[bytes]:
    yield secret.encode()
    try:
        yield base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (ValueError, binascii.Error):
        return


def _messages(body: bytes, moments: Iterable[str], ids: Iterable[str]) -> Iterator[bytes]:
    yield body
    for moment in moments:
        at = moment.encode()
        yield at + b"." + body
        yield at + b":" + body
        yield at + body
        yield body + at
        yield b"v0:" + at + b":" + body
        yield from (name.encode() + b"." + at + b"." + body for name in ids)


def _forms(digest: bytes) -> tuple[str, ...]:
    plain = base64.b64encode(digest).decode()
    return digest.hex(), digest.hex().upper(), plain, base64.urlsafe_b64encode(digest).decode()
