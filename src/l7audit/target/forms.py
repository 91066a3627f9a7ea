"""The login form of an HTML page, read as the hostile text that it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from l7audit.target.meaning import USER
from l7audit.target.words import says, words

CHARACTERS = 512 * 1024
"""The most characters of a page that are read."""

MOST_FORMS = 20
MOST_FIELDS = 100
_FIELDS = {"input", "button", "textarea", "select"}
_NOT_KEPT = {"submit", "button", "image", "reset", "textarea", "select"}


@dataclass(frozen=True, slots=True)
class Form:
    """A form that asks for a password: where it goes, its fields with what they hold already
    (a CSRF token among them), and which of them take the user's name and the password."""

    method: str
    path: str
    fields: Mapping[str, str]
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: its `kind` is its input's type, `textarea` or `select`."""

    name: str
    kind: str
    value: str


class Page(HTMLParser):
    """Collects the inputs of each form; HTML of any quality goes through without an error."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[tuple[str, str, list[Field]]] = []
        self.links: list[tuple[str, str, str]] = []
        self.metas: list[tuple[str, str]] = []
        self._within = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and len(self.forms) < MOST_FORMS:
            self.forms.append((given.get("method", "get").upper(), given.get("action", ""), []))
            self._within = True
        elif tag in _FIELDS and self._within and given.get("name"):
            fields = self.forms[-1][2]
            if len(fields) < MOST_FIELDS:
                kind = given.get("type", "text").lower() if tag in {"input", "button"} else tag
                fields.append(Field(given["name"], kind, given.get("value", "")))
        elif tag == "meta" and given.get("name") and len(self.metas) < MOST_FIELDS:
            self.metas.append((given["name"], given.get("content", "")))
        elif tag in {"a", "link", "script"} and len(self.links) < MOST_FIELDS:
            reference = given.get("href") or given.get("src") or ""
            if reference:
                self.links.append((tag, given.get("rel", "").lower(), reference))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._within = False


def login_form(page: str, path: str) -> Form | None:
    """The first form of a page at `path` that asks for one password; None without one."""
    reader = read(page)
    for method, action, fields in reader.forms:
        secrets = [f.name for f in fields if f.kind == "password"]
        plain = [f.name for f in fields if f.kind in {"text", "email", "tel", "search"}]
        if len(secrets) != 1 or not plain:
            continue
        user = next((n for n in plain if says(words(n), *USER)), plain[0])
        kept = {f.name: f.value for f in fields if f.kind not in _NOT_KEPT}
        return Form(method, _path(path, action), kept, user, secrets[0])
    return None


def forgery_token(page: str) -> str:
    """The token against forged requests in a page, as a hidden field or a `meta`; empty without."""
    reader = read(page)
    hidden = [(f.name, f.value) for _, _, fields in reader.forms for f in fields
              if f.kind == "hidden"]  # fmt: skip
    return next((v for n, v in [*reader.metas, *hidden] if v and is_forgery_token(n)), "")


def is_forgery_token(name: str) -> bool:
    """Whether a field of that name holds a token against forged requests."""
    return says(words(name), "csrf", "xsrf", "csrftoken", "xsrftoken", "csrfmiddlewaretoken",
                "authenticity token", "request verification token", "antiforgery")  # fmt: skip


def references(page: str) -> list[tuple[str, str, str]]:
    """What a page links to: (tag, `rel`, address as it is written), bounded."""
    return read(page).links


def read(page: str) -> Page:
    """What stands in a page, as far as it is read."""
    reader = Page()
    reader.feed(page[:CHARACTERS])
    return reader


def _path(page: str, action: str) -> str:
    """Where a form goes, as a request target. Another host is not gone to: only its path counts."""
    try:
        parts = urlsplit(urljoin(page, action or page))
    except ValueError:
        return page
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
