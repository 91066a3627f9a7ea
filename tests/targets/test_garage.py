"""The garage: sound as it stands, and with each weakness that can be planted in it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import pytest
import yaml
from ground.running import running
from ground.target import service
from ground.weaknesses import weaknesses

WEAK = weaknesses("garage")
CLIENTS = service("garage")
_PLATES = (f"ZZ-T-{n}" for n in itertools.count(1))
_PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


class Forecourt:
    """Two fleets and the office before one garage."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=15, trust_env=False)
        assert CLIENTS.admin is not None
        people = (*CLIENTS.users, CLIENTS.admin)
        self.blue, self.city, self.office = (
            {"X-Api-Key": c.secret} for p in people for c in p.credentials if c.kind == "api_key"
        )

    def __enter__(self) -> Forecourt:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def ask(
        self, method: str, path: str, who: dict[str, str] | None = None, **rest: Any
    ) -> httpx.Response:
        headers = {**rest.pop("headers", {}), **(who or {})}
        return self.http.request(method, path, headers=headers, **rest)

    def token(self, nth: int = 0) -> httpx.Response:
        found = next(c for c in CLIENTS.users[nth].credentials if c.kind == "client")
        form = {"grant_type": "client_credentials"}
        return self.http.post("/oauth/token", data=form, auth=(found.name, found.secret))

    def vehicle(self, who: dict[str, str]) -> str:
        body = {"plate": next(_PLATES), "model": "Kombi"}
        return self.ask("POST", "/vehicles", who, json=body).json()["plate"]

    def key(self, who: dict[str, str], label: str) -> dict[str, str]:
        return self.ask("POST", "/keys", who, json={"label": label}).json()

    def job(self, who: dict[str, str], **more: Any) -> httpx.Response:
        body = {"plates": [self.vehicle(who)], **more}
        return self.ask("POST", "/jobs", who, json=body)

    def result(self, who: dict[str, str], name: str) -> httpx.Response:
        for _ in range(100):
            found = self.ask("GET", f"/jobs/{name}/result", who)
            if found.status_code != 409:
                break
            time.sleep(0.05)
        return found

    def bring_in(self, who: dict[str, str], notes: str, before: str = "") -> httpx.Response:
        xml = (
            f'<?xml version="1.0"?>{before}<fleet><vehicle plate="{next(_PLATES)}">'
            f"<model>Kombi</model><notes>{notes}</notes></vehicle></fleet>"
        )
        headers = {"Content-Type": "application/xml"}
        return self.ask("POST", "/vehicles/import", who, content=xml, headers=headers)


@pytest.fixture(scope="module")
def sound() -> Iterator[Forecourt]:
    with running("garage") as url, Forecourt(url) as on:
        yield on


@pytest.fixture(scope="module")
def weak() -> Iterator[Forecourt]:
    with running("garage", weak={"all"}) as url, Forecourt(url) as on:
        yield on


# --- each shows whether a weakness is there -----------------------------------------------------


def reads_a_strangers_vehicle(on: Forecourt) -> bool:
    return on.ask("GET", f"/vehicles/{on.vehicle(on.blue)}", on.city).status_code == 200


def removes_a_strangers_vehicle(on: Forecourt) -> bool:
    ref = on.vehicle(on.blue)
    on.ask("DELETE", f"/vehicles/{ref}", on.city)
    listed = on.ask("GET", "/vehicles?limit=100", on.blue).json()["items"]
    return ref not in {v["plate"] for v in listed}


def rotates_a_strangers_key(on: Forecourt) -> bool:
    key = on.key(on.blue, "to-rotate")
    on.ask("POST", f"/keys/{key['name']}/rotation", on.city)
    return on.ask("GET", "/client", {"X-Api-Key": key["secret"]}).status_code == 401


def reads_above_the_manuals(on: Forecourt) -> bool:
    return "[database]" in on.ask("GET", "/manuals/%2e%2e%2fsettings.ini", on.blue).text


def files_a_page_that_runs(on: Forecourt) -> bool:
    path = f"/vehicles/{on.vehicle(on.blue)}/documents/page.html"
    headers = {"Content-Type": "text/html"}
    on.ask("PUT", path, on.blue, content=b"<script>1</script>", headers=headers)
    found = on.ask("GET", path, on.blue)
    return found.headers["Content-Type"].startswith("text/html")


def runs_a_command(on: Forecourt) -> bool:
    body = {"code": "P0301 codes.txt; expr 1300 + 37; cat"}
    return "1337" in on.ask("POST", "/diagnostics", on.blue, json=body).json().get("lines", [])


def reads_a_file_by_an_entity(on: Forecourt) -> bool:
    before = '<!DOCTYPE fleet [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    found = on.bring_in(on.blue, "&x;", before)
    return found.status_code == 201 and bool(found.json()["imported"][0]["notes"].strip())


