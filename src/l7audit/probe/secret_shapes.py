"""What looks like a secret, whoever's it is: credential headers, members, tokens, keys."""

from __future__ import annotations

import re
from collections.abc import Callable

Tag = Callable[[str, str], str]
"""Kind and secret in, the text that takes its place out."""

_CREDENTIAL_HEADER = re.compile(
    r"(?:^|[-_])(?:authorization|cookie2?|(?:api)?-?key|apikey|token|secret|password|passwd|auth"
    r"|access|session(?:id)?|credential|jwt|otp|csrf|xsrf|signature)s?(?:$|[-_])",
    re.IGNORECASE,
)
_HARMLESS_HEADER = re.compile(
    r"access-control-.*|www-authenticate|proxy-authenticate|idempotency-key|sec-.*"
    r"|accept-.*|.*-(?:policy|limit|remaining|reset|id|type)",
    re.IGNORECASE,
)
_TAG = re.compile(r"\[redacted:[a-z_ -]+:[0-9a-f]{4}\]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_-]{1,30}) +(?=\S)")
_COOKIE_PAIR = re.compile(r"([^=;\s]+)=([^;]*)")

_JWT = re.compile(
    r"\bey[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_%+/=-]*){2,4}|\bey[A-Za-z0-9_-]{15,}\.ey[A-Za-z0-9_-]+"
)
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_NAMES = (
    r"[A-Za-z0-9_.-]*?(?:password|passwd|passphrase|pwd|secret|token|jwt|api[_-]?key"
    r"|access[_-]?key|private[_-]?key|credential|session[_-]?id|client[_-]?assertion"
    r"|authorization|otp)s?(?:[_-]?value)?"
)
_JSON_MEMBER = re.compile(
    rf'(\\?"(?:{_NAMES}|pass)\\?"\s*:\s*\\?")((?:[^"\\]|\\[^"])*)', re.IGNORECASE
)
_LONG_KEY = re.compile(r'(\\?"key\\?"\s*:\s*\\?")([A-Za-z0-9_.~+/=-]{20,})', re.IGNORECASE)
_FORM_FIELD = re.compile(
    rf"((?:^|[?&;\s])(?:{_NAMES}|pass)=)([^&\s\"'<>;]+)", re.IGNORECASE | re.MULTILINE
)
_BEARER = re.compile(r"\b((?:Bearer|Basic) )([A-Za-z0-9._~+/-]{8,}=*)")
_KEY_WORDS = (
    "pass", "pwd", "secret", "oken", "jwt", "key", "credential", "session", "authorization",
    "assertion", "otp",
)  # fmt: skip


def is_credential_header(name: str) -> bool:
    """Whether a header of that name carries a credential."""
    return bool(_CREDENTIAL_HEADER.search(name)) and not _HARMLESS_HEADER.fullmatch(name)


def in_credential(name: str, value: str, tag: Tag) -> str:
    """A credential header's value with the credential replaced; scheme, cookie names and cookie
    attributes stay, since they are what many findings are about."""
    lowered = name.lower()
    if lowered in {"cookie", "set-cookie"}:
        return _cookies(lowered, value, tag)
    if _TAG.fullmatch(value) or not value:
        return value
    scheme = _SCHEME.match(value) if "authorization" in lowered else None
    if scheme:
        kind = scheme.group(1).lower()
        kind = kind if kind in {"bearer", "basic", "digest", "negotiate"} else "credential"
        return scheme.group() + tag(kind, value[scheme.end() :])
    kind = "api key" if "key" in lowered else "credential"
    return tag(kind, value)


def _cookies(name: str, value: str, tag: Tag) -> str:
    """Every pair of `Cookie`; only the first of `Set-Cookie`, the others are attributes."""
    most = 1 if name == "set-cookie" else 0
    redacted = _COOKIE_PAIR.sub(
        lambda m: f"{m.group(1)}={tag('cookie', m.group(2)) if m.group(2) else ''}",
        value,
        count=most,
    )
    if redacted == value and value and "=" not in value:
        return tag("cookie", value)
    return redacted


def in_prose(text: str, tag: Tag) -> str:
    """A sentence without private keys and tokens: what no words could be taken for."""
    if "PRIVATE KEY" in text:
        text = _PEM.sub(lambda m: tag("private key", m.group()), text)
    if "ey" in text:
        text = _JWT.sub(lambda m: tag("jwt", m.group()), text)
    return text


def in_text(text: str, tag: Tag) -> str:
    """A text with everything replaced that has the shape of a secret."""
    lowered = text.lower()
    text = in_prose(text, tag)

    def member(match: re.Match[str]) -> str:
        value = match.group(2)
        if not value or _TAG.fullmatch(value.rstrip("\\")):
            return match.group()
        return match.group(1) + tag("member", value)

    if "bearer " in lowered or "basic " in lowered:
        text = _BEARER.sub(lambda m: m.group(1) + tag("credential", m.group(2)), text)
    if any(word in lowered for word in _KEY_WORDS):
        if '"' in text:
            text = _LONG_KEY.sub(member, _JSON_MEMBER.sub(member, text))
        if "=" in text:
            text = _FORM_FIELD.sub(member, text)
    return text
