"""`report.html`: one self-contained page for people, without scripts and without a network.

Everything on it that a target said is escaped, marked where it can't be seen, and bounded. The
page's own policy forbids it to load, run or send anything, should an escape ever be missed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from l7audit.assess.quantities import percentage
from l7audit.assess.results import Results
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import Records
from l7audit_plugins.reporters import plain, standards, visible
from l7audit_plugins.reporters.page import page


class HtmlReporter(Reporter):
    """Writes `report.html`."""

    name = "html"

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes into `folder` and returns the file's path. Errors: `OSError`."""
        path = folder / "report.html"
        path.write_text(render(results, records), encoding="utf-8")
        return path


def render(results: Results, records: Records, *, paper: bool = False) -> str:
    """The page as text. Pure: rendering twice gives the same characters.

    For `paper` everything but the samples of controls is unfolded, and the sheet is A4.
    """
    style = resources.files(__package__).joinpath("templates", "report.css").read_text("utf-8")
    if paper:
        style += "@page { size: A4; }\n"
    return (
        _environment()
        .get_template("report.html")
        .render(
            page=page(results, records, paper=paper),
            results=results,
            # Trusted: this is our own file. Any other string is escaped.
            style=Markup(style),
            policy=content_security_policy(style),
            opened=Markup(" open" if paper else ""),
        )
    )


def content_security_policy(style: str) -> str:
    """What the page may do: apply this very style sheet, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("l7audit_plugins.reporters", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "inline": visible.inline,
        "block": visible.block,
        "told": visible.told,
        "moment": _moment,
        "basename": lambda path: re.split(r"[/\\]", path)[-1] or path,
        "day": lambda iso: iso[:10],
        "linkable": _linkable,
        "plain": plain.line,
        "catalogue": lambda name: standards.TITLES.get(name, name),
        "percent": percentage,
        "duration": _duration,
        "spoken": lambda word: str(word).replace("_", " "),
    }
    return environment


def _moment(iso: str) -> str:
    """`2026-09-21T14:13:21+00:00` for people."""
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M:%S} UTC"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _linkable(reference: str) -> bool:
    """Whether a reference is an address that a reader may be sent to."""
    try:
        parts = urlsplit(reference)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.netloc)


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """The HTML reporter."""
    return HtmlReporter()
