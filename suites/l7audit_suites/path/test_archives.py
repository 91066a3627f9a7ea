"""Archives that are unpacked: their names and their links lead nowhere else."""

from __future__ import annotations

import secrets

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit.target.surface import Surface
from l7audit_suites.path.archives import LIE, MEDIA_TYPES, MUCH, packed, unfolding, ways_out
from l7audit_suites.path.climbs import FILES, gives_away
from l7audit_suites.path.stores import Canary, canary


def unpacker(check: Check) -> Surface:
    """The operation that takes archives. Ends the check without one."""
    for operation in check.model.operations:
        if set(MEDIA_TYPES) & operation.bodies.keys() and operation.method in {"POST", "PUT"}:
            return check.model.surface(operation)
    check.not_applicable("No operation of the target's document takes zip archives.")


def sent(check: Check, surface: Surface, file: Canary, archive: bytes) -> Answer:
    """The answer to an archive of the stranger's."""
    media = next(m for m in MEDIA_TYPES if m in surface.operation.bodies)
    auth = check.sessions.auth(file.stranger, surface)
    request = surface.request(auth, content=archive, media_type=media)
    return check.send(request, identity=file.stranger.name)


def read(check: Check, file: Canary, name: str) -> Answer:
    """What the stranger finds under a name of his own."""
    assert file.family.read is not None
    return check.send(file.request(file.family.read, file.stranger, check, name))


def named(check: Check, file: Canary) -> str:
    """A new name, whose file is removed when the check ends."""
    name = f"l7audit-{secrets.token_hex(6)}.txt"
    remove(check, file, name)
    return name


def remove(check: Check, file: Canary, name: str) -> None:
    """Has a file of the stranger's removed when the check ends."""
    assert file.family.delete is not None
    request = file.request(file.family.delete, file.stranger, check, name)
    check.sessions.keep_for_removal(request, file.stranger.name)


def ground(check: Check) -> tuple[Surface, Canary]:
    """An unpacker that works, as the witness shows, and a file of somebody else."""
    surface = unpacker(check)
    file = canary(check)
    name, text = named(check, file), f"l7audit-{secrets.token_hex(8)}"
    sent(check, surface, file, packed({name: text}))
    check.witness(
        "what a plain archive holds can be read", text in read(check, file, name).text, once=True
    )
    return surface, file


@pytest.mark.control("PATH-07")
def test_no_name_within_an_archive_leads_out_of_the_folder(check: Check) -> None:
    surface, file = ground(check)
    remove(check, file, file.name)  # an unpacker may keep the last part of a name alone
    for how, names in ways_out(file.folders, file.name).items():
        archive = packed(dict.fromkeys(names, "l7audit wrote this elsewhere"))
        answer = sent(check, surface, file, archive)
        if not check.expect(
            file.whole(check),
            surface.place(f"names with {how}"),
            f"A file of another is overwritten by an archive whose names hold {how}.",
            answer,
            expected="the file as its owner wrote it",
            seen="other content in its owner's hands",
        ):
            return


@pytest.mark.control("PATH-08")
def test_a_link_within_an_archive_is_not_followed(check: Check) -> None:
    surface, file = ground(check)
    targets = {f"/{FILES[0]}": "the system"}
    targets |= {f"../{folder}/{file.name}": "another" for folder in file.folders}
    links = {named(check, file): target for target in targets}
    for name, target in links.items():
        answer = sent(check, surface, file, packed({}, {name: target}))
        shown = read(check, file, name)
        leads = shown.ok and (bool(gives_away(shown.body)) or file.text in shown.text)
        check.expect(
            not leads,
            surface.place(f"link to a file of {targets[target]}"),
            f"A link within an archive is made and followed: it shows a file of {targets[target]}.",
            answer,
            shown,
            expected="a refusal, or the link as a plain file",
            seen="the file that the link names" if leads else "",
            cause="links within archives",
        )


@pytest.mark.control("PATH-09")
def test_an_archive_does_not_unfold_without_bound(check: Check) -> None:
    surface, file = ground(check)
    remove(check, file, "l7audit-much.txt")
    for how, archive in unfolding().items():
        answer = sent(check, surface, file, archive)
        seen = [answer]
        if answer.ok and LIE in how:  # who unfolds as much as was said does no harm
            seen.append(read(check, file, "l7audit-much.txt"))
        unfolded = seen[-1].ok and (LIE not in how or len(seen[-1].body) > 1024)
        check.expect(
            not unfolded and answer.status is not None and answer.status < 500,
            surface.place(f"much in {how}"),
            f"An archive of {len(archive) // 1024} KiB is unfolded to {MUCH // 1024 // 1024} MiB "
            f"({how}).",
            *seen,
            expected="a refusal before it is unfolded, or at the bound",
            seen=str(answer.status or answer.error),
        )
