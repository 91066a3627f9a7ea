"""Whether an answer leads to a host of our choosing. Pure."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from l7audit.probe.answer import Answer

_LINKING = ("Location", "Content-Location", "Link", "Refresh")
REDIRECTS = {300, 301, 302, 303, 305, 307, 308}
_DROPPED = re.compile(r"[\t\r\n]")
_REFRESH = re.compile(r"url\s*=\s*[\"']?([^\"'\s;>]+)", re.IGNORECASE)


def links_to(answer: Answer, host: str) -> str:
    """Where an answer links to the host: a header's name or `the body`; empty for nowhere.

    A mere mention of the host, as in an error's sentence, links to nothing.
    """
    link = re.compile(rf"(?:[a-z][a-z0-9+.-]*:)?(?://|\\/\\/)(?:[^/\s\"'<>]*[.@])?{re.escape(host)}",
                      re.IGNORECASE)  # fmt: skip
    for name in _LINKING:
        if any(link.search(value) for value in answer.headers.get_all(name)):
            return f"header {name}"
    for cookie in answer.headers.get_all("Set-Cookie"):
        if re.search(rf";\s*domain=\.?{re.escape(host)}", cookie, re.IGNORECASE):
            return "the domain of a cookie"
    return "the body" if link.search(answer.text) else ""


def goes_to(answer: Answer, base: str) -> str:
    """The host that a browser goes to by a redirecting answer; empty where it stays or is none.

    Browsers drop tabs and line ends from an address, and read a backslash as a slash.
    """
    if answer.status in REDIRECTS:
        target = answer.headers.get("Location")
    else:
        found = _REFRESH.search(answer.headers.get("Refresh"))
        target = found.group(1) if found else ""
    if not target:
        return ""
    cleaned = _DROPPED.sub("", target).strip().replace("\\", "/")
    cleaned = re.sub(r"^(https?):/*", r"\1://", cleaned, flags=re.IGNORECASE)
    cleaned = re.sub(r"^/{3,}", "//", cleaned)
    try:
        return (urlsplit(urljoin(base, cleaned)).hostname or "").lower()
    except ValueError:
        return ""
