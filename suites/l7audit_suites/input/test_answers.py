"""What comes back of an input: as data in the answer, never as its headers or as a page."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from l7audit.harness.check import Check
from l7audit.model import Place
from l7audit.probe.answer import Answer
from l7audit_suites.input.baselines import baselines, headed, perhaps_taking
from l7audit_suites.input.elements import BROWSER, FORMS, comes_alive
from l7audit_suites.input.ground import Workshop, ask_all, word
from l7audit_suites.input.inlets import Inlet, planted, planting
from l7audit_suites.input.parts import Reach, reach

BREAKS = ("lq\r\n{field}: 1", "lq\n{field}: 1", "lq\u560d\u560a{field}: 1")
"""Line breaks in a header's value; the last become breaks where only low bytes are kept."""

ENDS = "a line break in an input ends a header of the answer and begins another"
MARK = FORMS[-1]
ALIVE = "markup that a caller sent is answered as a page of this origin"


@pytest.mark.control("INPUT-09")
def test_no_input_adds_a_header_to_the_answer(check: Check) -> None:
    ground = reach(check)
    known = zip(ground.texts, baselines(check, ground.texts), strict=True)
    # What shows no word in a header shows no line break there either.
    inlets: list[tuple[Workshop | None, Inlet]] = [(None, i) for i, t in known if t.headed]
    inlets += [(room, i) for room in ground.rooms for i in headed(room)]
    tried: list[tuple[Place, str, Answer]] = []
    for form in BREAKS if inlets else ():
        fields = [_field() for _ in inlets]
        requests = [
            i.request(text) if room is None else planting(room, [i], [text])
            for (room, i), text in zip(inlets, map(_broken(form), fields), strict=True)
        ]
        answers = ask_all(check, requests)
        for (room, inlet), field, answer in zip(inlets, fields, answers, strict=True):
            kept = inlet.kept(answer) if room is None else room.keep(answer).answer
            tried.append((inlet.place, field, kept))
    places = [*(i.place for i in ground.texts), *(r.surface.place() for r in ground.rooms)]
    for place in places:
        check.expect(True, place, ENDS)
    lost = [a for _, _, a in tried if a.status is None]
    if lost:
        check.observe("An answer could not be read.", *lost[:3])
        check.inconclusive(f"{len(lost)} of {len(tried)} answers could not be read.")
    for place, field, answer in tried:
        check.expect(
            field not in answer.headers,
            place,
            ENDS,
            answer,
            expected="a refusal, or the text with its breaks encoded",
            seen=f"a header {field} of our own",
        )


def _broken(form: str) -> Callable[[str], str]:
    return lambda field: form.format(field=field)


def _field() -> str:
    return f"X-Lq-{secrets.token_hex(4)}"


@pytest.mark.control("INPUT-25")
def test_html_that_was_sent_never_comes_back_as_a_page(check: Check) -> None:
    ground = reach(check, acting=False)
    rooms = ground.rooms
    for place, told, answer in _asked(ground):
        _judged(check, place, told, answer)
    if rooms:
        check.witness("a thing can be made and shown", lambda: _shown(rooms[0]), once=True)
    for room in rooms:
        for place, told, answer in _repeated(room):
            _judged(check, place, told, answer)


def _judged(check: Check, place: Place, told: str, answer: Answer) -> None:
    check.expect(
        not comes_alive(answer, told),
        place,
        ALIVE,
        answer,
        expected="the text within JSON, as a download, or escaped",
        seen=f"the markup as {answer.media_type or 'no type at all'}",
    )


def _asked(ground: Reach) -> Iterator[tuple[Place, str, Answer]]:
    """Answers to a mark in each text that is answered at once, asked for as a browser does, and the
    marks' words."""
    inlets = [i for i in ground.questions if i.surface.operation.method == "GET"]
    if not inlets:
        return
    told = [word() for _ in inlets]
    requests = [
        i.request(MARK.format(word=w)).with_headers(BROWSER)
        for i, w in zip(inlets, told, strict=True)
    ]
    answers = ask_all(inlets[0].caller.check, requests)
    yield from zip([i.place for i in inlets], told, answers, strict=True)


def _shown(room: Workshop) -> bool:
    made = room.make()
    shown = room.shown(made)
    return made.answer.ok and (shown is None or shown.ok)


def _repeated(room: Workshop) -> Iterator[tuple[Place, str, Answer]]:
    """Answers that may repeat a mark of ours, asked for as a browser does."""
    told = word()
    mark = MARK.format(word=told)
    inlets = perhaps_taking(room)
    if not inlets:
        yield from _errors(room, told)
        return
    made = planted(room, inlets, mark)
    for inlet in inlets if not made.answer.ok else ():
        made = planted(room, [inlet], mark)
        if made.answer.ok:
            break
    yield room.surface.place(), told, made.answer
    for surface, path in ((room.reader, made.path), (room.lister, {})):
        if surface is not None and (path or surface is room.lister):
            auth = room.caller.auth(surface)
            request = surface.request(auth, path=path, headers=BROWSER)
            yield surface.place("Accept of a browser"), told, room.caller.send(request)
    yield from _errors(room, told)


def _errors(room: Workshop, told: str) -> Iterator[tuple[Place, str, Answer]]:
    """What is said of a path and a parameter that nobody knows."""
    surface = room.lister or room.surface
    auth = room.caller.auth(surface)
    plain = surface.request(auth, headers=BROWSER)
    quoted = quote(MARK.format(word=told), safe="")
    stem = plain.path.partition("?")[0]
    places = {"unknown path": f"{stem}-{quoted}", "unknown parameter": f"{stem}?lq={quoted}"}
    for part, path in places.items():
        yield surface.place(part), told, room.caller.send(plain.with_path(path))
