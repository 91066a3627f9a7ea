"""An exchange as a command that anybody can paste into a shell."""

from __future__ import annotations

import re
import shlex

from l7audit.journal import Exchange

_TAG = re.compile(r"\[redacted:([a-z_ -]+):([0-9a-f]{4})\]")


def curl(exchange: Exchange, ca_file: str = "") -> str:
    """The request as a `curl` command; `<bearer 1f2e>` stands where a secret has to be put."""
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
