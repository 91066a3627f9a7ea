"""Letters that are handed in in forms: whose names are labels, and whose are places on the disk."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Confidence, Verdict

KEYS = {"key-of-ida-1881": "ida", "key-of-joe-1902": "joe"}
LETTER = {
    "description": "A letter",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
SHEETS = {"type": "array", "items": {"type": "string", "format": "binary"}}
ONE = [{"name": "letter_id", "in": "path", "required": True, "schema": {"type": "string"}}]
DOCUMENT = guarded(
    "Pigeonholes",
    {
        "/letters": {
            "post": {
                "summary": "Hand letters in",
                "requestBody": {
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "required": ["sheets"],
                                "properties": {"sheets": SHEETS},
                            }
                        }
                    }
                },
                "responses": {"201": LETTER},
            }
        },
        "/letters/{letter_id}": {
            "get": {"summary": "A letter", "responses": {"200": LETTER}},
            "delete": {"summary": "Take a letter out", "responses": {"204": {"description": ""}}},
            "parameters": ONE,
        },
    },
)


class Pigeonholes:
    """Keeps letters where `place` says, from the folder, who it is and what the letter is called;
    so many of each as there is `room` for, and only the latest of all where it is forgetful."""

    def __init__(
        self,
        folder: Path,
        place: Callable[[Path, str, str], Path],
        *,
        forgetful: bool = False,
        room: int = 1000,
    ) -> None:
        self.folder, self.place, self.forgetful, self.room = folder, place, forgetful, room
        self.letters: dict[str, tuple[str, Path]] = {}
        for name in KEYS.values():
            (folder / name).mkdir(parents=True)

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "no"})
        if path == "/letters" and method == "POST":
            return self._handed_in(who, str(headers.get("Content-Type")), body)
        owner, place = self.letters.get(path.removeprefix("/letters/"), ("", Path()))
        if owner != who:
            return said(404, {"error": "no such letter"})
        if method == "DELETE":
            del self.letters[path.removeprefix("/letters/")]
            return 204, b"", {}
        return 200, place.read_bytes(), {"Content-Type": "application/octet-stream"}

    def _handed_in(self, who: str, media_type: str, body: Any) -> Answer:
        whole = message_from_bytes(b"Content-Type: " + media_type.encode() + b"\r\n\r\n" + body)
        parts = whole.get_payload() if whole.is_multipart() else []
        sheets = [p for p in parts if p.get_param("name", header="content-disposition") == "sheets"]
        if len(sheets) != 1 or not sheets[0].get_filename():
            return said(422, {"error": "one sheet, please"})
        if sum(owner == who for owner, _ in self.letters.values()) >= self.room:
            return said(403, {"error": "no room"})
        try:
            place = self.place(self.folder, who, sheets[0].get_filename())
            place.write_bytes(sheets[0].get_payload(decode=True))
        except (OSError, ValueError):
            return said(422, {"error": "not by that name"})
        if self.forgetful:
            self.letters.clear()
        self.letters[letter := secrets.token_hex(4)] = (who, place)
        return said(201, {"id": letter, "owner": who})


def by_label(folder: Path, who: str, _: str) -> Path:
    return folder / who / secrets.token_hex(8)


def by_base_name(folder: Path, who: str, name: str) -> Path:
    return folder / who / name.replace("\\", "/").rpartition("/")[2]


def by_path(folder: Path, who: str, name: str) -> Path:
    return folder / who / name


def on_the_desk(folder: Path, _: str, name: str) -> Path:
    return folder / name.rpartition("/")[2]


def below_the_house(folder: Path, who: str, name: str) -> Path:
    place = (folder / who / name).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise ValueError(name)
    return place


def looked_at(log: Path, house: Pigeonholes, people: int = 2) -> tuple[Verdict, list[Violation]]:
    known = [keyed(name, key) for key, name in KEYS.items()][:people]
    with served(house.answer) as url:
        records = audited(str(log), stranger("pigeonholes", url, known), DOCUMENT, ["PATH-11"])
    (ended,) = of_type(records, CheckEnded)
    return ended.verdict, list(of_type(records, Violation))


@pytest.mark.parametrize("place", [by_label, by_base_name])
def test_names_that_are_no_paths_pass_whatever_is_answered(tmp_path: Path, place: Any) -> None:
    house = Pigeonholes(tmp_path / "house", place)
    assert looked_at(tmp_path / "log", house) == (Verdict.PASS, [])
    assert house.letters == {}


@pytest.mark.parametrize("people", [1, 2])
def test_a_name_that_leads_out_of_all_folders_is_found(tmp_path: Path, people: int) -> None:
    verdict, (found,) = looked_at(tmp_path / "log", Pigeonholes(tmp_path / "h", by_path), people)
    assert verdict is Verdict.FAIL
    assert found.confidence is Confidence.CONFIRMED
    assert "outside" in found.statement


def test_a_name_that_leads_to_a_neighbour_s_folder_is_found(tmp_path: Path) -> None:
    _, (found,) = looked_at(tmp_path / "log", Pigeonholes(tmp_path / "h", below_the_house))
    assert found.confidence is Confidence.CONFIRMED
    assert found.place.part.startswith("a path into another's folder")


def test_one_folder_for_all_may_be_meant_where_no_tenants_are_known(tmp_path: Path) -> None:
    _, (found,) = looked_at(tmp_path / "log", Pigeonholes(tmp_path / "h", on_the_desk))
    assert found.confidence is Confidence.WEAK
    assert found.place.part == "the name of another's file"


@pytest.mark.parametrize(("room", "verdict"), [(8, Verdict.PASS), (3, Verdict.INCONCLUSIVE)])
def test_little_room_is_enough_and_none_is_no_pass(
    tmp_path: Path, room: int, verdict: Verdict
) -> None:
    house = Pigeonholes(tmp_path / "h", by_label, room=room)
    assert looked_at(tmp_path / "log", house) == (verdict, [])


def test_a_file_that_is_gone_is_not_called_replaced(tmp_path: Path) -> None:
    house = Pigeonholes(tmp_path / "h", by_label, forgetful=True)
    assert looked_at(tmp_path / "log", house) == (Verdict.INCONCLUSIVE, [])


def test_without_a_second_person_nothing_shows_where_a_file_lands(tmp_path: Path) -> None:
    house = Pigeonholes(tmp_path / "h", by_label)
    assert looked_at(tmp_path / "log", house, 1) == (Verdict.INCONCLUSIVE, [])
