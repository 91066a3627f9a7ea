"""Set-Cookie as browsers read it (RFC 6265bis section 5.6), and what a session cookie needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_SESSION = frozenset(
    [
        "session",
        "sessionid",
        "sess",
        "sid",
        "ssid",
        "auth",
        "authn",
        "authorization",
        "jwt",
        "token",
        "accesstoken",
        "refreshtoken",
        "login",
        "remember",
        "rememberme",
        "identity",
        "credential",
        "phpsessid",
        "jsessionid",
        "aspxauth",
        "connect",
    ]
)
_OTHER = frozenset(
    [
        "csrf",
        "xsrf",
        "csrftoken",
        "xsrftoken",
        "antiforgery",
        "locale",
        "lang",
        "language",
        "theme",
        "tz",
        "timezone",
        "consent",
        "currency",
        "region",
        "country",
        "flash",
        "ab",
        "experiment",
    ]
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_TOKEN_LIKE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9._~+/=%-]{24,}")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie. `attributes` by name in lower case, the last of two alike, as browsers do."""

    name: str
    value: str
    attributes: Mapping[str, str]

    @property
    def removed(self) -> bool:
        """Whether it takes a cookie away: it holds nothing, or has expired as it arrives."""
        age = self.attributes.get("max-age", "")
        return not self.value or bool(re.fullmatch(r"-[0-9]+|0+", age))

    @property
    def for_session(self) -> bool:
        """Whether it stands for somebody's session, by its name's words or its value's shape.

        A token against forged requests has to be read by the page, and is no session.
        """
        bare = re.sub(r"^__(host|secure)-", "", self.name, flags=re.I)
        words = {w.lower() for w in _WORD.findall(bare)} | {re.sub(r"[^a-z]", "", bare.lower())}
        if words & _OTHER:
            return False
        return bool(words & _SESSION) or bool(_TOKEN_LIKE.fullmatch(self.value))


def parse(text: str) -> Cookie | None:
    """A cookie from one Set-Cookie field, or None where browsers ignore it."""
    pair, *rest = text.split(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    name, value = name.strip(), value.strip().strip('"')
    if not name and not value:
        return None
    attributes: dict[str, str] = {}
    for part in rest:
        key, _, argument = part.partition("=")
        attributes[key.strip().lower()] = argument.strip()
    return Cookie(name, value, attributes)


def secured(cookie: Cookie) -> Cookie:
    """The same, set with Secure."""
    return replace(cookie, attributes={**cookie.attributes, "secure": ""})


def faults(cookie: Cookie) -> list[str]:
    """What a session cookie lacks, a sentence each.

    A name prefix is a promise: without what it promises browsers drop the cookie.
    """
    found = []
    has = cookie.attributes
    if "secure" not in has:
        found.append(f"The session cookie {cookie.name} goes over plain connections (no Secure).")
    if "httponly" not in has:
        found.append(f"Scripts can read the session cookie {cookie.name} (no HttpOnly).")
    same_site = has.get("samesite", "").lower()
    if same_site not in {"strict", "lax"}:
        said = f"SameSite={same_site}" if same_site else "no SameSite"
        found.append(f"Other sites' requests carry the session cookie {cookie.name} ({said}).")
    if cookie.name.lower().startswith("__host-") and ("domain" in has or has.get("path") != "/"):
        found.append(f"Browsers drop {cookie.name}: __Host- forbids Domain and demands Path=/.")
    elif has.get("domain"):
        found.append(f"Every sub-domain of {has['domain']} receives and may set {cookie.name}.")
    return found
