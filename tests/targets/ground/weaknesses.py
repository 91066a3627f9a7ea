"""What can be planted in a service: `weaknesses.yaml`, read and held to one vocabulary."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import yaml

TARGETS = Path(__file__).parent.parent

CLASSES = {
    "auth-missing": "an operation that needs a caller serves everybody",
    "auth-broken-jwt": "a token is accepted whose signature, algorithm or claims do not hold",
    "auth-weak-secret": "tokens or sessions are signed with a secret that is guessed offline",
    "auth-no-expiry": "a credential or session that should end never does",
    "auth-revocation": "a credential still works after logout, revocation or a password change",
    "auth-key-in-url": "a credential is accepted in the address",
    "auth-default-credentials": "a well-known user and password let somebody in",
    "auth-weak-password": "a password is accepted that everybody guesses",
    "session-fixation": "a session id that was known before the login is kept after it",
    "session-cookie": "a session cookie lacks HttpOnly or SameSite",
    "csrf": "a change by cookie needs no token and takes a foreign origin",
    "bola-read": "another caller's object is read",
    "bola-change": "another caller's object is changed or used",
    "bola-delete": "another caller's object is deleted",
    "bola-list": "a list shows other callers' objects",
    "bfla": "an ordinary caller performs a function of administrators",
    "mass-assignment": "a caller sets a field that is not theirs to set",
    "excessive-exposure": "an answer carries fields that its reader must not see",
    "injection-sql": "input becomes SQL",
    "injection-nosql": "input becomes an operator of a document query",
    "injection-orm": "input becomes a lookup that crosses to other tables",
    "injection-command": "input reaches a shell",
    "injection-template": "input is rendered as a template",
    "injection-xpath": "input becomes XPath",
    "injection-ldap": "input becomes an LDAP filter",
    "injection-code": "input is evaluated or unpickled",
    "injection-header": "input adds a header to an answer",
    "injection-csv": "input becomes a formula in a spreadsheet",
    "xxe": "an XML entity leads out of the document",
    "xml-bomb": "an XML entity lets a document grow",
    "xss-html": "input comes back as HTML that runs",
    "prototype-pollution": "a member's name reaches a prototype or class",
    "ssrf": "the service fetches an address that its caller may not choose",
    "path-traversal": "input leads to a file outside its folder",
    "upload": "a file of a kind, name or size is kept that should be refused",
    "open-redirect": "input leads a browser to another site",
    "enumeration-text": "an answer's words or status tell who has an account",
    "enumeration-time": "an answer's time tells who has an account",
    "rate-login": "passwords may be guessed without limit",
    "rate-reset": "reset codes may be guessed, or asked for, without limit",
    "rate-otp": "one-time codes may be guessed without limit",
    "rate-costly": "a costly operation may be called without limit",
    "redos": "input makes a pattern run for very long",
    "resource-consumption": "a caller chooses how much is done or answered, without a bound",
    "cors": "a foreign origin may read answers",
    "headers": "protective headers are missing",
    "cache": "an answer for one caller may be kept by a shared cache",
    "debug-endpoint": "an endpoint for developers is reachable",
    "undocumented-operation": "an operation that no document names is reachable and unguarded",
    "old-version": "an older version is still reachable and less guarded",
    "exposed-file": "a file of the deployment is served",
    "method-override": "another method or a header for it goes round a guard",
    "stack-trace": "an error shows the code's inside",
    "version-disclosure": "an answer tells the software's version",
    "host-header": "the Host header ends up in a link that is sent or answered",
    "race": "two requests at once both get what only one may have",
    "business-amount": "a negative, overflowing or fractional amount is taken",
    "business-repeat": "a one-time action may be repeated",
    "business-order": "a step of a flow may be left out",
    "predictable-id": "an id or code that should be unguessable is counted up",
    "jwt-claims-trusted": "a right is read from a claim or header that the caller writes",
}  # fmt: skip
"""The fixed vocabulary: a class, and what is wrong where it is planted."""


class Weakness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One weakness. `cls` is of CLASSES; `operation` is like `GET /x/{id}`, or `*` for all.

    `part` says which part of the request carries it (`query sort`, `body role`, `path id`,
    `header Origin`), '' where no part does. `documented`: the operation is in the document.
    """

    id: str
    cls: str = msgspec.field(name="class")
    operation: str
    part: str = ""
    summary: str
    documented: bool

    def __post_init__(self) -> None:
        if self.cls not in CLASSES:
            raise ValueError(f"{self.id}: {self.cls!r} is no class of the training ground")
        if not re.fullmatch(r"[A-Z]{2}-\d\d", self.id):
            raise ValueError(f"{self.id!r} is not of the form AB-01")
        if self.operation != "*" and not re.fullmatch(r"[A-Z]+ /\S*", self.operation):
            raise ValueError(f"{self.id}: {self.operation!r} is not of the form 'GET /x/{{id}}'")


def weaknesses(name: str) -> dict[str, Weakness]:
    """The weaknesses of a service by id, in the order of its file. Raises for a wrong file."""
    listed = yaml.safe_load((TARGETS / name / "weaknesses.yaml").read_text())
    found = msgspec.convert(listed, list[Weakness])
    by_id = {w.id: w for w in found}
    if len(by_id) != len(found):
        raise ValueError(f"{name}: an id stands twice in weaknesses.yaml")
    return by_id
