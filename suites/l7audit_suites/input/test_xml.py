"""XML: no entity leads out of the document, and none lets it grow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit.target.xml_documents import is_xml, sample
from l7audit_suites.input.documents import with_entity
from l7audit_suites.input.doors import Door, doors
from l7audit_suites.input.ground import Workshop, word, workshop
from l7audit_suites.input.likeness import spoken
from l7audit_suites.input.listener import listening
from l7audit_suites.input.urls import on_this_machine
from l7audit_suites.path.climbs import gives_away

_LEVELS, _TIMES = 4, 10
FILE = "file:///etc/passwd"
"""A file that everybody on such a machine may read, and that is known by its form."""


def rooms_for_xml(check: Check) -> list[tuple[Workshop, str]]:
    """Workshops that take XML, with the media type; a harmless document is their witness."""
    found = []
    for operation in check.model.operations:
        media = next((m for m in operation.bodies if is_xml(m)), "")
        if operation.method != "POST" or not media or operation.path_parameters:
            continue
        plain = f"<l7audit>{word()}</l7audit>".encode()
        room = workshop(check, check.model.surface(operation), content=plain, media_type=media)
        if room is not None:
            check.witness(
                "a harmless document is taken",
                partial(_taken, room, plain, media),
            )
            found.append((room, media))
    return found


def _taken(room: Workshop, content: bytes, media: str) -> Answer:
    return room.make(content=content, media_type=media).answer


def doors_for_xml(check: Check, rooms: Sequence[tuple[Workshop, str]]) -> list[tuple[Door, str]]:
    """Other operations that take XML of their own form, each with a document that was taken."""
    known = {room.surface.place() for room, _ in rooms}
    return [
        (door, sample(door.operation.body_schema, door.surface.body()))
        for door in doors(check)
        if is_xml(door.operation.media_type) and door.surface.place() not in known
    ]


def _sent(door: Door, document: str) -> Answer:
    request = door.surface.request(door.caller.auth(door.surface), content=document.encode())
    return door.kept(door.caller.send(request))


def outward(url: str) -> dict[str, str]:
    """Documents that lead a careless parser to a URL, by the means."""
    return {
        "external entity": f'<!DOCTYPE r [<!ENTITY e SYSTEM "{url}">]><r>lq &e;</r>',
        "external document type": f'<!DOCTYPE r SYSTEM "{url}"><r>lq</r>',
        "parameter entity": f'<!DOCTYPE r [<!ENTITY % p SYSTEM "{url}"> %p;]><r>lq</r>',
        "XInclude": '<r xmlns:x="http://www.w3.org/2001/XInclude">lq'
        f'<x:include href="{url}" parse="text"/></r>',
    }


def _reads_no_file(check: Check, door: Door, document: str) -> None:
    """Expects that no entity becomes a file of the server, or a call, whatever text it is in."""
    with listening() as listener:
        path = listener.path()
        means = {"a file of the server": FILE, "a URL": f"{listener.origin}{path}"}
        for what, address in means.items():
            declared = f'<!ENTITY e SYSTEM "{address}">'
            for text in with_entity(document, declared):
                answer = _sent(door, text)
                shown = gives_away(spoken(answer).encode()) or listener.visited(path)
                check.expect(
                    not shown,
                    door.surface.place("body, external entity"),
                    f"an entity of a document leads to {what}",
                    answer,
                    expected="a refusal, or the entity as nothing",
                    seen="its content in the answer, or a visit at a listener of ours",
                )
                if shown:
                    return


@pytest.mark.control("INPUT-10")
def test_no_xml_entity_leads_out_of_the_document(check: Check) -> None:
    near = on_this_machine(check.target.base_url)
    taken = 0
    rooms = rooms_for_xml(check)
    others = doors_for_xml(check, rooms)
    if not rooms and not others:
        check.not_applicable("No operation was found that takes XML.")
    for door, document in others:
        check.witness("a harmless document is taken", partial(_sent, door, document))
        _reads_no_file(check, door, document)
    for room, media in rooms:
        with listening() as listener:
            for means in outward(""):
                path = listener.path()
                text = outward(f"{listener.origin}{path}")[means]
                made = room.make(content=text.encode(), media_type=media)
                taken += made.answer.ok
                check.expect(
                    not listener.visited(path),
                    room.surface.place(f"body {media}, {means}"),
                    "a document makes the target call a URL within it",
                    made.answer,
                    expected="a refusal, or no call",
                    seen="a visit at a listener of ours on loopback",
                )
    if taken and not near:
        check.inconclusive("Documents with entities were taken by a target out of our reach.")


@pytest.mark.control("INPUT-11")
def test_no_xml_entity_lets_a_document_grow(check: Check) -> None:
    rooms = rooms_for_xml(check)
    others = doors_for_xml(check, rooms)
    if not rooms and not others:
        check.not_applicable("No operation was found that takes XML.")
    for door, document in others:
        check.witness("a harmless document is taken", partial(_sent, door, document))
        seed = word()
        grown_by = 0
        answers = []
        for text in with_entity(document, _entities(seed, "e")):
            answers.append(_sent(door, text))
            grown_by = max(grown_by, answers[-1].text.count(seed))
        _grew(check, door.surface.place("body, nested entities"), grown_by, *answers)
    for room, media in rooms:
        seed = word()
        made = room.make(content=growing(seed).encode(), media_type=media)
        shown = room.shown(made) if made.answer.ok else None
        answers = [a for a in (made.answer, shown) if a is not None]
        grown = max(a.text.count(seed) for a in answers)
        _grew(check, room.surface.place(f"body {media}, nested entities"), grown, *answers)


def _grew(check: Check, place: Place, grown: int, *answers: Answer) -> None:
    check.expect(
        grown <= _TIMES ** (_LEVELS - 1),
        place,
        "entities within one another make a document grow without bound",
        *answers,
        expected="a refusal, or the document as it was",
        seen=f"{grown} times what was sent once",
    )


def growing(seed: str) -> str:
    """A document of some hundred characters that stands for ten thousand times its seed."""
    return f"<!DOCTYPE r [{_entities(seed, 'e')}]><r>&e;</r>"


def _entities(seed: str, name: str) -> str:
    """Entities within one another; the one of that name holds ten thousand times the seed."""
    entities = [f'<!ENTITY e0 "{seed}">']
    entities += [f'<!ENTITY e{n + 1} "{f"&e{n};" * _TIMES}">' for n in range(_LEVELS)]
    return "".join([*entities, f'<!ENTITY {name} "&e{_LEVELS};">'])
