"""An exchange as a command that anybody can paste into a shell."""

from __future__ import annotations

import re
import shlex
from urllib.parse import urlsplit

from l7audit.journal import Exchange

_TAG = re.compile(r"\[redacted:([a-z_ -]+):([0-9a-f]{4})\]")


def curl(exchange: Exchange, ca_file: str = "") -> str:
    """The request as a `curl` command; `<bearer 1f2e>` stands where a secret has to be put.

    Raw bytes are more than curl can send: they are printed into `openssl s_client` or `nc`.
    """
    if exchange.raw:
        return _raw(exchange, ca_file)
    words = ["curl", "--path-as-is", "--globoff", "-sS", "-i"]
    if ca_file:
        words += ["--cacert", ca_file]
    if exchange.method == "HEAD":
        words.append("--head")
    elif exchange.method != "GET":
        words += ["-X", exchange.method]
    for name, value in exchange.request.headers:
        if name.lower() != "content-length":
            words += ["-H", f"{name}: {value}" if value else f"{name};"]
    if exchange.request.body:
        words += ["--data-raw", exchange.request.body]
    words.append(exchange.url)
    return " ".join(shlex.quote(_TAG.sub(r"<\1 \2>", word)) for word in words)


def _raw(exchange: Exchange, ca_file: str) -> str:
    parts = urlsplit(exchange.url)
    text = _TAG.sub(r"<\1 \2>", exchange.request.body)
    bytes_of = "".join(_escaped(character) for character in text)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    words = ["nc", host, str(port)]
    if parts.scheme == "https":
        ca = ["-CAfile", ca_file] if ca_file else []
        words = ["openssl", "s_client", "-quiet", *ca, "-connect", f"{host}:{port}"]
    return f"printf %b {shlex.quote(bytes_of)} | {shlex.join(words)}"


def _escaped(character: str) -> str:
    """A Latin-1 character as `printf %b` reads it."""
    named = {"\r": "\\r", "\n": "\\n", "\t": "\\t", "\\": "\\\\"}
    plain = " " <= character <= "~"
    return named.get(character) or (character if plain else f"\\0{ord(character):o}")
