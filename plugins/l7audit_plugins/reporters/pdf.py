"""`report.pdf`: the same page on paper, set by a Chromium or Chrome of this machine.

The page may load and run nothing (its own policy says so) and the browser resolves no name, so
nothing leaves the machine. The file tells when the run began, not when it was printed.
"""

from __future__ import annotations

import re
import tempfile
from datetime import datetime
from pathlib import Path

from l7audit.assess.results import Results
from l7audit.errors import PluginError, UsageError
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import Records
from l7audit_plugins.reporters import browser
from l7audit_plugins.reporters.html import render

SECONDS = 180.0
"""How long the browser may take; a thousand controls take a tenth of it."""

_DATES = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}\+00'00'\)")


class PdfReporter(Reporter):
    """Writes `report.pdf`."""

    name = "pdf"
    by_default = False
    repeatable = False
    """Another browser, or the next release of the same one, sets it in other bytes."""

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes into `folder` and returns the file's path.

        Errors: `OSError`, `UsageError` where no browser is found, `PluginError` where it fails.
        """
        program = browser.found()
        if not program:
            raise UsageError(
                "report.pdf needs Chromium or Chrome, and none is on the PATH.",
                mend="Install one (Debian: apt-get install chromium), or print report.html "
                "from any browser.",
            )
        path = folder / "report.pdf"
        # Beside the report: a browser that is kept from reading elsewhere can read there.
        with tempfile.TemporaryDirectory(
            dir=folder.absolute(), prefix="printing-", ignore_cleanup_errors=True
        ) as place:
            page = Path(place, "report.html")
            page.write_text(render(results, records, paper=True), encoding="utf-8")
            printed = Path(place, "report.pdf")
            trouble = browser.print_page(program, page, printed, Path(place, "browser"), SECONDS)
            if trouble:
                raise PluginError(
                    f"{Path(program).name} could not print the report: {trouble}.",
                    mend="Print report.html from a browser instead.",
                )
            path.write_bytes(dated(printed.read_bytes(), datetime.fromisoformat(results.started)))
        return path


def dated(pdf: bytes, moment: datetime) -> bytes:
    """The file with `moment` (UTC) in place of the clock's time, byte for byte as long."""
    return _DATES.sub(rb"/\1 (D:%s+00'00')" % f"{moment:%Y%m%d%H%M%S}".encode(), pdf)


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """The PDF reporter."""
    return PdfReporter()
