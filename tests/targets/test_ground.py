"""The training ground's own order: what its services say of themselves holds."""

from __future__ import annotations

import msgspec
import pytest
from ground.packages import lacking
from ground.target import services
from ground.weaknesses import Weakness, weaknesses


def test_no_weakness_bears_the_id_of_another_service() -> None:
    ids = [i for name in services() for i in weaknesses(name)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "wrong", [{"class": "bad"}, {"operation": "/x"}, {"id": "1"}, {"colour": "red"}]
)
def test_a_weakness_of_another_vocabulary_is_refused(wrong: dict[str, str]) -> None:
    right = {"id": "AB-01", "class": "cors", "operation": "*", "summary": "s", "documented": True}
    msgspec.convert(right, Weakness)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**right, **wrong}, Weakness)


def test_a_service_on_node_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert lacking("bakery") == "bakery needs node (Debian: apt-get install nodejs npm)"
    assert lacking("garage") == ""
