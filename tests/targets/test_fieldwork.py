"""The field work: it serves its people, and each weakness is there exactly where it is planted."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest
from ground.running import running
from ground.target import service
from ground.weaknesses import weaknesses


class Person:
    """Somebody with a key."""

    def __init__(self, field: Field, name: str, key: str) -> None:
        self.field, self.name, self.key = field, name, key

    def call(self, method: str, path: str, **more: object) -> httpx.Response:
        headers = {"X-Api-Key": self.key, **more.pop("headers", {})}
        return self.field.http.request(method, f"/api{path}", headers=headers, **more)

    def org(self) -> str:
        """The path of a new organisation of theirs."""
        body = {"name": f"o-{uuid4().hex[:12]}", "title": "New"}
        assert self.call("POST", "/orgs", json=body).status_code == 201
        return f"/orgs/{body['name']}"

    def project(self, org: str = "") -> str:
        """The path of a new project of theirs."""
        org = org or self.org()
        body = {"slug": f"p-{uuid4().hex[:12]}", "title": "Moss"}
        assert self.call("POST", f"{org}/projects", json=body).status_code == 201
        return f"{org}/projects/{body['slug']}"

    def sample(self, project: str, **more: str) -> str:
        """The path of a new sample of theirs."""
        body = {"name": f"s-{uuid4().hex[:12]}", "species": "oak", "taken": "2026-06-01", **more}
        assert self.call("POST", f"{project}/samples", json=body).status_code == 201
        return f"{project}/samples/{body['name']}"

    def is_member(self, org: str) -> bool:
        return self.call("GET", org).status_code == 200


class Field:
    """The running service and the people who are there from the start."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=20)
        described = service("fieldwork")
        assert described.admin is not None
        self.lena, self.omar, self.grace = (
            Person(self, p.name, p.credentials[0].secret)
            for p in [*described.users, described.admin]
        )
        self.basic = {p.name: p.credentials[1].secret for p in described.users}

    def sign_in(self, name: str, password: str) -> httpx.Response:
        return self.http.get("/api/account", auth=(name, password))


def key_in_the_address(field: Field) -> bool:
    return field.http.get("/api/account", params={"api_key": field.lena.key}).status_code == 200


def believed(field: Field) -> bool:
    answer = field.http.get("/api/account", headers={"X-Forwarded-User": "grace"})
    return answer.status_code == 200


def still_opens(field: Field) -> bool:
    made = field.lena.call("POST", "/keys", json={"name": f"k-{uuid4().hex[:8]}"}).json()
    person = Person(field, "lena", made["key"])
    assert person.call("GET", "/account").status_code == 200
    assert field.lena.call("DELETE", f"/keys/{made['name']}").json() == {"ok": True}
    return person.call("GET", "/account").status_code == 200


def takes_weak_passwords(field: Field) -> bool:
    good = field.basic["omar"]
    body = {"current": good, "new": "password1234"}
    taken = field.omar.call("POST", "/account/password", json=body).json()["ok"]
    if taken:
        back = {"current": "password1234", "new": good}
        assert field.omar.call("POST", "/account/password", json=back).json()["ok"]
    return taken


def guesses_passwords(field: Field) -> bool:
    name = f"nobody-{uuid4().hex[:8]}"
    return {field.sign_in(name, f"guess-{n}").status_code for n in range(15)} == {401}


def answers_sooner(field: Field) -> bool:
    def taken(name: str) -> float:
        start = time.perf_counter()
        assert field.sign_in(name, "not-it").status_code == 401
        return time.perf_counter() - start

    known = [taken("grace") for _ in range(4)]
    unknown = [taken(f"nobody-{uuid4().hex[:8]}") for _ in range(7)]
    return statistics.median(unknown) < statistics.median(known) / 2


def reads_projects(field: Field) -> bool:
    return field.omar.call("GET", field.lena.project()).status_code == 200


def changes_samples(field: Field) -> bool:
    sample = field.lena.sample(field.lena.project())
    _, _, _, *rest = sample.split("/")
    by_way_of_own = "/".join([field.omar.org(), *rest])
    field.omar.call("PATCH", by_way_of_own, json={"note": "taken over"})
    return field.lena.call("GET", sample).json()["note"] == "taken over"


def deletes_projects(field: Field) -> bool:
    project = field.lena.project()
    field.omar.call("DELETE", project)
    return field.lena.call("GET", project).status_code == 404


