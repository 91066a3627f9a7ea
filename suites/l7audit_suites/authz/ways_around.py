"""Other spellings of a request, which a guard and a router may read differently."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from l7audit.probe.request import Request
from l7audit.target.operation import FORM

PARTS = ("header", "query", "body")
"""Where a request may name another method than its own."""

OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
"""Fields by which clients that can't send a method ask for it."""


def asking_for(
    method: str, plain: Request, carrier: str, parts: Collection[str] = PARTS
) -> Request:
    """A request by the method `carrier` that asks for another in some of `PARTS`: in its body only
    where it has none of its own and is no GET."""
    request = replace(plain, method=carrier)
    if "header" in parts:
        request = request.with_headers(dict.fromkeys(OVERRIDES, method))
    if "query" in parts:
        joint = "&" if "?" in plain.path else "?"
        request = request.with_path(f"{plain.path}{joint}_method={method}")
    if "body" in parts and not plain.content and carrier != "GET":
        form = request.with_headers({"Content-Type": FORM})
        request = replace(form, content=f"_method={method}".encode())
    return request


def spellings(path: str) -> Iterator[tuple[str, str]]:
    """Other spellings of a path that some component may take for the same, each with a name.

    `path` is as sent, without its query. Letters are changed in its first fixed segments and not
    in its last, which may be an id.
    """
    head, _, last = path.rpartition("/")
    segments = path.split("/")
    place = next((i for i, s in enumerate(segments) if s[:1].isalpha()), 0)
    letter = next((i for i, s in reversed(list(enumerate(segments))) if s[:1].isalpha()), 0)

    def with_segment(index: int, text: str) -> str:
        return "/".join([*segments[:index], text, *segments[index + 1 :]])

    named = [
        ("trailing slash", f"{path}/"),
        ("two slashes before", f"/{path}"),
        ("two slashes within", f"{head}//{last}"),
        ("dot segment", f"{head}/./{last}"),
        ("dot segment at the end", f"{path}/."),
        ("way up and back", f"{head}/l7audit/../{last}"),
        ("way up behind a semicolon", f"{head}/l7audit/..;/{last}"),
        ("upper case", with_segment(place, segments[place].upper())),
        ("capital letter", with_segment(letter, segments[letter].capitalize())),
        ("encoded letter", with_segment(letter, _encoded(segments[letter]))),
        ("letter encoded twice", with_segment(letter, _encoded(segments[letter], "%25"))),
        ("encoded slash at the end", f"{path}%2f"),
        ("matrix parameter", f"{path};l7audit=1"),
        ("ending", f"{path}.json"),
        ("encoded space at the end", f"{path}%20"),
        ("encoded zero at the end", f"{path}%00"),
    ]
    seen = {path}
    for name, text in named:
        if text not in seen:
            seen.add(text)
            yield name, text


def _encoded(segment: str, percent: str = "%") -> str:
    return f"{percent}{ord(segment[0]):02x}{segment[1:]}" if segment else segment
