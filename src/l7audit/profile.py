"""The profile: what to audit and how far to go. Parsed once, at the edge, with line and column."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from l7audit.errors import ProfileError
from l7audit.model import Authorisation, GatePolicy, Identity, Safety, Source, Strict, Waiver

DEFAULT = "reference"
"""The built-in profile that audits the reference stack."""

FILE = "l7audit.yaml"
"""The profile that is used where one of this name stands in the caller's folder."""

MOST_NODES = 50_000
"""The most values that a profile may hold, with its aliases written out."""

_BUILT_IN = "l7audit.profiles"
_ORIGIN = re.compile(r"https?://[^\s/?#@]+")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Budget(Strict, frozen=True, kw_only=True):
    """Ceilings for the whole run: requests in total and a second, seconds for one answer."""

    requests: Annotated[int, msgspec.Meta(ge=1)] = 200_000
    per_second: Annotated[float, msgspec.Meta(gt=0)] = 2_000
    timeout: Annotated[float, msgspec.Meta(gt=0, le=600)] = 10


class TargetProfile(Strict, frozen=True, kw_only=True):
    """Where the target is and who we are there.

    `provider` is a plugin's name (`embedded`, `containers`, `external`); `openapi` a file or a URL
    of the same origin; `allowed_origins` the browser origins that its CORS policy should admit;
    `hints` say what the document does not (`login: POST /enter`); `logs` are files of this machine
    that the target's components log to; `source` says where its code is.
    """

    provider: str = "embedded"
    url: str = ""
    openapi: str = ""
    ca_file: str = ""
    origins: list[str] = []
    allowed_origins: list[str] = []
    identities: list[Identity] = []
    hints: dict[str, Any] = {}
    logs: list[str] = []
    options: dict[str, Any] = {}
    source: Source = Source()


class Profile(Strict, frozen=True, kw_only=True):
    """A validated profile. `source` names the file it came from (or the built-in profile).

    `reports` names the reporters that write; without any it is those that write by default.
    `authorisation` is what allows more than passive checks of a target beyond loopback.
    """

    name: str = DEFAULT
    target: TargetProfile = TargetProfile()
    select: list[str] = []
    skip: list[str] = []
    safety: Safety | None = None
    authorisation: Authorisation | None = None
    budget: Budget = Budget()
    gate: GatePolicy = GatePolicy()
    waivers: list[Waiver] = []
    reports: list[str] = []
    source: str = ""

    @property
    def level(self) -> Safety:
        """The safety level that is wanted: an owner's word, else by provider (a stack of ours may
        be hurt). What may be reached beyond loopback is for `consent` to say."""
        if self.safety is not None:
            return self.safety
        return Safety.ACTIVE if self.target.provider == "external" else Safety.DISRUPTIVE

    def beside(self, name: str) -> Path:
        """A file that the profile names: relative to the profile's own folder."""
        source = Path(self.source)
        return (source.parent if source.is_file() else Path.cwd()) / name

    @property
    def digest(self) -> str:
        """A hash of what is audited and how it is judged, without anybody's secret."""
        public = msgspec.structs.replace(
            self,
            source="",
            reports=[],
            target=msgspec.structs.replace(
                self.target,
                identities=[
                    msgspec.structs.replace(i, credentials=[]) for i in self.target.identities
                ],
            ),
        )
        return hashlib.sha256(msgspec.json.encode(public, order="deterministic")).hexdigest()


def load(reference: str = "", *, folder: Path | None = None, secrets: bool = True) -> Profile:
    """The profile that `reference` names: a file, or a built-in profile's name.

    Without a reference it is `l7audit.yaml` in `folder` (the current one), else the built-in
    profile of the reference stack. Each `${NAME}` is read from the environment, else from the file
    beside the profile that ends in `.env`; without `secrets` it stays as it is written, for whoever
    only looks at a profile. Errors: `ProfileError`, its sentence with line and column.
    """
    folder = folder or Path.cwd()
    if not reference:
        reference = FILE if (folder / FILE).is_file() else DEFAULT
    path = folder / reference
    if path.is_file():
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ProfileError(f"{path} cannot be read as UTF-8 text: {error}.") from error
        kept = _environment(path.with_suffix(".env")) if secrets else {}
        return parse(text, source=str(path), secrets=secrets, variables=kept)
    if reference in built_in():
        text = resources.files(_BUILT_IN).joinpath(f"{reference}.yaml").read_text(encoding="utf-8")
        return parse(text, source=reference)
    raise ProfileError(
        f"There is no profile {reference!r}: no such file, and no built-in profile of that name.",
        mend=f"Built-in profiles: {', '.join(built_in())}.",
    )


