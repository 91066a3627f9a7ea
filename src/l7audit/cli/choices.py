"""The options that several verbs share, and what they mean for the profile."""

from __future__ import annotations

import re
from pathlib import Path

import click
import msgspec

from l7audit import profile as profiles
from l7audit.errors import UsageError
from l7audit.journal import AnyRecord, RunStarted
from l7audit.profile import Profile

PROVIDER_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def names(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """The names of an option that may be given often and holds names separated by commas."""
    return tuple(n for value in values for name in value.split(",") if (n := name.strip()))


select = click.option(
    "--select",
    metavar="NAME,NAME",
    multiple=True,
    callback=names,
    help="Only these areas or controls, such as AUTHN,CORS-02.",
)
target = click.option(
    "--target",
    metavar="embedded|containers|URL",
    default="",
    help="What to audit; without it what the profile says (the embedded reference stack).",
)
profile = click.option(
    "--profile",
    metavar="NAME",
    default="",
    help="A profile's file or built-in name; without it ./l7audit.yaml, else 'reference'.",
)
seed = click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), help="The same seed makes the same choices."
)
jobs = click.option(
    "--jobs", type=click.IntRange(1, 64), help="How many checks run at once (default: by CPUs)."
)
out = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that keeps the runs (default ./l7audit-out).",
)
formats = click.option(
    "--format",
    "formats",
    metavar="NAME,NAME",
    multiple=True,
    callback=names,
    help="Only these reporters' outputs; `l7audit plugins` lists them.",
)
quiet = click.option(
    "-q", "--quiet", is_flag=True, help="Only the decision and where the report is."
)


def profile_for(reference: str, wanted: str) -> Profile:
    """The profile that `--profile` names, aimed at what `--target` says.

    Errors: `ProfileError`; `UsageError` for what is neither a provider's name nor a URL.
    """
    loaded = profiles.load(reference)
    if not wanted:
        return loaded
    aim = loaded.target
    if "://" in wanted:
        aim = msgspec.structs.replace(aim, provider="external", url=wanted)
    elif PROVIDER_NAME.fullmatch(wanted):
        aim = msgspec.structs.replace(aim, provider=wanted, url="")
    else:
        raise UsageError(
            f"{wanted!r} is neither a provider's name nor a URL.",
            mend="Write a URL with its scheme: --target https://api.example.org",
        )
    return msgspec.structs.replace(loaded, target=aim)


def as_it_began(first: AnyRecord) -> tuple[str, str]:
    """The `--profile` and `--target` that a run had, so that they need not be given again."""
    if not isinstance(first, RunStarted):
        return "", ""
    return first.profile, first.target if first.provider == "external" else first.provider
