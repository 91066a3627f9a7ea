"""`l7audit init`: looks at an API and writes a profile that works."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

import click
import msgspec
from rich.text import Text

from l7audit import plugins as all_plugins
from l7audit import profile as profiles
from l7audit.cli.people import asked, given_identity
from l7audit.cli.terminal import Terminal, columns, counted, styled
from l7audit.errors import UsageError
from l7audit.harness.document import fetch
from l7audit.journal import Record
from l7audit.model import Identity, Safety, Target
from l7audit.probe.probe import Probe
from l7audit.profile import Budget, Profile, TargetProfile
from l7audit.scouting.entrances import Admission, admitted, members_only, unsure, ways
from l7audit.scouting.keeping import keep_secrets, write
from l7audit.scouting.profile_text import SUFFIXES, Draft, profile_text
from l7audit.scouting.registering import register, registration
from l7audit.scouting.resources import ACTS, others, resources
from l7audit.target.target_model import TargetModel

EXAMPLES = """\b
Examples:
  l7audit init --target http://127.0.0.1:8000
  l7audit init --target http://127.0.0.1:8000 --register
  l7audit init --target https://api.example.org --openapi openapi.yaml \\
    --identity 'alice:password:alice@example.org:${ALICE_PASSWORD}' \\
    --identity 'bob:api_key:X-API-Key:${BOB_KEY}' --admin 'ann:bearer::${ANN_TOKEN}'
"""

ROWS = 40
"""The most rows of the table of resources."""

REQUESTS = 400
"""The most requests that are sent to write a profile."""


@click.command("init", help=f"Look at your API and write a profile that works.\n\n{EXAMPLES}")
@click.option("--target", required=True, metavar="URL", help="Where the API is.")
@click.option(
    "--openapi",
    default="",
    metavar="FILE|URL",
    help="Its OpenAPI document (2.0, 3.0, 3.1); without it it is looked for.",
)
@click.option(
    "--identity",
    "users",
    multiple=True,
    metavar="NAME:KIND:LOGIN:${VAR}",
    help=f"An ordinary user; give two. Kinds: {', '.join(SUFFIXES)}. LOGIN is the user, the "
    "client's id, or the field of an API key.",
)
@click.option(
    "--admin", "admins", multiple=True, metavar="NAME:KIND:LOGIN:${VAR}", help="An admin."
)
@click.option("--register", "registers", is_flag=True, help="Make two throw-away users there.")
@click.option("--ca-file", default="", metavar="FILE", help="The CA that signed its certificate.")
@click.option(
    "--out",
    default=profiles.FILE,
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"The profile to write (default {profiles.FILE}).",
)
@click.option("--force", is_flag=True, help="Write over a profile that is there.")
@click.option("--no-input", is_flag=True, help="Ask nothing, on a terminal neither.")
def command(
    target: str,
    openapi: str,
    users: tuple[str, ...],
    admins: tuple[str, ...],
    registers: bool,
    ca_file: str,
    out: Path,
    force: bool,
    no_input: bool,
) -> None:
    """Looks, asks, tries the identities, and writes the profile."""
    if out.exists() and not force:
        raise UsageError(
            f"{out} is there already, and is not written over.",
            mend="Name another file with --out, or say --force.",
        )
    if not out.absolute().parent.is_dir():
        raise UsageError(f"The folder {out.parent} does not exist.", mend="Make it first.")
    given = [given_identity(text, "user") for text in users]
    given += [given_identity(text, "admin") for text in admins]
    terminal = Terminal()
    asks = sys.stdin.isatty() and not no_input
    profile = Profile(
        target=TargetProfile(
            provider="external",
            url=target,
            openapi=str(Path(openapi).resolve()) if openapi and "://" not in openapi else openapi,
            ca_file=str(Path(ca_file).resolve()) if ca_file else "",
            hints={} if openapi else {"discover_openapi": True},
        ),
        budget=Budget(requests=REQUESTS),
    )
    provider = all_plugins.load(third_party=False).provider("external")
    with provider.open(profile, out.absolute().parent, terminal.say) as opened:
        probe = Probe(opened, _unheard, limits=profile.budget, safety=Safety.ACTIVE)
        try:
            text = fetch(_settled(opened), probe)
            draft = _drafted(terminal, opened, text, probe, given, asks, registers)
        finally:
            probe.close()
    draft = replace(draft, ca_file=ca_file, openapi=_named(openapi, opened, out))
    write(out, profile_text(draft))
    _end(terminal, draft, out)


def _drafted(
    terminal: Terminal,
    target: Target,
    text: str,
    probe: Probe,
    given: list[tuple[Identity, str]],
    asks: bool,
    registers: bool,
) -> Draft:
    """What is known at the end of the looking, asking and trying."""
    settled = _settled(target)
    model = TargetModel.of(text, settled)
    _show(terminal, model)
    entrances = ways(model)
    for way in entrances:
        terminal.say("way in     ", styled(f"{way.kind}: {way.told}", ""))
    door = registration(model)
    if door is not None:
        terminal.say("register   ", styled(str(door.operation.place), ""))
    if registers and door is None:
        raise UsageError(
            "No operation is known by which a user can be registered.",
            mend="Give identities with --identity instead.",
        )
    if asks and not given and door is not None and not registers:
        registers = click.confirm("Make two throw-away users there?", default=False)
    if asks and not given and not registers:
        given = asked(entrances)
    variables = {i.credentials[0].secret: name for i, name in given}
    trials = [identity for identity, _ in given]
    if registers and door is not None:
        for name in ("one", "two"):
            made = register(model, probe, door, f"throwaway-{name}")
            terminal.say("made       " if made.identity else "failed     ", styled(made.told, ""))
            if made.identity is not None:
                trials.append(made.identity)
    hints = dict(settled.hints)
    for identity in trials:
        tried = admitted(settled, text, probe, identity)
        _told(terminal, tried)
        hints.update(tried.hints)
    if model.document is None:
        for identity in trials[:1]:
            reads = members_only(settled, probe, identity)
            if reads:  # what merely sends strangers away may send members on
                hints["protected_reads"] = reads
                terminal.say("reads      ", styled(", ".join(hints["protected_reads"]), ""))
    return Draft(
        url=target.base_url,
        openapi=target.openapi,
        found="found by looking" if "discover_openapi" in target.hints else "",
        identities=trials,
        variables=variables,
        hints=hints,
        unsure=[f"login: {place}" for place in unsure(model)],
        today=datetime.now(UTC).date(),
    )


def _settled(target: Target) -> Target:
    """The target as the profile will describe it: what was looked for is not looked for again."""
    hints = {k: v for k, v in target.hints.items() if k != "discover_openapi"}
    return msgspec.structs.replace(target, hints=hints)


def _unheard(_: Record) -> None:
    """No run, no journal: what counts of the exchanges is in the profile."""


def _named(openapi: str, target: Target, out: Path) -> str:
    """The document as the profile names it: a file relative to the profile's folder."""
    if not openapi or "://" in openapi:
        return target.openapi
    return os.path.relpath(Path(openapi).resolve(), out.absolute().parent)


