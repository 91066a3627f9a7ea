"""The options that several verbs share, and what they mean for the profile."""

from __future__ import annotations

import re
from pathlib import Path

import click
import msgspec

from l7audit import profile as profiles
from l7audit.errors import UsageError
from l7audit.journal import AnyRecord, RunStarted
from l7audit.profile import Profile, TargetProfile

NO_PROFILE = "none"
"""The name of the profile of a run that has none."""

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
openapi = click.option(
    "--openapi",
    metavar="FILE|URL",
    default="",
    help="The OpenAPI document of a target at a URL; without it it is looked for.",
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


def profile_for(reference: str, wanted: str, document: str = "") -> Profile:
    """The profile that `--profile` names, aimed at what `--target` and `--openapi` say.

    A URL needs no profile: without one, whatever can be found by looking is audited.

    Errors: `ProfileError`; `UsageError` for what is neither a provider's name nor a URL.
    """
    if "://" in wanted and not reference and not Path(profiles.FILE).is_file():
        return without_profile(wanted, document)
    loaded = profiles.load(reference)
    aim = loaded.target
    if "://" in wanted:
        aim = msgspec.structs.replace(aim, provider="external", url=wanted)
    elif PROVIDER_NAME.fullmatch(wanted):
        aim = msgspec.structs.replace(aim, provider=wanted, url="")
    elif wanted:
        raise UsageError(
            f"{wanted!r} is neither a provider's name nor a URL.",
            mend="Write a URL with its scheme: --target https://api.example.org",
        )
    if document:
        if aim.provider != "external":
            raise UsageError(
                f"--openapi is for a target at a URL; the provider {aim.provider!r} knows its own.",
                mend="Name the target: --target https://api.example.org",
            )
        aim = msgspec.structs.replace(aim, openapi=document)
    return msgspec.structs.replace(loaded, target=aim)


def without_profile(url: str, document: str = "") -> Profile:
    """What is audited where nobody described the target: what can be found by looking."""
    aim = TargetProfile(
        provider="external",
        url=url,
        openapi=document,
        hints={} if document else {"discover_openapi": True},
    )
    return Profile(name=NO_PROFILE, target=aim)


def as_it_began(first: AnyRecord) -> tuple[str, str]:
    """The `--profile` and `--target` that a run had, so that they need not be given again."""
    if not isinstance(first, RunStarted):
        return "", ""
    return first.profile, first.target if first.provider == "external" else first.provider