def sees_parts_that_are_not_listed(on: Forecourt) -> bool:
    params = {"maker": "x' or @listed='no"}
    return "X-900" in on.ask("GET", "/parts", on.blue, params=params).text


def has_a_token_without_an_end(on: Forecourt) -> bool:
    token = on.token().json()["access_token"]
    assert on.ask("GET", "/client", {"Authorization": f"Bearer {token}"}).status_code == 200
    return "exp" not in jwt.decode(token, options={"verify_signature": False})


def reads_a_result_as_nobody(on: Forecourt) -> bool:
    name = on.job(on.blue).json()["name"]
    assert on.result(on.blue, name).status_code == 200
    return on.result({}, name).status_code == 200


def sets_its_own_plan(on: Forecourt) -> bool:
    on.ask("PUT", "/office/clients/blue-wheels/plan", on.blue, json={"plan": "fleet"})
    return on.ask("GET", "/client", on.blue).json()["plan"] == "fleet"


def has_a_report_written_a_thousand_times(on: Forecourt) -> bool:
    made = on.job(on.blue, copies=1000)
    if made.status_code != 202:
        return False
    return on.result(on.blue, made.json()["name"]).text.count("plate;model;km") == 1000


def sees_the_secrets_of_keys(on: Forecourt) -> bool:
    secret = on.key(on.blue, "listed")["secret"]
    return secret in on.ask("GET", "/keys", on.blue).text


def sees_the_configuration(on: Forecourt) -> bool:
    return on.ask("GET", "/debug/config").status_code == 200


def reads_a_history_as_nobody(on: Forecourt) -> bool:
    return on.ask("GET", f"/vehicles/{on.vehicle(on.blue)}/history").status_code == 200


def may_be_kept_by_a_shared_cache(on: Forecourt) -> bool:
    return "public" in on.ask("GET", "/client", on.blue).headers["Cache-Control"]


def uses_a_key_that_was_withdrawn(on: Forecourt) -> bool:
    key = on.key(on.blue, "withdrawn")
    assert on.ask("DELETE", f"/keys/{key['name']}", on.blue).status_code == 204
    return on.ask("GET", "/client", {"X-Api-Key": key["secret"]}).status_code == 200


def reads_the_environment(on: Forecourt) -> bool:
    return "PASSWORD" in on.ask("GET", "/.env").text


def shows_its_key_in_the_address(on: Forecourt) -> bool:
    params = {"api_key": on.blue["X-Api-Key"]}
    return on.ask("GET", "/client", params=params).status_code == 200


SHOWN: dict[str, Callable[[Forecourt], bool]] = {
    "GG-01": reads_a_strangers_vehicle,
    "GG-02": removes_a_strangers_vehicle,
    "GG-03": rotates_a_strangers_key,
    "GG-04": reads_above_the_manuals,
    "GG-05": files_a_page_that_runs,
    "GG-06": runs_a_command,
    "GG-07": reads_a_file_by_an_entity,
    "GG-08": sees_parts_that_are_not_listed,
    "GG-09": has_a_token_without_an_end,
    "GG-10": reads_a_result_as_nobody,
    "GG-11": sets_its_own_plan,
    "GG-12": has_a_report_written_a_thousand_times,
    "GG-13": sees_the_secrets_of_keys,
    "GG-14": sees_the_configuration,
    "GG-15": reads_a_history_as_nobody,
    "GG-16": may_be_kept_by_a_shared_cache,
    "GG-17": uses_a_key_that_was_withdrawn,
    "GG-18": reads_the_environment,
    "GG-19": shows_its_key_in_the_address,
}


@pytest.mark.parametrize("ref", WEAK)
def test_a_planted_weakness_is_there_and_the_sound_garage_lacks_it(
    ref: str, sound: Forecourt, weak: Forecourt
) -> None:
    assert SHOWN[ref](weak)
    assert not SHOWN[ref](sound)


def test_one_weakness_comes_alone() -> None:
    with running("garage", weak={"GG-02"}) as url, Forecourt(url) as on:
        assert removes_a_strangers_vehicle(on)
        assert not reads_a_strangers_vehicle(on)


# --- the sound garage as its clients use it -----------------------------------------------------