def _show(terminal: Terminal, model: TargetModel) -> None:
    document = model.document
    if document is None:
        reads = [o for o in model.operations if o.method == "GET"]
        told = f"no OpenAPI document; {counted(len(reads), 'address')} answered"
        terminal.say("document   ", styled(told + ": a document would add every other control", ""))
        return
    told = f"OpenAPI {document.version}, {counted(len(document.operations), 'operation')}"
    terminal.say("document   ", styled(f"{told}  {document.title}", ""))
    for note in document.notes:
        terminal.say("           ", styled(note, "yellow"))
    rows = [("resource", *ACTS.values())]
    listed = resources(model)
    for resource in listed[:ROWS]:
        rows.append((resource.path, *(a if a in resource.acts else "-" for a in ACTS.values())))
    rows += [(place, meaning) for meaning, place in others(model)[:ROWS]]
    for row in columns(rows):
        terminal.say("           ", styled("  ".join(row), ""))
    if len(listed) > ROWS:
        terminal.say("           ", f"and {len(listed) - ROWS} more resources")


def _told(terminal: Terminal, tried: Admission) -> None:
    word, style = ("let in     ", "green") if tried.let_in else ("refused    ", "bold red")
    terminal.say(Text(word, style), styled(tried.told, ""))


def _end(terminal: Terminal, draft: Draft, out: Path) -> None:
    users = [i for i in draft.identities if i.role != "admin"]
    missing = []
    if not draft.openapi:
        missing.append("an OpenAPI document (--openapi): most controls need one")
    if len(users) < 2:
        wanted = "a second user" if users else "two users"
        missing.append(f"{wanted} (--identity): whether one reaches what is the other's")
    if len(users) == len(draft.identities):
        missing.append("an admin (--admin): whether users reach what is the admin's")
    for what in missing:
        terminal.say("missing    ", styled(what, "yellow"))
    kept = keep_secrets(draft, out)
    if kept is not None:
        terminal.say("secrets    ", styled(f"{kept}: only you can read it; commit it nowhere", ""))
    made = [i.credentials[0].name for i in draft.identities if "throw-away" in i.tags]
    if made:
        told = f"the throw-away users stay at the target: {', '.join(made)}"
        terminal.say("left       ", styled(told, "yellow"))
    terminal.result(styled(f"{out} is written. Next: l7audit run" + _option(out), ""))


def _option(out: Path) -> str:
    return "" if str(out) == profiles.FILE else f" --profile {quote(str(out))}"
