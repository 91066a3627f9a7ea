"""Routes of power that no document tells of: in a folder for administrators, and beside what is
closed to ordinary people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from l7audit.harness.check import Check
from l7audit.model import Confidence, Identity, Kind, Place
from l7audit.probe.request import Request
from l7audit.target import meaning
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit.target.words import says, words
from l7audit_suites.authn.judgement import Seen, judge
from l7audit_suites.authz.closed import closed_reads, closed_writes
from l7audit_suites.authz.power import realm
from l7audit_suites.authz.test_objects import undecided
from l7audit_suites.authz.things import opens
from l7audit_suites.expose.nothing_there import there
from l7audit_suites.expose.routes import collections, documented, folders, holds_things
from l7audit_suites.expose.word_lists import OF_POWER

_MOST_CLOSED = 3
_MOST_FOLDERS = 2
_MOST_READS = 4
_MOST_NAMES = 10


def untold_routes_of_power(check: Check, one: Identity, person: Identity) -> int:
    """What somebody of power finds in a folder for administrators, and everybody gets."""
    auth, looked = check.sessions.auth(person), 0
    names = list(dict.fromkeys([c.rpartition("/")[2] for c in collections(check.model)]))
    for folder in folders(check.model):
        below = [n for n in dict.fromkeys([*names, *OF_POWER]) if n != "admin"]
        for asked in there(check, [f"{folder}/admin"], below, auth):
            if documented(check.model, asked.path):
                continue
            request = Request("GET", asked.path, (("Accept", "*/*"),))
            answer = check.send(request.with_auth(check.sessions.auth(one)), identity=one.name)
            if undecided(check, answer):
                continue
            looked += 1
            check.expect(
                judge(answer, asked.answer) is not Seen.ACCEPTED,
                _place(check, asked.path, one),
                f"A {one.role} reads what is there for those of power, and in no document.",
                answer,
                asked.answer,
                expected="403 or 404",
                seen=f"{answer.status}, with what somebody of power gets",
            )
    return looked


def untold_routes_beside(check: Check, one: Identity, closed: Sequence[str]) -> int:
    """What an ordinary caller gets in folders in which all that is documented is refused to him:
    the target's resources by their names, which staff see there in another way."""
    looked, auth = 0, check.sessions.auth(one)
    for folder in closed:
        names = resources(check.model, folder)
        check.expect(True, Place(operation=f"GET {folder}/", part=f"by a {one.role}"), "")
        looked += 1
        for asked in there(check, [check.model.prefix + folder], names, auth):
            if documented(check.model, asked.path):
                continue
            check.expect(
                False,
                _place(check, asked.path, one),
                f"A {one.role} reads what is in no document, where all that is documented beside "
                "it is refused to him.",
                asked.answer,
                expected="403 or 404",
                seen=f"{asked.answer.status} with something of its own",
                confidence=Confidence.STRONG,
            )
    return looked


def _place(check: Check, path: str, one: Identity) -> Place:
    return Place(operation=f"GET {path.removeprefix(check.model.prefix)}", part=f"by a {one.role}")


def closed_folders(
    check: Check,
    one: Identity,
    powerful: Sequence[Identity] = (),
    theirs: Sequence[Surface] = (),
) -> list[str]:
    """Folders in which an ordinary caller is refused something, and nothing is open to him; those
    of things are none: some of these may be his."""
    shut = [
        *islice(closed_reads(check, one, powerful, theirs), _MOST_CLOSED),
        *islice(closed_writes(check, one), _MOST_CLOSED),
    ]
    found = dict.fromkeys(folder_of(c.surface.operation.template) for c in shut)
    named = [f for f in found if f and not holds_things(check.model, f)]
    return [f for f in named if not _open(check, one, f)][:_MOST_FOLDERS]


def _open(check: Check, one: Identity, folder: str) -> bool:
    """Whether anything in a folder is public, or any plain read there is open to somebody."""
    inside = [o for o in check.model.operations if o.template.startswith(folder + "/")]
    reads = [
        s for o in inside if o.method == "GET" if not (s := check.model.surface(o)).needs_values
    ]
    return any(o.public for o in inside) or any(opens(check, s, one) for s in reads[:_MOST_READS])


def folder_of(template: str) -> str:
    """The path of the folder that a template lies in, as far as `realm` names it."""
    name = realm(template)
    return template.partition(f"/{name}/")[0] + f"/{name}" if name else ""


def resources(model: TargetModel, folder: str) -> list[str]:
    """What may stand in a folder: what things there are below, then what there is elsewhere, then
    what mostly stands in such folders."""
    named = [*_named(model, folder, inside=True), *_named(model, folder, inside=False), *OF_POWER]
    fresh = (n for n in dict.fromkeys(named) if not documented(model, f"{folder}/{n}"))
    return list(islice(fresh, _MOST_NAMES))


def _named(model: TargetModel, folder: str, *, inside: bool) -> Iterator[str]:
    """The names of resources in a folder, or in all others: those first whose things are named in
    paths, then those that are read as a whole."""
    templates = [
        (o, o.template.rstrip("/").split("/"))
        for o in model.operations
        if o.template.startswith(folder + "/") == inside
    ]
    for _, parts in templates:
        for name, after in pairwise(parts):
            if after.startswith("{") and name and not name.startswith("{"):
                yield name
    for operation, parts in templates:
        read = operation.method == "GET" and not operation.kinds & {Kind.PATH_TAKING}
        if read and not parts[-1].startswith("{") and not says(words(parts[-1]), *meaning.ONESELF):
            yield parts[-1]
