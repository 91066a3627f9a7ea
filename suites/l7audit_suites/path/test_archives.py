"""Archives that are unpacked: their names and their links lead nowhere else."""

from __future__ import annotations

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit_suites.path.archives import UNDERSTATED, different, through_a_link, ways_out
from l7audit_suites.path.climbs import FILES, climbed, gives_away
from l7audit_suites.path.entries import MUCH, MUCH_NAME, Entry
from l7audit_suites.path.outside import Outside, outside
from l7audit_suites.path.unpackers import Unpacker, new_name, unpacker

ELSEWHERE = "l7audit wrote this elsewhere"


@pytest.mark.control("PATH-07")
def test_no_name_within_an_archive_leads_out_of_the_folder(check: Check) -> None:
    unpacks = unpacker(check)
    file = unpacks.file
    unpacks.removed(file.name)  # an unpacker may keep the last part of a name alone
    with outside(check) as ours:
        ways = ways_out(file.folders, file.name)
        if ours is not None:
            unpacks.removed(ours.name)
            ways |= {"dot segments up to the root": [climbed("../", ours.path.lstrip("/"))]}
            ways |= {"absolute paths": [ours.path]}
        for kind in different(unpacks.formats):
            for how, names in ways.items():
                answer = unpacks.packed(kind, [Entry(name, ELSEWHERE) for name in names])
                whole = _stay_whole(unpacks, ours)
                if not check.expect(
                    whole,
                    unpacks.surface.place(f"{kind.name}: names with {how}"),
                    f"A file elsewhere is overwritten by a {kind.name} archive whose names hold "
                    f"{how}.",
                    answer,
                    expected="each file as its owner wrote it",
                    seen="other content in a file that is not the sender's",
                ):
                    return


def _stay_whole(unpacks: Unpacker, ours: Outside | None) -> bool:
    return unpacks.file.whole(unpacks.check) and (ours is None or ours.whole())


@pytest.mark.control("PATH-08")
def test_a_link_within_an_archive_is_not_followed(check: Check) -> None:
    unpacks = unpacker(check)
    file = unpacks.file
    targets = {
        "the system": [f"/{FILES[0]}"],
        "another": [f"../{folder}/{file.name}" for folder in file.folders],
    }
    for kind in different(unpacks.formats):
        for leads in kind.leads:
            for whose, paths in targets.items():
                links = [Entry(new_name(), leads=leads, target=path) for path in paths]
                answer = unpacks.packed(kind, links)
                seen = [_made(unpacks, link) for link in links]
                shown = [a for a in seen if a.ok and (gives_away(a.body) or file.text in a.text)]
                check.expect(
                    not shown,
                    unpacks.surface.place(f"{kind.name}: {leads.value} to a file of {whose}"),
                    f"A {leads.value} within a {kind.name} archive is made and followed: it shows "
                    f"a file of {whose}.",
                    answer,
                    *shown,
                    expected="a refusal, or the link as a plain file",
                    seen="the file that the link names" if shown else "",
                    cause=f"{leads.value}s within archives",
                )
    _not_written_through(check, unpacks)


def _made(unpacks: Unpacker, link: Entry) -> Answer:
    """What is read where the link should be; removed in the end, if anything is there."""
    answer = unpacks.read(link.name)
    if answer.ok:
        unpacks.removed(link.name)
    return answer


def _not_written_through(check: Check, unpacks: Unpacker) -> None:
    """A link to a folder, and then a file in that folder by way of the link."""
    file = unpacks.file
    with outside(check) as ours:
        folders = {f"../{folder}": file.name for folder in file.folders}
        if ours is not None:
            folders[ours.folder] = ours.name
        for kind in different(unpacks.formats):
            answer = unpacks.packed(kind, through_a_link(new_name(), folders))
            check.expect(
                _stay_whole(unpacks, ours),
                unpacks.surface.place(f"{kind.name}: file behind a link to a folder"),
                f"A {kind.name} archive makes a link to a folder and writes a file through it.",
                answer,
                expected="each file as its owner wrote it",
                seen="other content in a file that is not the sender's",
                cause="links within archives",
            )


@pytest.mark.control("PATH-09")
def test_an_archive_does_not_unfold_without_bound(check: Check) -> None:
    unpacks = unpacker(check)
    unpacks.removed(MUCH_NAME)
    for kind in unpacks.formats:
        for how, archive in kind.unfolding().items():
            answer = unpacks.sent(kind, archive)
            seen, unfolded = [answer], answer.ok
            if answer.ok and how in UNDERSTATED:  # who unfolds as much as was said does no harm
                seen.append(unpacks.read(MUCH_NAME))
                unfolded = seen[-1].ok and len(seen[-1].body) > 1024
            check.expect(
                not unfolded and answer.status is not None and answer.status < 500,
                unpacks.surface.place(f"much in {how}"),
                f"An archive of {len(archive) // 1024} KiB is unfolded to {MUCH // 1024 // 1024} "
                f"MiB ({how}).",
                *seen,
                expected="a refusal before it is unfolded, or at the bound",
                seen=str(answer.status or answer.error),
            )
