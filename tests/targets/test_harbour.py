"""The harbour: sound as it stands, and with each weakness that can be planted in it."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from ground.running import running
from ground.target import service
from ground.weaknesses import weaknesses

WEAK = weaknesses("harbour")
PEOPLE = service("harbour")


class Quayside:
    """Two skippers and the master before one harbour."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=10, trust_env=False)
        assert PEOPLE.admin is not None
        self.tilda, self.jonas, self.master = (
            self.login(p.credentials[0].name, p.credentials[0].secret).json()["access_token"]
            for p in (*PEOPLE.users, PEOPLE.admin)
        )

    def __enter__(self) -> Quayside:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def login(self, name: str, password: str) -> httpx.Response:
        form = {"grant_type": "password", "username": name, "password": password}
        return self.http.post("/v2/oauth/token", data=form)

    def ask(self, method: str, path: str, token: str = "", **rest: Any) -> httpx.Response:
        headers = rest.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        return self.http.request(method, path, headers=headers, **rest)

    def vessel(self, token: str) -> str:
        body = {"name": f"Kelp {uuid.uuid4().hex[:6]}", "length_cm": 800}
        return self.ask("POST", "/v2/vessels", token, json=body).json()["id"]

    def booking(self, token: str, nights: int = 2, **more: Any) -> httpx.Response:
        body = {
            "vessel_id": self.vessel(token), "berth_id": self.free_berth(),
            "arrival": "2031-08-01", "nights": nights, **more,
        }  # fmt: skip
        return self.ask("POST", "/v2/bookings", token, json=body)

    def free_berth(self) -> str:
        self._berths = getattr(self, "_berths", None) or self._all_berths()
        return self._berths.pop()

    def _all_berths(self) -> list[str]:
        items = self.ask("GET", "/v2/berths?limit=100", self.tilda).json()["items"]
        return [b["id"] for b in items][20:]

    def me(self, token: str) -> dict[str, Any]:
        return self.ask("GET", "/v2/me", token).json()


@pytest.fixture(scope="module")
def sound() -> Iterator[Quayside]:
    with running("harbour") as url, Quayside(url) as on:
        yield on


@pytest.fixture(scope="module")
def weak() -> Iterator[Quayside]:
    with running("harbour", weak={"all"}) as url, Quayside(url) as on:
        yield on


# --- each shows whether a weakness is there -----------------------------------------------------


def reads_a_strangers_vessel(on: Quayside) -> bool:
    ref = on.vessel(on.tilda)
    return on.ask("GET", f"/v2/vessels/{ref}", on.jonas).status_code == 200


def changes_a_strangers_vessel(on: Quayside) -> bool:
    ref = on.vessel(on.tilda)
    on.ask("PATCH", f"/v2/vessels/{ref}", on.jonas, json={"name": "Taken"})
    return on.ask("GET", f"/v2/vessels/{ref}", on.tilda).json()["name"] == "Taken"


def exports_strangers_bookings(on: Quayside) -> bool:
    ref = on.booking(on.tilda).json()["id"]
    return ref in on.ask("GET", "/v2/bookings/export", on.jonas).text


def reads_a_booking_without_a_token(on: Quayside) -> bool:
    ref = on.booking(on.tilda).json()["id"]
    return on.ask("GET", f"/v2/bookings/{ref}").status_code == 200


def sorts_by_an_expression(on: Quayside) -> bool:
    ways = ("CASE WHEN 1=1 THEN name END DESC", "CASE WHEN 1=2 THEN name END DESC")
    found = [on.ask("GET", "/v2/berths", on.tilda, params={"sort": way}) for way in ways]
    return all(f.status_code == 200 for f in found) and found[0].text != found[1].text


def computes_in_a_letter(on: Quayside) -> bool:
    body = {"template": "{{ 1337 * 3 }}"}
    return on.ask("POST", "/v2/letters/preview", on.tilda, json=body).json()["letter"] == "4011"


def adds_a_header_by_a_file_name(on: Quayside) -> bool:
    params = {"filename": 'x"\r\nX-Added: yes\r\nX-Rest: "'}
    found = on.ask("GET", "/v2/bookings/export", on.tilda, params=params)
    return found.headers.get("X-Added") == "yes"


def reaches_a_listener(on: Quayside) -> bool:
    seen = threading.Event()

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.set()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Ear) as ear:
        threading.Thread(target=ear.serve_forever, daemon=True).start()
        body = {"url": f"http://127.0.0.1:{ear.server_port}/", "event": "booking.made"}
        on.ask("POST", "/v2/webhooks", on.tilda, json=body)
        ear.shutdown()
    return seen.is_set()


