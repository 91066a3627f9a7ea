"""Other spellings of a path."""

from __future__ import annotations

from l7audit.probe.request import Request
from l7audit_suites.authz.ways_around import spellings

PATH = "/v1/things/4711"


def test_spellings_are_many_named_once_and_never_the_plain_path() -> None:
    found = list(spellings(PATH))
    assert len({name for name, _ in found}) == len({text for _, text in found}) == len(found) > 12
    assert PATH not in [text for _, text in found]


def test_every_spelling_can_be_sent() -> None:
    for path in (PATH, "/a", "/v1/x-y/{z}", "/1/2"):
        for _, text in spellings(path):
            assert Request("GET", text).path == text


def test_an_id_at_the_end_keeps_its_letters() -> None:
    found = dict(spellings(PATH))
    assert found["upper case"] == "/V1/things/4711"
    assert found["capital letter"] == "/v1/Things/4711"
    assert found["encoded letter"] == "/v1/%74hings/4711"
    assert found["letter encoded twice"] == "/v1/%2574hings/4711"
