from __future__ import annotations

from email.message import Message
from urllib.parse import unquote

import pytest

from l7audit_suites.path.namings import NAMINGS, plainly, to_the_root

PATH = "../acme/a.txt"


def test_ways_differ_from_each_other() -> None:
    told = {how: naming(PATH, "plain.txt") for how, naming in NAMINGS.items()}
    assert len(set(told.values())) == len(told)
    assert told["plainly"] == plainly(PATH)


@pytest.mark.parametrize("how", [how for how in NAMINGS if "parameter" in how])
def test_parameters_of_two_readings_name_the_path_in_one(how: str) -> None:
    message = Message()
    message["Content-Disposition"] = f"form-data; {NAMINGS[how](PATH, 'plain.txt')}"
    given = message.get_params(header="Content-Disposition")
    assert given is not None
    values = [v[2] if isinstance(v, tuple) else v for _, v in given]
    assert PATH in {unquote(v) for v in values}


@pytest.mark.parametrize("naming", NAMINGS.values(), ids=NAMINGS)
def test_no_name_ends_the_header_that_it_stands_in(naming: object) -> None:
    assert callable(naming)
    told = naming("../" * 10 + PATH, "plain.txt")
    assert not {"\r", "\n"} & set(told)


def test_a_whole_path_is_reached_from_any_folder() -> None:
    assert to_the_root("/tmp/a.txt") == ["/tmp/a.txt", "../" * 10 + "tmp/a.txt"]
