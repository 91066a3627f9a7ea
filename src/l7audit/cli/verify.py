"""`l7audit verify`: whether a bundle, or a run's folder, is as it was written."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from l7audit import folders, rendering
from l7audit import plugins as all_plugins
from l7audit.cli.streams import one_line
from l7audit.cli.terminal import Terminal, counted, styled
from l7audit.exits import Exit
from l7audit.folders import JOURNAL
from l7audit.integrity import signature
from l7audit.integrity.verifying import Verified, verify

EXAMPLES = """\b
Examples:
  l7audit verify evidence.zip --key audit.key.pub
  l7audit verify l7audit-out/latest
"""

UNSIGNED = (
    "It shows that nothing was changed since the manifest was written, not who wrote it: "
    "there is no signature."
)
UNKNOWN = "The key came along with it: compare its fingerprint with the one you were given."


@click.command(
    "verify",
    help="Say whether a bundle or a run's folder is as it was written, and if not, which record or "
    "file was changed, dropped, added or moved. Nothing is unpacked. Exit code 0 where it is, 6 "
    f"where it is not, 4 for what is neither.\n\n{EXAMPLES}",
)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--key",
    metavar="PUBLIC_KEY",
    type=click.Path(path_type=Path),
    help="Demand a signature by the owner of this key (PEM).",
)
def command(path: Path | None, key: Path | None) -> Exit:
    """Verifies and tells what was held against what."""
    wanted = signature.public_key(key) if key else None
    plugins = all_plugins.load(third_party=False)  # nobody's code but ours reads hostile files
    rewrite = partial(rendering.rewrite, plugins=plugins)
    found = verify(path or Path(folders.OUT) / folders.LATEST, rewrite, wanted)
    terminal = Terminal()
    for label, text in _lines(found):
        terminal.result(f"{label:<11}{one_line(text)}")
    if found.troubles:
        terminal.result(styled("TAMPERED", "bold red"), f"   {one_line(found.troubles[0])}")
        for trouble in found.troubles[1:]:
            terminal.result(f"           {one_line(trouble)}")
        return Exit.UNTRUSTED
    terminal.result(styled("VERIFIED", "green"), f"   {_meaning(found, key)}")
    return Exit.PASSED


def _lines(found: Verified) -> list[tuple[str, str]]:
    """What was looked at, in columns."""
    lines = [("Evidence", str(found.path))]
    manifest, started = found.manifest, found.started
    if manifest is not None and started is not None:
        lines.append(("Run", f"{started.run} of {started.target}"))
        end = manifest.by_name[JOURNAL].journal
        records = end.records if end else 0
        lines.append(("Journal", f"{counted(records, 'record')}, {len(manifest.files)} files"))
        if found.compared:
            lines.append(("Reports", f"{', '.join(found.compared)}: as the journal gives them"))
        if found.not_compared:
            lines.append(("", f"not compared: {found.not_compared}"))
    lines.append(("Signature", found.signer or "none"))
    return lines


def _meaning(found: Verified, key: Path | None) -> str:
    if key is not None:
        return f"Nothing was changed since the owner of {key} signed it."
    return UNKNOWN if found.signer else UNSIGNED