def lists_members(field: Field) -> bool:
    return "lena" in field.omar.call("GET", f"{field.lena.org()}/members").text


def lists_users(field: Field) -> bool:
    assert field.grace.call("GET", "/admin/users").status_code == 200
    return field.omar.call("GET", "/admin/users").status_code == 200


def makes_itself_manager(field: Field) -> bool:
    field.omar.call("PUT", "/orgs/commons/members/omar", json={"role": "manager"})
    roles = {
        m["username"]: m["role"] for m in field.omar.call("GET", "/orgs/commons/members").json()
    }
    return roles["omar"] == "manager"


def makes_itself_staff(field: Field) -> bool:
    field.omar.call("PATCH", "/account", json={"affiliation": "x", "is_staff": True})
    became = field.omar.call("GET", "/account").json()["is_staff"]
    if became:
        field.omar.call("PATCH", "/account", json={"is_staff": False})
    return became


def shows_secrets(field: Field) -> bool:
    return "webhook_secret" in field.lena.call("GET", "/orgs/alder-lab").text


def species_is_sql(field: Field) -> bool:
    path = "/orgs/alder-lab/projects/river-moss/samples"
    columns = "1, username, password, email, '2026-01-01', 1"
    asked = [
        f"zz%' UNION SELECT {columns} FROM fieldwork_user --",
        "zz%' OR '1%'='1",
    ]
    answers = [field.lena.call("GET", path, params={"species": a}).text for a in asked]
    return any("reed" in a or "scrypt" in a for a in answers)


def looks_into_other_tables(field: Field) -> bool:
    def found(start: str) -> bool:
        lookup = {"project__org__membership__user__password__startswith": start}
        answer = field.lena.call("POST", "/orgs/alder-lab/samples/find", json=lookup)
        return answer.status_code == 200 and answer.json() != []

    return found("scrypt$") and not found("bcrypt$")


def writes_formulas(field: Field) -> bool:
    project = field.lena.project()
    field.lena.sample(project, note="=1+1")
    return ",=1+1," in field.lena.call("GET", f"{project}/export").text


def books_negative_grants(field: Field) -> bool:
    project = field.lena.project()
    field.lena.call("POST", f"{project}/grants", json={"amount": -5.5})
    return field.lena.call("GET", project).json()["budget"] == -5.5


def analyses_without_end(field: Field) -> bool:
    path = f"{field.grace.project()}/analyses"
    return {field.grace.call("POST", path, json={}).status_code for _ in range(12)} == {201}


def links_elsewhere(field: Field) -> bool:
    host = {"Host": "elsewhere.example"}
    answer = field.lena.call("POST", f"{field.lena.org()}/invitations", headers=host)
    return "http://elsewhere.example/" in answer.text


def counts_codes(field: Field) -> bool:
    org = field.lena.org()
    codes = [field.lena.call("POST", f"{org}/invitations").json()["code"] for _ in range(2)]
    numbers = [c.rpartition("-")[2] for c in codes]
    return all(n.isdecimal() for n in numbers) and int(numbers[1]) == int(numbers[0]) + 1


def admits_look_alikes(field: Field) -> bool:
    origin = "https://notfieldwork.example"
    answer = field.http.get("/health", headers={"Origin": origin})
    return answer.headers.get("Access-Control-Allow-Origin") == origin


def may_be_kept(field: Field) -> bool:
    return "public" in field.lena.call("GET", "/account").headers["Cache-Control"]


def tells_versions(field: Field) -> bool:
    return "Django/" in field.http.get("/health").headers.get("X-Powered-By", "")


def shows_its_inside(field: Field) -> bool:
    path = "/orgs/alder-lab/projects/river-moss/samples"
    answer = field.lena.call("GET", path, params={"since": "yesterday"})
    return answer.status_code == 500 and "Traceback" in answer.text


def shows_settings(field: Field) -> bool:
    return "SECRET_KEY" in field.http.get("/debug/env").text


def shows_users(field: Field) -> bool:
    return "lena@fieldwork.example" in field.http.get("/internal/users").text