def makes_oneself_master(on: Quayside) -> bool:
    before = on.me(on.jonas)["role"]
    on.ask("PATCH", "/v2/me", on.jonas, json={"role": "master"})
    became = on.me(on.jonas)["role"]
    on.ask("PATCH", "/v2/me", on.jonas, json={"role": before})
    return became == "master"


def sees_hashes_of_members(on: Quayside) -> bool:
    return "password_hash" in on.ask("GET", "/v2/members", on.tilda).text


def sets_a_price_as_a_skipper(on: Quayside) -> bool:
    berth = on.free_berth()
    path = f"/v2/office/berths/{berth}"
    return on.ask("PATCH", path, on.tilda, json={"price_cents": 100}).status_code == 200


def forecasts_without_end(on: Quayside) -> bool:
    asked = [on.ask("POST", "/v2/tide-forecasts", on.tilda, json={"days": 1}) for _ in range(12)]
    return all(a.status_code == 201 for a in asked)


def gets_everything_on_one_page(on: Quayside) -> bool:
    found = on.ask("GET", "/v2/berths?limit=100000", on.tilda)
    return found.status_code == 200 and len(found.json()["items"]) > 100


def earns_by_negative_nights(on: Quayside) -> bool:
    before = on.me(on.tilda)["owing_cents"]
    on.booking(on.tilda, nights=-5)
    return on.me(on.tilda)["owing_cents"] < before


def books_a_berth_twice_at_once(on: Quayside) -> bool:
    body = {
        "vessel_id": on.vessel(on.tilda), "berth_id": on.free_berth(),
        "arrival": "2031-09-01", "nights": 2,
    }  # fmt: skip
    with ThreadPoolExecutor(6) as pool:
        asked = pool.map(lambda _: on.ask("POST", "/v2/bookings", on.tilda, json=body), range(6))
    return [a.status_code for a in asked].count(201) > 1


def tells_known_members_from_unknown(on: Quayside) -> bool:
    known = on.login(PEOPLE.users[0].credentials[0].name, "wrong")
    return known.text != on.login("nobody@harbour.example", "wrong").text


def shows_a_traceback(on: Quayside) -> bool:
    return "Traceback" in on.ask("GET", "/v2/bookings?cursor=zz", on.tilda).text


def reads_by_the_old_version(on: Quayside) -> bool:
    ref = on.vessel(on.tilda)
    return on.ask("GET", f"/v1/vessels/{ref}", on.jonas).status_code == 200


def sees_the_debug_page(on: Quayside) -> bool:
    return on.ask("GET", "/debug/state").status_code == 200


def sees_the_internal_list(on: Quayside) -> bool:
    return on.ask("GET", "/internal/members").status_code == 200


def admits_a_foreign_origin(on: Quayside) -> bool:
    found = on.ask("GET", "/v2/me", on.tilda, headers={"Origin": "https://foreign.example"})
    return found.headers.get("Access-Control-Allow-Origin") == "https://foreign.example"


SHOWN: dict[str, Callable[[Quayside], bool]] = {
    "HB-01": reads_a_strangers_vessel,
    "HB-02": changes_a_strangers_vessel,
    "HB-03": exports_strangers_bookings,
    "HB-04": reads_a_booking_without_a_token,
    "HB-05": sorts_by_an_expression,
    "HB-06": computes_in_a_letter,
    "HB-07": adds_a_header_by_a_file_name,
    "HB-08": reaches_a_listener,
    "HB-09": makes_oneself_master,
    "HB-10": sees_hashes_of_members,
    "HB-11": sets_a_price_as_a_skipper,
    "HB-12": forecasts_without_end,
    "HB-13": gets_everything_on_one_page,
    "HB-14": earns_by_negative_nights,
    "HB-15": books_a_berth_twice_at_once,
    "HB-16": tells_known_members_from_unknown,
    "HB-17": shows_a_traceback,
    "HB-18": reads_by_the_old_version,
    "HB-19": sees_the_debug_page,
    "HB-20": sees_the_internal_list,
    "HB-21": admits_a_foreign_origin,
}


@pytest.mark.parametrize("ref", WEAK)
def test_a_planted_weakness_is_there_and_the_sound_harbour_lacks_it(
    ref: str, sound: Quayside, weak: Quayside
) -> None:
    assert SHOWN[ref](weak)
    assert not SHOWN[ref](sound)


def test_one_weakness_comes_alone() -> None:
    with running("harbour", weak={"HB-01"}) as url, Quayside(url) as on:
        assert reads_a_strangers_vessel(on)
        assert not changes_a_strangers_vessel(on)


# --- the sound harbour as its members use it ----------------------------------------------------


