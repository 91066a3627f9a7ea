"""`l7audit plugins`: what is installed, and which package each comes from."""

from __future__ import annotations

import click

from l7audit import plugins as all_plugins
from l7audit.cli.terminal import Terminal, columns
from l7audit.hookspecs import Provider, Reporter, Scanner

EXAMPLES = """\b
Examples:
  l7audit plugins
  l7audit plugins --built-in    only those that come along
"""


@click.command("plugins", help=f"List the plugins.\n\n{EXAMPLES}")
@click.option("--built-in", is_flag=True, help="Leave third-party plugins out.")
def command(built_in: bool) -> None:
    """A line a plugin: what it offers, its name, its module, its first sentence."""
    plugins = all_plugins.load(third_party=not built_in)
    rows = [_row("provider", p) for p in plugins.providers.values()]
    rows += [_row("reporter", r) for r in plugins.reporters.values()]
    rows += [_row("scanner", s) for s in plugins.scanners.values()]
    rows += [["suite", s.package, s.package, s.title] for s in plugins.suites]
    terminal = Terminal()
    for row in columns(rows):
        terminal.result("  ".join(row))


def _row(noun: str, plugin: Provider | Reporter | Scanner) -> list[str]:
    sentence = (type(plugin).__doc__ or "").strip().split("\n", 1)[0]
    return [noun, plugin.name, type(plugin).__module__, sentence]
