"""`l7audit bundle`: a run in one file, signed on wish; and keys to sign with."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from l7audit import folders, rendering
from l7audit import plugins as all_plugins
from l7audit.cli.terminal import Terminal
from l7audit.errors import UsageError
from l7audit.exits import Exit
from l7audit.integrity import signature
from l7audit.integrity.bundling import bundle

EXAMPLES = """\b
Examples:
  l7audit bundle                                the newest run in ./l7audit-out
  l7audit bundle --new-key audit.key            once: a key, and audit.key.pub to hand out
  l7audit bundle l7audit-out/latest --sign audit.key --out evidence.zip
"""


@click.command(
    "bundle",
    help="Pack a run's journal, reports, proof and manifest into one file, which is a plain zip. "
    f"The same run always gives the same bytes.\n\n{EXAMPLES}",
)
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write (default: beside the run's folder).",
)
@click.option(
    "--sign",
    "key",
    metavar="KEYFILE",
    type=click.Path(path_type=Path),
    help="Sign the manifest with this Ed25519 key (PEM).",
)
@click.option(
    "--new-key",
    metavar="KEYFILE",
    type=click.Path(path_type=Path),
    help="Only make a key, and its public half beside it (.pub).",
)
def command(run: Path | None, out: Path | None, key: Path | None, new_key: Path | None) -> Exit:
    """Packs, or makes a key; says where it is and whose signature it carries."""
    terminal = Terminal()
    if new_key is not None:
        if run or out or key:
            raise UsageError(
                "--new-key only makes a key.", mend="Bundle with a command of its own."
            )
        made = signature.fingerprint(signature.new_key(new_key))
        terminal.result(f"Key          {new_key}: keep it secret")
        terminal.result(f"Public half  {signature.public_path(new_key)}: hand it out")
        terminal.result(f"Fingerprint  {made}")
        return Exit.PASSED
    folder = run or Path(folders.OUT) / folders.LATEST
    signing = signature.private_key(key) if key else None
    plugins = all_plugins.load(third_party=False)
    done = bundle(folder, out, partial(rendering.rewrite, plugins=plugins), signing)
    terminal.result(f"Bundle     {done.path} ({done.files} files, {done.size:,} bytes)")
    terminal.result(f"Signature  {done.signer or 'none'}")
    return Exit.PASSED