def test_every_documented_read_answers_its_member(sound: Quayside) -> None:
    document = sound.http.get(PEOPLE.document.path).json()
    made = {"vessel_id": sound.vessel(sound.tilda), "booking_id": sound.booking(sound.tilda).json()}
    made["booking_id"] = made["booking_id"]["id"]
    hook = {"url": "https://hooks.partner.example/x", "event": "booking.made"}
    made["webhook_id"] = sound.ask("POST", "/v2/webhooks", sound.tilda, json=hook).json()["id"]
    reads = [p.format(**made) for p, ops in document["paths"].items() if "get" in ops]
    answers = {p: sound.ask("GET", p, sound.tilda).status_code for p in reads}
    assert answers == {p: 403 if "office" in p else 200 for p in reads}
    assert sound.ask("GET", "/v2/office/members", sound.master).status_code == 200


def test_every_documented_operation_but_the_open_ones_asks_for_a_token(sound: Quayside) -> None:
    document = sound.http.get(PEOPLE.document.path).json()
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            if "security" not in told:
                filled = path.replace("{", "").replace("}", "")
                assert sound.ask(method.upper(), filled, json={}).status_code == 401, path


def test_a_vessel_is_changed_and_removed_by_its_owner(sound: Quayside) -> None:
    path = f"/v2/vessels/{sound.vessel(sound.tilda)}"
    assert sound.ask("PATCH", path, sound.tilda, json={"name": "Alga"}).json()["name"] == "Alga"
    assert sound.ask("DELETE", path, sound.jonas).status_code == 204
    assert sound.ask("GET", path, sound.tilda).status_code == 200
    assert sound.ask("DELETE", path, sound.tilda).status_code == 204
    assert sound.ask("GET", path, sound.tilda).status_code == 404


def test_a_booking_is_owed_for_until_it_is_cancelled(sound: Quayside) -> None:
    before = sound.me(sound.jonas)["owing_cents"]
    booked = sound.booking(sound.jonas).json()
    assert sound.me(sound.jonas)["owing_cents"] == before + booked["price_cents"]
    for _ in range(2):
        sound.ask("POST", f"/v2/bookings/{booked['id']}/cancellation", sound.jonas)
    assert sound.me(sound.jonas)["owing_cents"] == before


def test_pages_of_bookings_follow_each_other(sound: Quayside) -> None:
    for _ in range(3):
        sound.booking(sound.jonas)
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = sound.ask("GET", "/v2/bookings", sound.jonas, params=params).json()
        seen += [b["id"] for b in page["items"]]
        if not (cursor := page["next_cursor"]):
            break
    lines = sound.ask("GET", "/v2/bookings/export?format=jsonl", sound.jonas).text.splitlines()
    assert seen == [json.loads(line)["id"] for line in lines]


def test_a_letter_has_its_places_filled(sound: Quayside) -> None:
    body = {"template": "Dear {{ name }}, {{ vessel }}.", "vessel": "Alga"}
    told = sound.ask("POST", "/v2/letters/preview", sound.tilda, json=body).json()
    assert told == {"letter": "Dear Tilda Moor, Alga."}


def test_a_refresh_token_is_good_once_and_a_second_use_ends_the_session(sound: Quayside) -> None:
    who = PEOPLE.users[0].credentials[0]
    first = sound.login(who.name, who.secret).json()
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = sound.http.post("/v2/oauth/token", data=form).json()
    assert sound.ask("GET", "/v2/me", second["access_token"]).status_code == 200
    assert sound.http.post("/v2/oauth/token", data=form).status_code == 400
    assert sound.ask("GET", "/v2/me", second["access_token"]).status_code == 401


def test_a_token_that_was_given_back_opens_nothing(sound: Quayside) -> None:
    who = PEOPLE.users[1].credentials[0]
    token = sound.login(who.name, who.secret).json()["access_token"]
    sound.http.post("/v2/oauth/revoke", data={"token": token})
    assert sound.ask("GET", "/v2/me", token).status_code == 401


def test_guesses_at_a_password_are_limited(sound: Quayside) -> None:
    said = [sound.login("guess@harbour.example", f"no-{n}") for n in range(12)]
    assert said[-1].status_code == 429
    assert "Retry-After" in said[-1].headers


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"name": NaN, "length_cm": 900}', b"[" * 30_000, b'{"name": "\\ud800"}',
             b'{"name": "a", "length_cm": true}', b'{"name": "a", "length_cm": 900, "owner": "b"}',
             b'{"name": "' + b"a" * 70_000 + b'", "length_cm": 900}'],
)  # fmt: skip
def test_a_body_that_does_not_fit_is_refused_in_a_sentence(sound: Quayside, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    told = sound.ask("POST", "/v2/vessels", sound.tilda, content=body, headers=headers)
    assert told.status_code in {400, 413, 422}
    assert set(told.json()) == {"detail"}
