"""Paths that lead out of the folder: read and written, in every spelling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit_suites.input.inlets import Inlet, of_items
from l7audit_suites.input.joining import joined, together
from l7audit_suites.input.likeness import spoken
from l7audit_suites.input.parts import Part, reachable
from l7audit_suites.path import climbs
from l7audit_suites.path.climbs import beside, climbed, gives_away
from l7audit_suites.path.inlets import CONCURRENCY, ask, bars, inlets
from l7audit_suites.path.inlets import Inlet as PathInlet
from l7audit_suites.path.stores import canary

ENDINGS = (".txt", ".pdf", ".png", ".json")
"""Endings that a check of names may ask for."""


def shows_no_file(check: Check, paths: Mapping[str, str]) -> list[PathInlet]:
    """Expects that none of these paths shows a file of the system, wherever a path is taken;
    answers where that was."""
    taking = inlets(check)
    for inlet in taking:
        barred = bars(check, inlet)
        named = {n: raw for n, raw in paths.items() if not any(sign in raw for sign in barred)}
        for name in paths.keys() - named.keys():
            check.expect(True, inlet.place(name), "no path with this sign comes in at all")
        for name, answer in _until_shown(check, inlet, named):
            shown = _shown(answer)
            check.expect(
                not shown,
                inlet.place(name),
                f"A path ({name}) leads out of its folder: {shown} of the server is shown.",
                answer,
                expected="a refusal",
                seen=f"the content of {shown}",
                cause=inlet.cause,
            )
    return taking


def _until_shown(
    check: Check, inlet: PathInlet, paths: Mapping[str, str]
) -> Iterator[tuple[str, Answer]]:
    """The answers to paths, a few at a time: what leads out of its folder in one way is one cause,
    and needs no other."""
    left = list(paths.items())
    while left:
        turn, left = left[:CONCURRENCY], left[CONCURRENCY:]
        answers = ask(check, [inlet.with_path(raw) for _, raw in turn])
        yield from ((name, answer) for (name, _), answer in zip(turn, answers, strict=True))
        if any(map(_shown, answers)):
            return


def shows_no_file_for(check: Check, name: str, text: str, taking: Sequence[PathInlet]) -> None:
    """Expects that this text shows no file, in any part of a call, and in no id of a thing that is
    read: what leads to a file need not be called a path. What was seen `taking` paths was given it
    already; and where no address may hold a slash that is encoded, none comes into an id."""
    parts = _once_each(reachable(check))
    closed = any(i.surface is None and "%2f" in bars(check, i) for i in taking)
    items = of_items(check, []) if parts and not closed else []
    seen = {i.surface.place() for i in taking if i.surface is not None and i.where == "path"}
    groups = [*joined(parts), *([i] for i in items if i.surface.place() not in seen)]
    whole = list(zip(groups, _given(check, groups, text), strict=True))
    # Several at once only tell that none of them is one, and only where they were taken.
    single = [[i] for g, a in whole if len(g) > 1 and (not a.ok or _shown(a)) for i in g]
    for group, answer in [*whole, *zip(single, _given(check, single, text), strict=True)]:
        if len(group) > 1 and [group[0]] in single:
            continue
        shown = _shown(answer)
        for question in group:
            check.expect(
                not shown,
                question.surface.place(f"{question.where} {question.name}: {name}"),
                f"A text ({name}) leads out of its folder: {shown} of the server is shown.",
                answer,
                expected="a refusal",
                seen=f"the content of {shown}",
                cause=f"the path in {question.where} of {question.surface.operation.place}",
            )


def _given(check: Check, groups: Sequence[Sequence[Inlet]], text: str) -> list[Answer]:
    answers = ask(check, [together(g, [text] * len(g)) for g in groups])
    return [g[0].kept(answer) for g, answer in zip(groups, answers, strict=True)]


def _shown(answer: Answer) -> str:
    return gives_away(spoken(answer).encode()) if answer.ok else ""


def _once_each(parts: Sequence[Part]) -> list[Part]:
    """Without the members of a change that the making of such a thing has, too."""
    made = {
        (p.surface.operation.template, p.where, p.name)
        for p in parts
        if p.surface.operation.method == "POST"
    }
    return [
        p
        for p in parts
        if p.surface.operation.method not in {"PUT", "PATCH"}
        or (p.surface.operation.template.partition("/{")[0], p.where, p.name) not in made
    ]


@pytest.mark.control("PATH-01")
def test_dot_segments_lead_out_of_no_folder(check: Check) -> None:
    taking = shows_no_file(check, {name: climbed(step) for name, step in climbs.PLAIN.items()})
    shows_no_file_for(check, "dot segments", climbed("../"), taking)


@pytest.mark.control("PATH-02")
def test_disguised_dot_segments_lead_out_of_no_folder(check: Check) -> None:
    shows_no_file(check, {name: climbed(step) for name, step in climbs.EVASIVE.items()})


@pytest.mark.control("PATH-03")
def test_absolute_paths_are_not_followed(check: Check) -> None:
    taking = shows_no_file(check, climbs.absolute())
    shows_no_file_for(check, "absolute path", f"/{climbs.FILES[0]}", taking)


@pytest.mark.control("PATH-04")
def test_a_zero_byte_cuts_no_path_short(check: Check) -> None:
    shows_no_file(check, climbs.cut_short(ENDINGS))


@pytest.mark.control("PATH-05")
def test_another_s_file_is_not_read_by_way_of_its_folder(check: Check) -> None:
    file = canary(check)
    read = file.family.read
    assert read is not None  # `canary` looked
    plain = file.request(read, file.stranger, check, "l7audit0slot")
    for name, step in climbs.PLAIN.items():
        ways = [beside(step, folder, file.name) for folder in file.folders]
        requests = [plain.with_path(plain.path.replace("l7audit0slot", way)) for way in ways]
        answers = ask(check, requests)
        shown = next((a for a in answers if a.ok and file.text in a.text), None)
        check.expect(
            shown is None,
            read.place(f"path: {name} into another's folder"),
            f"A file of another is read through its folder's name ({name}).",
            *([shown] if shown else answers[:1]),
            expected="a refusal",
            seen="the other's file" if shown else "",
            cause=f"folders that {read.operation.place} leaves",
        )


@pytest.mark.control("PATH-06")
def test_another_s_file_is_not_written_by_way_of_its_folder(check: Check) -> None:
    file = canary(check)
    put = file.family.put
    assert put is not None  # `canary` looked
    plain = file.request(put, file.stranger, check, "l7audit0slot")
    for name, step in climbs.PLAIN.items():
        ways = [beside(step, folder, file.name) for folder in file.folders]
        requests = [plain.with_path(plain.path.replace("l7audit0slot", way)) for way in ways]
        answers = ask(check, requests)
        if not check.expect(
            file.whole(check),
            put.place(f"path: {name} into another's folder"),
            f"A file of another is overwritten through its folder's name ({name}).",
            *answers,
            expected="the file as its owner wrote it",
            seen="other content in its owner's hands",
            cause=f"folders that {put.operation.place} leaves",
        ):
            return