def built_in() -> list[str]:
    """The names of the built-in profiles."""
    files = resources.files(_BUILT_IN).iterdir()
    return sorted(f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml"))


def _environment(path: Path) -> dict[str, str]:
    """The variables of a file of `NAME=value` lines, quoted as for a shell."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        words = [word for line in lines for word in shlex.split(line, comments=True)]
    except (OSError, ValueError) as error:
        raise ProfileError(
            f"{path} cannot be read as lines of NAME=value: {error}.",
            mend="Quote the values as for a shell.",
        ) from error
    return dict(word.partition("=")[::2] for word in words if "=" in word)


def parse(
    text: str,
    *,
    source: str,
    secrets: bool = True,
    variables: Mapping[str, str] | None = None,
) -> Profile:
    """A profile from YAML text; `secrets` as for `load`, `variables` beside the environment.

    Errors: `ProfileError`, starting with `source:line:column`.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            return Profile(source=source)
        _refuse_doubles(node, source)
        data = _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ProfileError(f"{_at(source, mark)}: {error.problem or 'not YAML'}.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        cause = " ".join(str(error).split())
        raise ProfileError(f"{source}: not readable as YAML: {cause}.") from error
    if secrets:
        data = _substitute(data, node, source, {**(variables or {}), **os.environ})
    try:
        profile = msgspec.convert(data, Profile)
    except msgspec.ValidationError as error:
        sentence, _, path = str(error).partition(" - at `")
        mark = _locate(node, path.rstrip("`"), sentence)
        place = path.rstrip("`").removeprefix("$").removeprefix(".") or "the profile"
        raise ProfileError(f"{_at(source, mark)}: {place}: {sentence}.") from error
    _look_through(profile.authorisation, node, source)
    return msgspec.structs.replace(profile, source=source)


def _look_through(stated: Authorisation | None, node: yaml.Node, source: str) -> None:
    """Refuses a statement of authorisation that could never hold. Errors: `ProfileError`."""
    if stated is None:
        return
    wrong = ""
    for place, day in (("since", stated.since), ("until", stated.until)):
        try:
            date.fromisoformat(day)
        except ValueError:
            wrong = wrong or f"{place}: {day} is no day of the calendar"
    if not wrong and stated.until < stated.since:
        wrong = f"until: {stated.until} is before since, {stated.since}"
    for number, origin in enumerate(stated.origins):
        if not _ORIGIN.fullmatch(origin):
            wrong = wrong or (
                f"origins[{number}]: {origin!r} is no origin; write it like https://api.example.org"
            )
    if wrong:
        path = f"$.authorisation.{wrong.partition(':')[0]}"
        raise ProfileError(f"{_at(source, _locate(node, path, ''))}: authorisation.{wrong}.")


class _Loader(yaml.SafeLoader):
    """YAML without implicit dates, so that `expires: 2026-12-31` stays the text it is."""

    yaml_implicit_resolvers = {
        first: [(tag, rule) for tag, rule in rules if tag != "tag:yaml.org,2002:timestamp"]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _at(source: str, mark: yaml.Mark | None) -> str:
    return f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source


def _refuse_doubles(node: yaml.Node, source: str, left: Iterator[int] | None = None) -> None:
    """YAML keeps the last of two equal keys in silence; a gate must not be lost that way.

    It also counts what the aliases expand to: nine of nine of nine fill any memory.
    """
    left = left or iter(range(MOST_NODES))
    if next(left, None) is None:
        raise ProfileError(f"{_at(source, node.start_mark)}: the aliases expand to too much.")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ProfileError(f"{_at(source, key.start_mark)}: a key must be plain text.")
            if key.value in seen:
                raise ProfileError(
                    f"{_at(source, key.start_mark)}: the key {key.value!r} stands here twice."
                )
            seen.add(key.value)
            _refuse_doubles(value, source, left)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_doubles(item, source, left)


def _substitute(
    data: Any, node: yaml.Node | None, source: str, variables: Mapping[str, str]
) -> Any:
    """Puts environment variables in for `${NAME}`: secrets need not stand in the file."""
    if isinstance(data, dict):
        children = {k.value: v for k, v in node.value} if isinstance(node, yaml.MappingNode) else {}
        return {k: _substitute(v, children.get(k), source, variables) for k, v in data.items()}
    if isinstance(data, list):
        items = node.value if isinstance(node, yaml.SequenceNode) else [None] * len(data)
        return [_substitute(v, n, source, variables) for v, n in zip(data, items, strict=False)]
    if not isinstance(data, str):
        return data

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in variables:
            raise ProfileError(
                f"{_at(source, node.start_mark if node else None)}: "
                f"the environment variable {name} is not set.",
                mend=f"Set it: export {name}=...",
            )
        return variables[name]

    return _VARIABLE.sub(value, data)


def _locate(node: yaml.Node, path: str, sentence: str) -> yaml.Mark | None:
    """Where in the text the value at a msgspec path (`$.target.origins[0]`) stands."""
    for step in re.findall(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]", path):
        key, index = step
        if key and isinstance(node, yaml.MappingNode):
            node = next((v for k, v in node.value if k.value == key), node)
        elif index.isdigit() and isinstance(node, yaml.SequenceNode):
            node = node.value[int(index)]
    unknown = re.search(r"unknown field `([^`]+)`", sentence)
    if unknown and isinstance(node, yaml.MappingNode):
        return next(
            (k.start_mark for k, _ in node.value if k.value == unknown.group(1)), node.start_mark
        )
    return node.start_mark
