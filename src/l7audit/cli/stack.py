"""`l7audit stack`: leaves the reference stack running, to look at it."""

from __future__ import annotations

from pathlib import Path

import click

from l7audit import folders
from l7audit import plugins as all_plugins
from l7audit.cli import backups, choices
from l7audit.cli.live import Bar
from l7audit.cli.terminal import Terminal, columns
from l7audit.errors import UsageError
from l7audit.exits import Exit
from l7audit.hookspecs import StandingProvider
from l7audit.model import Moment, Target

LIMITED = "limited"
"""The tag of identities that only serve to use up a limit."""

EXAMPLES = """\b
Examples:
  l7audit stack up        start it; prints its addresses and demo credentials
  l7audit stack status    exit 0 while it runs, 1 where it does not
  l7audit stack backup    a full backup of its database, encrypted
  l7audit stack restore   that database again, beside the one that runs
  l7audit stack down
"""

provider = click.option(
    "--target", metavar="embedded|containers", default="embedded", show_default=True,
    help="Which provider's stack.",
)  # fmt: skip


@click.group("stack", help=f"Start, stop or look at the reference stack.\n\n{EXAMPLES}")
def command() -> None:
    """The root of up, down, status, backup and restore."""


@command.command("up")
@provider
@choices.out
def up(target: str, out: Path | None) -> None:
    """Start the stack and leave it running.

    \b
    Example:
      l7audit stack up
    """
    terminal = Terminal()
    with Bar(terminal) as bar:
        opened = _standing(target).up(_folder(out), bar.progress)
    _show(terminal, opened)
    again = f" --target {target}" if target != "embedded" else ""
    again += f" --out {out}" if out else ""
    terminal.result(f"Stop it with: l7audit stack down{again}")


@command.command("down")
@provider
@choices.out
def down(target: str, out: Path | None) -> None:
    """Stop the stack and remove its data.

    \b
    Example:
      l7audit stack down
    """
    stopped = _standing(target).down(_folder(out))
    Terminal().result("The stack is stopped." if stopped else "No stack was running.")


@command.command("status")
@provider
@choices.out
def status(target: str, out: Path | None) -> Exit:
    """Say whether the stack runs, and each component's state.

    \b
    Example:
      l7audit stack status
    """
    terminal = Terminal()
    found = _standing(target).standing(_folder(out))
    if found is None:
        terminal.result("No stack is running. Start it with: l7audit stack up")
        return Exit.FAILED
    opened, components = found
    for row in columns([name, state] for name, state in components):
        terminal.result("  ".join(row))
    _show(terminal, opened)
    return Exit.PASSED


@command.command("backup")
@provider
@choices.out
@click.option("--list", "listing", is_flag=True, help="Show the backups there are.")
@click.option("--verify", metavar="ID", help="Open a backup and check what is in it.")
@click.option("--point", metavar="NAME", help="Give this moment a name to restore to.")
def backup(
    target: str, out: Path | None, listing: bool, verify: str | None, point: str | None
) -> Exit:
    """Take a full backup of the stack's database, encrypted while it streams.

    Backups lie outside the database's folder, and their keys elsewhere; all of it goes when the
    stack is stopped. From the first one on what is written is archived at once. Exit code 6 where
    a backup is damaged or its key is gone.

    \b
    Examples:
      l7audit stack backup
      l7audit stack backup --list
      l7audit stack backup --verify ID
      l7audit stack backup --point before-the-import
    """
    if sum([listing, verify is not None, point is not None]) > 1:
        raise UsageError("Give one of --list, --verify and --point.")
    keeper, folder, terminal = *_running(target, out), Terminal()
    if point is not None:
        keeper.name_point(folder, point)
        terminal.result(f"Restore to it with: l7audit stack restore --to-name {point}")
        return Exit.PASSED
    if listing:
        return backups.show_all(terminal, keeper.backups(folder))
    if verify is None:
        return backups.show(terminal, keeper.back_up(folder))
    known = [one.id for one in keeper.backups(folder)]
    if verify not in known:
        there = f"There are {', '.join(known)}." if known else backups.NONE
        raise UsageError(f"There is no backup {verify!r}. {there}")
    return backups.show_verified(terminal, keeper.verify_backup(folder, verify))


@command.command("restore")
@provider
@choices.out
@click.option("--list", "listing", is_flag=True, help="Show the backups to begin with.")
@click.option("--to", "time", metavar="TIME", default="", help="As of then, as 2026-11-28T14:05Z.")
@click.option("--to-name", "point", metavar="POINT", default="", help="As of a named point.")
@click.option("--backup", "begin", metavar="ID", default="", help="Begin with this backup.")
@click.option("--drop", is_flag=True, help="Remove what was restored.")
def restore(
    target: str, out: Path | None, listing: bool, time: str, point: str, begin: str, drop: bool
) -> Exit:
    """Restore the stack's database beside the one that runs, as it was lately or back then.

    It becomes a scratch database with an address of its own, in place of what was restored before;
    the stack's own is never touched. A backup or WAL that is damaged or missing is refused.

    \b
    Examples:
      l7audit stack restore
      l7audit stack restore --to 2026-11-28T14:05:00Z
      l7audit stack restore --to-name before-the-import
      l7audit stack restore --drop
    """
    if sum(map(bool, (listing, time, point, drop))) > 1:
        raise UsageError("Give one of --list, --to, --to-name and --drop.")
    keeper, folder, terminal = *_running(target, out), Terminal()
    if listing:
        return backups.show_all(terminal, keeper.backups(folder))
    if drop:
        keeper.drop_restored(folder)
        terminal.result("Nothing that was restored is left.")
        return Exit.PASSED
    to = Moment(time=time, point=point, backup=begin)
    backups.show_plan(terminal, keeper.plan_restore(folder, to), to)
    return backups.show_restored(terminal, keeper.restore(folder, to))


def _running(target: str, out: Path | None) -> tuple[StandingProvider, Path]:
    """The provider of a stack that runs, and its folder. Errors: `UsageError`."""
    keeper, folder = _standing(target), _folder(out)
    if keeper.standing(folder) is None:
        raise UsageError("No stack is running.", mend="Start it with: l7audit stack up")
    return keeper, folder


def _standing(name: str) -> StandingProvider:
    """The provider, if its stack can be left running. Errors: `UsageError`."""
    found = all_plugins.load().provider(name)
    if not isinstance(found, StandingProvider):
        raise UsageError(f"The provider {name!r} has no stack that can be left running.")
    return found


def _folder(out: Path | None) -> Path:
    return (out or Path(folders.OUT)).resolve() / "stack"


def _show(terminal: Terminal, target: Target) -> None:
    """Where it answers, and who may come in. These are demo credentials, made for this stack."""
    places = [["URL", target.base_url], *(["replica", r] for r in target.replicas)]
    places += [["CA file", target.ca_file]] if target.ca_file else []
    for row in columns(places):
        terminal.result("  ".join(row))
    rows = [
        [who.name, who.tenant, who.role, way.kind, way.name, way.secret]
        for who in target.identities
        for way in who.credentials
        if LIMITED not in who.tags
    ]
    for row in columns(rows):
        terminal.result("  ".join(row))
    limited = sum(LIMITED in who.tags for who in target.identities)
    if limited:
        terminal.result(f"and {limited} with small quotas, for the rate-limit checks")
