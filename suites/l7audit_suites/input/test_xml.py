"""XML: no entity leads out of the document, and none lets it grow."""

from __future__ import annotations

from functools import partial

import pytest

from l7audit.harness.check import Check
from l7audit.probe.answer import Answer
from l7audit_suites.input.ground import Workshop, word, workshop
from l7audit_suites.input.listener import listening
from l7audit_suites.input.urls import on_this_machine

_LEVELS, _TIMES = 4, 10


def rooms_for_xml(check: Check) -> list[tuple[Workshop, str]]:
    """Workshops that take XML, with the media type; a harmless document is their witness."""
    found = []
    for operation in check.model.operations:
        media = next((m for m in operation.bodies if _is_xml(m)), "")
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
    if not found:
        check.not_applicable("No operation was found that takes XML.")
    return found


def _taken(room: Workshop, content: bytes, media: str) -> Answer:
    return room.make(content=content, media_type=media).answer


def _is_xml(media: str) -> bool:
    essence = media.split(";")[0].strip().lower()
    return essence in {"application/xml", "text/xml"} or essence.endswith("+xml")


def outward(url: str) -> dict[str, str]:
    """Documents that lead a careless parser to a URL, by the means."""
    return {
        "external entity": f'<!DOCTYPE r [<!ENTITY e SYSTEM "{url}">]><r>lq &e;</r>',
        "external document type": f'<!DOCTYPE r SYSTEM "{url}"><r>lq</r>',
        "parameter entity": f'<!DOCTYPE r [<!ENTITY % p SYSTEM "{url}"> %p;]><r>lq</r>',
        "XInclude": '<r xmlns:x="http://www.w3.org/2001/XInclude">lq'
        f'<x:include href="{url}" parse="text"/></r>',
    }


@pytest.mark.control("INPUT-10")
def test_no_xml_entity_leads_out_of_the_document(check: Check) -> None:
    near = on_this_machine(check.target.base_url)
    taken = 0
    for room, media in rooms_for_xml(check):
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
    for room, media in rooms_for_xml(check):
        seed = word()
        made = room.make(content=growing(seed).encode(), media_type=media)
        shown = room.shown(made) if made.answer.ok else None
        answers = [a for a in (made.answer, shown) if a is not None]
        grown = max(a.text.count(seed) for a in answers)
        check.expect(
            grown <= _TIMES ** (_LEVELS - 1),
            room.surface.place(f"body {media}, nested entities"),
            "entities within one another make a document grow without bound",
            *answers,
            expected="a refusal, or the document as it was",
            seen=f"{grown} times what was sent once",
        )


def growing(seed: str) -> str:
    """A document of some hundred characters that stands for ten thousand times its seed."""
    entities = [f'<!ENTITY e0 "{seed}">']
    entities += [f'<!ENTITY e{n + 1} "{f"&e{n};" * _TIMES}">' for n in range(_LEVELS)]
    return f"<!DOCTYPE r [{''.join(entities)}]><r>&e{_LEVELS};</r>"
