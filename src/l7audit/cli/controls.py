"""`l7audit controls`: what is required, why, how to mend it, and what proves each check."""

from __future__ import annotations

import click
from rich.text import Text

from l7audit import catalogue as catalogues
from l7audit import plugins as all_plugins
from l7audit.catalogue import Catalogue
from l7audit.cli import choices, reference
from l7audit.cli.terminal import SEVERITIES, Terminal, columns, styled

EXAMPLES = """\b
Examples:
  l7audit controls list
  l7audit controls list --select AUTHN
  l7audit controls show CORS-02
"""


@click.group("controls", help=f"List the controls, or show one with all it says.\n\n{EXAMPLES}")
def command() -> None:
    """The root of list, show and reference."""


@command.command("list")
@choices.select
def list_controls(select: tuple[str, ...]) -> None:
    """List the controls, a line each.

    \b
    Example:
      l7audit controls list --select AUTHN,CORS-02
    """
    found = load().select(select)
    terminal = Terminal()
    rows = columns([c.id, c.severity.value, c.safety.value, c.title] for c in found)
    for control, (name, severity, safety, title) in zip(found, rows, strict=True):
        terminal.result(
            styled(name, "bold"),
            "  ",
            Text(severity, SEVERITIES[control.severity]),
            f"  {safety}  {title}",
        )


@command.command("show")
@click.argument("control")
def show_control(control: str) -> None:
    """Show all that is said of one control.

    \b
    Example:
      l7audit controls show CORS-02
    """
    catalogue = load()
    terminal = Terminal()
    found = catalogue.control(control)
    terminal.result(Text(f"{found.id}  ", "bold"), styled(found.title, "bold"))
    facts = reference.facts(found, [c.id for c in catalogue.checks_of(found.id)])
    for name, fact in columns(facts):
        terminal.result(Text(name, "dim"), f"  {fact}")


@command.command("reference")
def print_reference() -> None:
    """Print the reference of all controls as Markdown.

    \b
    Example:
      l7audit controls reference > docs/controls.md
    """
    click.echo(reference.markdown(load()), nl=False)


def load() -> Catalogue:
    """The catalogue of all installed suites. Errors: `CatalogueError`, `PluginError`."""
    return catalogues.load([s.package for s in all_plugins.load().suites])
