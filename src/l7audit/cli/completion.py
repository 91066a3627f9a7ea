"""`l7audit completion`: the script that teaches a shell the verbs and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from l7audit.cli.main import COMPLETION

EXAMPLES = """\b
Examples:
  l7audit completion bash > ~/.local/share/bash-completion/completions/l7audit
  l7audit completion zsh  > "${fpath[1]}/_l7audit"
  l7audit completion fish > ~/.config/fish/completions/l7audit.fish
"""


@click.command("completion", help=f"Print the completion script of a shell.\n\n{EXAMPLES}")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Prints click's own script; it asks this program for the answers."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    root = context.find_root()
    click.echo(kind(root.command, {}, "l7audit", COMPLETION).source())
