"""A document's paths: folders, collections and versions, and what may stand beside them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from l7audit.model import Kind
from l7audit.target.target_model import TargetModel
from l7audit_suites.expose.word_lists import BELOW, INNER, SIBLINGS, VERSIONS

VERSION = re.compile(r"v(\d{1,3})(?:\.\d+)*", re.IGNORECASE)
_API = "/api"
_MOST_FOLDERS = 3
_MOST_COLLECTIONS = 8


def folders(model: TargetModel) -> list[str]:
    """Where names are asked for: the target's root, the document's prefix, and the fixed segments
    below which several of its collections lie, all that they share (`/api/v2`); without a slash at
    their end."""
    bases = [base for base in collections(model) if base.count("/") > 1]
    counted = Counter("/" + base.split("/")[1] for base in bases if "{" not in base.split("/")[1])
    heads = [_shared(head, bases) for head, _ in counted.most_common()]
    shared = [head for head in heads if not holds_things(model, head)]
    found = ["", model.prefix, *(model.prefix + head for head in shared)]
    return list(dict.fromkeys(found))[:_MOST_FOLDERS]


def _shared(head: str, bases: Sequence[str]) -> str:
    """The longest path that all of several collections below it begin with."""
    below = [base.split("/") for base in bases if base.startswith(head + "/")]
    deepest = head.split("/")
    while len(below) > 1:
        level = len(deepest)
        following = {parts[level] if len(parts) > level + 1 else "" for parts in below}
        if len(following) > 1 or not (one := following.pop()) or "{" in one:
            break
        deepest.append(one)
    return "/".join(deepest)


def holds_things(model: TargetModel, folder: str) -> bool:
    """Whether it holds things by their ids: whoever looks for these answers for every name."""
    return any(o.template.startswith(folder + "/{") for o in model.operations)


def collections(model: TargetModel) -> list[str]:
    """The templates without parameters whose things are listed, made or read one by one."""
    kinds = {Kind.RESOURCE_LIST, Kind.RESOURCE_CREATE, Kind.RESOURCE_READ}
    templates = (o.template.rstrip("/") for o in model.operations if o.kinds & kinds)
    found = {template.partition("/{")[0] for template in templates} - {""}
    return sorted(found)[:_MOST_COLLECTIONS]


def documented(model: TargetModel, path: str) -> bool:
    """Whether a path, with the target's prefix or without, is one of the document's."""
    bare = path.removeprefix(model.prefix).rstrip("/")
    return any(_pattern(o.template).fullmatch(bare) for o in model.documented)


def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"\{[^{}]*\}", template.rstrip("/"))
    return re.compile("[^/]+".join(map(re.escape, pieces)))


def neighbours(model: TargetModel) -> Iterator[tuple[str, list[str]]]:
    """Folders with names of routes that could answer there and are not documented."""
    bases = collections(model)
    by_folder: dict[str, list[str]] = {}
    for base in bases:
        parent, _, last = base.rpartition("/")
        # The collection itself, too: often a document has only its things, one by one.
        by_folder.setdefault(parent, []).extend([last, other_number(last), *SIBLINGS])
        for inner in INNER:
            by_folder.setdefault(f"{parent}/{inner}", []).append(last)
    for base in bases:
        if not _named_by_callers(model, base):
            by_folder.setdefault(base, []).extend(BELOW)
    for parent, names in by_folder.items():
        fresh = [n for n in dict.fromkeys(names) if not _exact(model, f"{parent}/{n}")]
        yield model.prefix + parent, fresh
    for old, templates in _versioned(model).items():
        for version in versions(old):
            folder = model.prefix + templates[0].partition(f"/{old}/")[0] + f"/{version}"
            most = 2 if version in {*near(old), *INNER} else 1
            yield folder, [t.partition(f"/{old}/")[2] for t in templates[:most]]


def _exact(model: TargetModel, path: str) -> bool:
    return any(o.template.rstrip("/") == path for o in model.documented)


def _named_by_callers(model: TargetModel, base: str) -> bool:
    """Whether things are kept under names of the callers' choice: then any name may be there."""
    below = re.compile(re.escape(base) + r"/\{[^{}]*\}")
    return any(
        below.fullmatch(o.template.rstrip("/"))
        and (o.method == "PUT" or Kind.PATH_TAKING in o.kinds)
        for o in model.operations
    )


def other_number(word: str) -> str:
    """The plural of a singular, and the reverse."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word[:-1] + "ies" if word.endswith("y") else word + "s"


def _versioned(model: TargetModel) -> dict[str, list[str]]:
    """The version segments of the document with the templates of plain reads below them."""
    found: dict[str, list[str]] = {}
    for operation in model.operations:
        if operation.method != "GET" or "{" in operation.template or operation.public:
            continue
        for segment in operation.template.split("/")[1:-1]:
            if VERSION.fullmatch(segment):
                found.setdefault(segment, []).append(operation.template)
                break
    return found


def versions(current: str) -> list[str]:
    """Other versions than this one that may still, or already, be there."""
    match = VERSION.fullmatch(current)
    number = int(match.group(1)) if match else 1
    near = range(max(0, number - 2), number + 2)
    return [*(f"v{n}" for n in near if n != number), *VERSIONS]


def near(current: str) -> list[str]:
    """The version before this one, and the one after it: parts of these are forgotten one by one,
    while of others mostly all is there or nothing."""
    match = VERSION.fullmatch(current)
    number = int(match.group(1)) if match else 1
    return [f"v{n}" for n in (number - 1, number + 1) if n >= 0]


def version_of(template: str) -> str:
    """The version segment of a path; empty without one."""
    return next((s for s in template.split("/") if VERSION.fullmatch(s)), "")


def in_version(path: str, old: str, new: str) -> str:
    """A path in another version; in none at all where `new` is empty."""
    return path.replace(f"/{old}/", f"/{new}/" if new else "/", 1)


def elsewhere(
    model: TargetModel, path: str, template: str, *, first: bool
) -> list[tuple[str, str]]:
    """A read's path as it would be in other versions, each with the template of that: in all of
    them the `first` time, then in the nearest. Where nothing names a version, in those that may
    have been there before versions were left out."""
    whole = model.prefix + template
    told = template if version_of(template) else whole
    old = version_of(told)
    if not old:
        return list(zip(_older(model, path), _older(model, whole), strict=True))
    others = ["", *versions(old), *_behind_api(path, old)] if first else near(old)
    return [(in_version(path, old, new), in_version(told, old, new)) for new in others]


def _behind_api(path: str, old: str) -> list[str]:
    """The version before, where older APIs often were."""
    return [] if "/api/" in path else [f"api/{before}" for before in near(old)[:1]]


def _older(model: TargetModel, path: str) -> list[str]:
    """A path that names no version, in the versions that are the likeliest to be older."""
    base, rest = model.prefix, path.removeprefix(model.prefix)
    if rest.startswith(f"{_API}/"):
        base, rest = base + _API, rest.removeprefix(_API)
    other = base.removesuffix(_API) if base.endswith(_API) else base + _API
    return [f"{base}/v1{rest}", f"{base}/v0{rest}", f"{other}/v1{rest}"]