def test_every_documented_read_answers_its_client(sound: Forecourt) -> None:
    document = yaml.safe_load(sound.http.get(CLIENTS.document.path).text)
    plate, job = sound.vehicle(sound.blue), sound.job(sound.blue).json()["name"]
    sound.result(sound.blue, job)
    headers = {"Content-Type": "image/png"}
    path = f"/vehicles/{plate}/documents/front.png"
    filed = sound.ask("PUT", path, sound.blue, content=_PNG, headers=headers)
    assert filed.status_code == 201
    made = {"plate": plate, "job": job, "filename": "front.png", "path": "engines/diesel.txt"}
    reads = [p.format(**made) for p, ops in document["paths"].items() if "get" in ops]
    answers = {p: sound.ask("GET", p, sound.blue).status_code for p in reads}
    assert answers == {p: 403 if "office" in p else 200 for p in reads}
    assert sound.ask("GET", path, sound.blue).content == _PNG
    assert sound.ask("GET", "/office/clients", sound.office).status_code == 200


def test_every_documented_operation_but_the_open_ones_asks_for_a_client(sound: Forecourt) -> None:
    document = yaml.safe_load(sound.http.get(CLIENTS.document.path).text)
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            if "security" not in told:
                filled = path.replace("{", "").replace("}", "")
                assert sound.ask(method.upper(), filled, json={}).status_code == 401, path


def test_a_token_opens_what_a_key_opens_and_both_at_once_open_nothing(sound: Forecourt) -> None:
    bearer = {"Authorization": f"Bearer {sound.token().json()['access_token']}"}
    assert sound.ask("GET", "/client", bearer).json()["name"] == "blue-wheels"
    assert sound.ask("GET", "/client", {**bearer, **sound.blue}).status_code == 401


def test_a_rotated_key_opens_with_its_new_secret_only(sound: Forecourt) -> None:
    old = sound.key(sound.city, "spare")
    new = sound.ask("POST", f"/keys/{old['name']}/rotation", sound.city).json()
    said = [sound.ask("GET", "/client", {"X-Api-Key": k["secret"]}) for k in (old, new)]
    assert [s.status_code for s in said] == [401, 200]


def test_vehicles_are_brought_in_from_xml_and_paged_by_cursor(sound: Forecourt) -> None:
    for n in range(5):
        assert sound.bring_in(sound.city, f"note {n}").status_code == 201
    seen, after = [], ""
    while True:
        params = {"limit": 3, "after": after}
        page = sound.ask("GET", "/vehicles", sound.city, params=params).json()
        seen += [v["plate"] for v in page["items"]]
        if not (after := page["next"]):
            break
    assert len(seen) == len(set(seen)) >= 7
    assert seen == sorted(seen)


def test_a_trouble_code_is_explained(sound: Forecourt) -> None:
    told = sound.ask("POST", "/diagnostics", sound.blue, json={"code": "P0301"}).json()
    assert told["lines"] == ["P0301 misfire of cylinder 1"]


def test_a_report_tells_of_the_callers_vehicles_only(sound: Forecourt) -> None:
    body = {"plates": [sound.vehicle(sound.blue), sound.vehicle(sound.city)]}
    name = sound.ask("POST", "/jobs", sound.city, json=body).json()["name"]
    lines = sound.result(sound.city, name).text.splitlines()
    assert [line.partition(";")[0] for line in lines] == ["plate", body["plates"][1]]


def test_a_paper_is_what_its_name_says(sound: Forecourt) -> None:
    path = f"/vehicles/{sound.vehicle(sound.blue)}/documents/front.png"
    headers = {"Content-Type": "image/png"}
    said = sound.ask("PUT", path, sound.blue, content=b"<html>", headers=headers)
    assert said.status_code == 415


def test_guesses_at_a_secret_are_limited(sound: Forecourt) -> None:
    form = {"grant_type": "client_credentials", "client_id": "guessed", "client_secret": "x"}
    said = [sound.http.post("/oauth/token", data=form) for _ in range(22)]
    assert said[-1].status_code == 429
    assert "Retry-After" in said[-1].headers


def test_no_answer_names_the_software(sound: Forecourt) -> None:
    for said in (sound.ask("GET", "/nowhere"), sound.ask("GET", "/client", {"X-Api-Key": "none"})):
        assert said.headers["Content-Type"].startswith("application/problem+json")
        assert "aiohttp" not in str(said.headers).lower() + said.text.lower()


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"[" * 30_000, b'{"plate": "HH-AB-1", "model": "\\ud800"}',
        b'{"plate": "HH-AB-1", "model": "a", "mileage_km": 1e999}',
        b'{"plate": "HH-AB-1", "model": "a", "client": "b"}', b'{"plate": "../x", "model": "a"}',
        b'{"plate": "HH-AB-1", "model": "' + b"a" * 600_000 + b'"}',
    ],
)  # fmt: skip
def test_a_body_that_does_not_fit_is_refused_in_a_sentence(sound: Forecourt, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    told = sound.ask("POST", "/vehicles", sound.blue, content=body, headers=headers)
    assert told.status_code in {400, 413, 422}
    assert set(told.json()) == {"type", "status", "detail"}
