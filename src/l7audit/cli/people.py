"""Who may log in, as `l7audit init` is told: by options, or by answers on a terminal."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

import click

from l7audit.errors import UsageError
from l7audit.model import Credential, Identity
from l7audit.scouting.entrances import Way
from l7audit.scouting.profile_text import SUFFIXES, variable

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def given_identity(text: str, role: str) -> tuple[Identity, str]:
    """An identity of `NAME:KIND:LOGIN:SECRET`, and the variable that stands for its secret.

    Errors: `UsageError` where it cannot be read, or its variable is not set.
    """
    name, kind, rest = [*text.split(":", 2), "", ""][:3]
    login, _, secret = rest.rpartition(":") if ":" in rest else (rest, "", "")
    if not _NAME.fullmatch(name) or kind not in SUFFIXES:
        raise UsageError(
            f"{name[:40]!r} is no identity that can be read.",
            mend="Write NAME:KIND:LOGIN:${VARIABLE}, such as "
            "'alice:password:alice@example.org:${ALICE_PASSWORD}'; kinds: "
            + ", ".join(SUFFIXES)
            + ".",
        )
    named = _VARIABLE.fullmatch(secret)
    stands = named.group(1) if named else variable(name, kind)
    if named or not secret:
        if not os.environ.get(stands):
            raise UsageError(
                f"The environment variable {stands}, the secret of {name}, is not set.",
                mend=f"Set it: export {stands}=...",
            )
        secret = os.environ[stands]
    return Identity(
        name=name, role=role, credentials=[Credential(kind=kind, name=login, secret=secret)]
    ), stands


def asked(entrances: Sequence[Way]) -> list[tuple[Identity, str]]:
    """Identities that a user types in; an empty name ends it."""
    likeliest = entrances[0] if entrances else Way("password", "")
    found: list[tuple[Identity, str]] = []
    for question, role in (
        ("First user", "user"),
        ("Second user", "user"),
        ("Admin", "admin"),
    ):
        name = click.prompt(f"{question}: a name for it (empty: none)", default="", type=str)
        if not name.strip():
            continue
        kind = click.prompt("  kind", type=click.Choice(list(SUFFIXES)), default=likeliest.kind)
        known = next((w.name for w in entrances if w.kind == kind), "")
        login = ""
        if kind != "bearer":
            what = {"api_key": "field", "cookie": "cookie", "client": "client id"}.get(
                kind, "login"
            )
            login = click.prompt(f"  {what}", default=known or None, type=str)
        secret = click.prompt("  secret (not shown)", hide_input=True, type=str)
        tidy = re.sub(r"[^A-Za-z0-9_.-]+", "-", name.strip())
        credential = Credential(kind=kind, name=login, secret=secret)
        identity = Identity(name=tidy, role=role, credentials=[credential])
        found.append((identity, variable(tidy, kind)))
    return found
