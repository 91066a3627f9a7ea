"""The program: finds the verb, and turns whatever it ends with into an exit code.

A verb's module is imported when the verb is called, so that `--help`, `--version` and shell
completion answer at once.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from l7audit.cli.streams import keep_streams_open, one_line
from l7audit.errors import AuditError
from l7audit.exits import Exit

VERBS = {
    "init": "Look at your API and write a profile that works.",
    "run": "Audit a target and write the reports.",
    "controls": "List the controls, or show one with all it says.",
    "prove": "Prove that each control can fail, with planted defects.",
    "report": "Write the reports again, from a run's journal.",
    "replay": "Send a finding again, and say whether it is still there.",
    "waivers": "Look at the profile's waivers, or write one from a finding.",
    "diff": "Compare two runs: what is new, fixed, unchanged, not tested again.",
    "history": "List the earlier runs with their trend; import or forget some.",
    "bundle": "Pack a run into one file that shows whether it was changed.",
    "verify": "Say whether a bundle or a run is as it was written.",
    "stack": "Start, stop or look at the reference stack.",
    "doctor": "Say what this machine can and can't do, and the mend.",
    "plugins": "List the plugins: providers, suites, reporters, scanners.",
    "completion": "Print the completion script of a shell.",
}
"""Each verb is `command` in the module of its name beside this one."""

EXAMPLES = """\b
Examples:
  l7audit run                          audit the reference stack that comes along
  l7audit init --target http://127.0.0.1:8000    write a profile of your API
  l7audit controls show CORS-02
"""

EXIT_CODES = """\b
Exit codes: 0 gate passed, 1 gate failed, 2 interrupted, 3 internal or provider
error, 4 wrong command line or profile, 5 nothing assessed, 6 the result or the
evidence can't be trusted, 7 a waiver is invalid or expired.
"""


COMPLETION = "_L7AUDIT_COMPLETE"
"""The variable through which a shell asks for completion."""


class Verbs(click.Group):
    """A group that knows its verbs by name and imports one only when it is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"l7audit.cli.{cmd_name}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        found = [CompletionItem(v, help=h) for v, h in VERBS.items() if v.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=Verbs,
    help="Prove, with evidence, that an API stack's security, scaling and resilience controls "
    f"work.\n\n{EXAMPLES}\n\n{EXIT_CODES}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="l7audit", message="l7audit %(version)s")
def verbs() -> None:
    """The root of all verbs."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point: never returns, never shows a traceback."""
    keep_streams_open()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C, tidily
    code = ending(arguments)
    sys.stdout.flush()
    sys.exit(code)


def ending(arguments: Sequence[str] | None = None) -> int:
    """Runs the verb and gives the exit code; what went wrong is one sentence on stderr."""
    try:
        result = verbs.main(arguments, prog_name="l7audit", standalone_mode=False)
    except AuditError as error:
        return _say(str(error), error.exit)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "l7audit"
        return _say(f"{one_line(error.format_message())} See: {path} --help", Exit.USAGE)
    except click.ClickException as error:
        return _say(one_line(error.format_message()), Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        return _say("Interrupted.", Exit.INTERRUPTED)
    except (Exception, SystemExit) as error:  # the last line of defence: it is logged whole
        if isinstance(error, SystemExit) and COMPLETION in os.environ:
            raise  # click ends so, once it has completed a word
        crash = importlib.import_module("l7audit.cli.crash")
        return _say(crash.sentence(error), Exit.INTERNAL)
    return int(result or Exit.PASSED)


def _say(sentence: str, code: Exit) -> int:
    click.echo(f"l7audit: {sentence}", err=True)
    return int(code)