DEMONSTRATIONS: dict[str, Callable[[Field], bool]] = {
    "FW-01": key_in_the_address,
    "FW-02": believed,
    "FW-03": still_opens,
    "FW-04": takes_weak_passwords,
    "FW-05": guesses_passwords,
    "FW-06": answers_sooner,
    "FW-07": reads_projects,
    "FW-08": changes_samples,
    "FW-09": deletes_projects,
    "FW-10": lists_members,
    "FW-11": lists_users,
    "FW-12": makes_itself_manager,
    "FW-13": makes_itself_staff,
    "FW-14": shows_secrets,
    "FW-15": species_is_sql,
    "FW-16": looks_into_other_tables,
    "FW-17": writes_formulas,
    "FW-18": books_negative_grants,
    "FW-19": analyses_without_end,
    "FW-20": links_elsewhere,
    "FW-21": counts_codes,
    "FW-22": admits_look_alikes,
    "FW-23": may_be_kept,
    "FW-24": tells_versions,
    "FW-25": shows_its_inside,
    "FW-26": shows_settings,
    "FW-27": shows_users,
}


@pytest.fixture(scope="module")
def sound() -> Iterator[Field]:
    with running("fieldwork") as url:
        field = Field(url)
        yield field
        field.http.close()


@pytest.fixture(scope="module")
def weak() -> Iterator[Field]:
    with running("fieldwork", weak={"all"}) as url:
        field = Field(url)
        yield field
        field.http.close()


def test_each_weakness_has_its_demonstration() -> None:
    assert list(DEMONSTRATIONS) == list(weaknesses("fieldwork"))


@pytest.mark.parametrize("planted", DEMONSTRATIONS)
def test_a_planted_weakness_is_there(weak: Field, planted: str) -> None:
    assert DEMONSTRATIONS[planted](weak)


@pytest.mark.parametrize("planted", DEMONSTRATIONS)
def test_the_sound_twin_does_not_have_it(sound: Field, planted: str) -> None:
    assert not DEMONSTRATIONS[planted](sound)


def test_samples_are_added_found_changed_and_exported(sound: Field) -> None:
    org = sound.lena.org()
    project = sound.lena.project(org)
    sample = sound.lena.sample(project, species="royal oak")
    body = {"note": "wet"}
    assert sound.lena.call("PATCH", sample, json=body).json()["note"] == "wet"
    asked = {"species": "royal", "since": "2026-05-30"}
    assert len(sound.lena.call("GET", f"{project}/samples", params=asked).json()) == 1
    assert len(sound.lena.call("POST", f"{org}/samples/find", json=body).json()) == 1
    assert "royal oak,wet,2026-06-01" in sound.lena.call("GET", f"{project}/export").text
    assert sound.lena.call("DELETE", sample).status_code == 204
    assert sound.lena.call("GET", sample).status_code == 404


def test_an_invitation_lets_somebody_join_once(sound: Field) -> None:
    org = sound.lena.org()
    assert not sound.omar.is_member(org)
    code = sound.lena.call("POST", f"{org}/invitations").json()["code"]
    accept = {"json": {"code": code}}
    assert sound.omar.call("POST", "/invitations/accept", **accept).json()["ok"]
    assert sound.omar.is_member(org)
    answer = sound.grace.call("POST", "/invitations/accept", **accept)
    assert (answer.status_code, answer.json()["ok"]) == (200, False)
    assert not sound.grace.is_member(org)


def test_grants_add_up(sound: Field) -> None:
    project = sound.lena.project()
    for amount in (200, 50):
        sound.lena.call("POST", f"{project}/grants", json={"amount": amount})
    assert sound.lena.call("GET", project).json()["budget"] == 250


def test_both_ways_in_work_and_no_other(sound: Field) -> None:
    assert sound.sign_in("lena", sound.basic["lena"]).json()["username"] == "lena"
    assert sound.lena.call("GET", "/account").json()["username"] == "lena"
    for headers in (
        {},
        {"X-Api-Key": "fw_0"},
        {"Authorization": "Basic !"},
        {"X-Api-Key": b"\xff"},
    ):
        answer = sound.http.get("/api/account", headers=headers)
        assert answer.status_code == 401
        assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize(
    "body",
    [b"{", b"[" * 60_000, b"[]", b'{"name": "\\ud800", "title": "x"}', b"NaN",
     b'{"name": "\xff", "title": "x"}', b'{"name": ["x"], "title": "x"}',
     b'{"name": "x", "title": "\\u0000"}', b'{"name": "x", "title": "y", "id": 1}'],
)  # fmt: skip
def test_what_no_organisation_can_be_is_refused(sound: Field, body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    answer = sound.lena.call("POST", "/orgs", content=body, headers=kind)
    assert answer.status_code == 400
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
