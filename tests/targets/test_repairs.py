"""The repair shop: it serves its customers, and each weakness is there exactly where planted."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from ground.running import running
from ground.target import service
from ground.weaknesses import weaknesses

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


class Shop:
    """A running repair shop and the people who go there."""

    def __init__(self, url: str) -> None:
        self.url = url
        described = service("repairs")
        assert described.admin is not None
        people = [*described.users, described.admin]
        self.passwords = {p.name: p.credentials[0].secret for p in people}
        self.mara, self.theo, self.ines = (Visitor(self, n) for n in self.passwords)
        self.stranger = Visitor(self)

    def close(self) -> None:
        for visitor in (self.mara, self.theo, self.ines, self.stranger):
            visitor.http.close()


class Visitor:
    """A browser, signed in where a name is given."""

    def __init__(self, shop: Shop, name: str = "") -> None:
        hooks = {"response": [lambda _: self._as_browsers_do()]}
        self.http = httpx.Client(base_url=shop.url, timeout=30, event_hooks=hooks)
        self.csrf = ""
        if name:
            assert self.sign_in(name, shop.passwords[name]).status_code == 303
            self.csrf = self.http.get("/api/session").json()["csrf_token"]

    def _as_browsers_do(self) -> None:
        """To loopback browsers send Secure cookies without TLS; the client's jar does not."""
        for cookie in self.http.cookies.jar:
            cookie.secure = False

    def sign_in(self, name: str, password: str, **more: str) -> httpx.Response:
        found = re.search(r'csrf_token" value="([^"]+)', self.http.get("/login").text)
        assert found is not None
        form = {"username": name, "password": password, "csrf_token": found[1], **more}
        return self.http.post("/login", data=form)

    def call(self, method: str, path: str, **more: object) -> httpx.Response:
        headers = {"X-CSRF-Token": self.csrf} if self.csrf else {}
        headers.update(more.pop("headers", {}))
        return self.http.request(method, path, headers=headers, **more)

    def job(self) -> str:
        """The path of a new job of theirs."""
        body = {"device": "Kettle", "problem": "It leaks."}
        return f"/api/jobs/{self.call('POST', '/api/jobs', json=body).json()['id']}"

    def file(self, job: str, name: str = "a.png", data: bytes = PNG) -> httpx.Response:
        return self.call("POST", f"{job}/files", files={"file": (name, data)})


def fresh(shop: Shop, do: Callable[[Visitor], bool]) -> bool:
    visitor = Visitor(shop)
    try:
        return do(visitor)
    finally:
        visitor.http.close()


def keeps_the_session(shop: Shop) -> bool:
    def do(visitor: Visitor) -> bool:
        visitor.http.get("/login")
        before = visitor.http.cookies["repairs_session"]
        assert visitor.sign_in("mara", shop.passwords["mara"]).status_code == 303
        visitor.http.cookies.clear()
        visitor.http.cookies.set("repairs_session", before)
        return visitor.http.get("/api/session").status_code == 200

    return fresh(shop, do)


def bare_cookie(shop: Shop) -> bool:
    def do(visitor: Visitor) -> bool:
        cookie = visitor.sign_in("mara", shop.passwords["mara"]).headers["Set-Cookie"]
        return "HttpOnly" not in cookie or "SameSite" not in cookie

    return fresh(shop, do)


def changes_without_token(shop: Shop) -> bool:
    body = {"device": "Kettle", "problem": "It leaks."}
    origin = {"Origin": "https://elsewhere.example"}
    return shop.mara.http.post("/api/jobs", json=body, headers=origin).status_code == 201


def leads_elsewhere(shop: Shop) -> bool:
    answer = shop.mara.http.get("/login", params={"next": "https://elsewhere.example/"})
    return answer.headers["Location"].startswith("https://elsewhere.example")


def repeats_html(shop: Shop) -> bool:
    answer = shop.stranger.http.get("/search", params={"q": "<img src=x onerror=1>"})
    assert answer.status_code == 200
    return "<img src=x onerror=1>" in answer.text


def reads_jobs(shop: Shop) -> bool:
    return "leaks" in shop.theo.call("GET", shop.mara.job()).text


def removes_files(shop: Shop) -> bool:
    path = f"/api/files/{shop.mara.file(shop.mara.job()).json()['id']}"
    shop.theo.call("DELETE", path)
    return shop.mara.call("GET", path).status_code == 404


def comments_everywhere(shop: Shop) -> bool:
    path = f"{shop.mara.job()}/comments"
    shop.theo.call("POST", path, json={"text": "mine now"})
    return "mine now" in shop.mara.call("GET", path).text


def sees_all_jobs(shop: Shop) -> bool:
    assert shop.ines.call("GET", "/api/staff/jobs").status_code == 200
    return shop.mara.call("GET", "/api/staff/jobs").status_code == 200


def sets_prices(shop: Shop) -> bool:
    path = shop.mara.job()
    body = {"device": "Kettle", "status": "done", "price_cents": 1}
    shop.mara.call("PUT", path, json=body)
    return shop.mara.call("GET", path).json()["price_cents"] == 1


def reads_any_file(shop: Shop) -> bool:
    answer = shop.mara.call("GET", "/api/manuals", params={"name": "../../../../../etc/passwd"})
    return "root:" in answer.text


def keeps_pages(shop: Shop) -> bool:
    sent = shop.mara.file(shop.mara.job(), "a.html", b"<script>1</script>")
    if sent.status_code != 201:
        return False
    answer = shop.mara.call("GET", f"/api/files/{sent.json()['id']}")
    return answer.headers["Content-Type"].startswith("text/html") and b"<script>" in answer.content


def runs_commands(shop: Shop) -> bool:
    body = {"printer": "counter; echo $((6*7))x"}
    return "\n42x\n" in shop.mara.call("POST", f"{shop.mara.job()}/labels", json=body).json().get(
        "printed", ""
    )


def renders_templates(shop: Shop) -> bool:
    body = {"template": "{{ 6 * 7 }}x", "job_id": int(shop.mara.job().rpartition("/")[2])}
    answer = shop.mara.call("POST", "/api/notices/preview", json=body)
    assert answer.status_code == 200
    return answer.json()["notice"] == "42x"


def reads_entities(shop: Shop) -> bool:
    order = (
        '<!DOCTYPE order [<!ENTITY f SYSTEM "file:///etc/passwd">]><order><part>&f;</part></order>'
    )
    kind = {"Content-Type": "application/xml"}
    return "root:" in shop.mara.call("POST", "/api/orders", content=order, headers=kind).text


def asks_by_expression(shop: Shop) -> bool:
    answer = shop.mara.call("GET", "/api/parts", params={"brand": "x' or '1'='1"})
    everything = shop.mara.call("GET", "/api/parts", params={"brand": "' or true()] | //part['"})
    return "Bulb" in answer.text and "Dealer list" in everything.text


def pages_without_end(shop: Shop) -> bool:
    return shop.mara.call("GET", "/api/jobs", params={"limit": 100_000}).status_code == 200


def looks_at_blanks_for_long(shop: Shop) -> bool:
    path = f"{shop.mara.job()}/comments"

    def taken(text: str) -> float:
        start = time.perf_counter()
        assert shop.mara.call("POST", path, json={"text": text}).status_code == 201
        return time.perf_counter() - start

    plain = min(taken("y" * 15_000 + "x") for _ in range(3))
    return min(taken("y" + " " * 15_000 + "x") for _ in range(2)) > 20 * plain + 0.2


def bare_headers(shop: Shop) -> bool:
    headers = shop.stranger.http.get("/login").headers
    return "X-Frame-Options" not in headers and "X-Powered-By" in headers


def shows_settings(shop: Shop) -> bool:
    return "SECRET_KEY=" in shop.stranger.http.get("/.env").text


def shows_all_customers(shop: Shop) -> bool:
    return "Mara Lind" in shop.stranger.http.get("/api/export").text


def admin_admin(shop: Shop) -> bool:
    return fresh(shop, lambda visitor: visitor.sign_in("admin", "admin").status_code == 303)


def tells_customers(shop: Shop) -> bool:
    def do(visitor: Visitor) -> bool:
        known, unknown = (visitor.sign_in(n, "no").text for n in ("theo", "nobody"))
        return re.findall("<p role.*", known) != re.findall("<p role.*", unknown)

    return fresh(shop, do)


def lists_files_for_all(shop: Shop) -> bool:
    job = shop.mara.job()
    shop.mara.file(job, "holiday.png")
    return "holiday.png" in shop.stranger.http.get(f"{job}/files").text


DEMONSTRATIONS: dict[str, Callable[[Shop], bool]] = {
    "RE-01": keeps_the_session,
    "RE-02": bare_cookie,
    "RE-03": changes_without_token,
    "RE-04": leads_elsewhere,
    "RE-05": repeats_html,
    "RE-06": reads_jobs,
    "RE-07": removes_files,
    "RE-08": comments_everywhere,
    "RE-09": sees_all_jobs,
    "RE-10": sets_prices,
    "RE-11": reads_any_file,
    "RE-12": keeps_pages,
    "RE-13": runs_commands,
    "RE-14": renders_templates,
    "RE-15": reads_entities,
    "RE-16": asks_by_expression,
    "RE-17": pages_without_end,
    "RE-18": looks_at_blanks_for_long,
    "RE-19": bare_headers,
    "RE-20": shows_settings,
    "RE-21": shows_all_customers,
    "RE-22": admin_admin,
    "RE-23": tells_customers,
    "RE-24": lists_files_for_all,
}


@pytest.fixture(scope="module")
def sound() -> Iterator[Shop]:
    with running("repairs") as url:
        shop = Shop(url)
        yield shop
        shop.close()


@pytest.fixture(scope="module")
def weak() -> Iterator[Shop]:
    with running("repairs", weak={"all"}) as url:
        shop = Shop(url)
        yield shop
        shop.close()


def test_each_weakness_has_its_demonstration() -> None:
    assert list(DEMONSTRATIONS) == list(weaknesses("repairs"))


@pytest.mark.parametrize("planted", DEMONSTRATIONS)
def test_a_planted_weakness_is_there(weak: Shop, planted: str) -> None:
    assert DEMONSTRATIONS[planted](weak)


@pytest.mark.parametrize("planted", DEMONSTRATIONS)
def test_the_sound_twin_does_not_have_it(sound: Shop, planted: str) -> None:
    assert not DEMONSTRATIONS[planted](sound)


def test_a_job_is_handed_in_quoted_and_withdrawn(sound: Shop) -> None:
    path = sound.mara.job()
    quote = f"{path.replace('/api/', '/api/staff/')}/quote"
    body = {"price_cents": 1200, "status": "done"}
    assert sound.mara.call("POST", quote, json=body).status_code == 403
    assert sound.ines.call("POST", quote, json=body).status_code == 200
    assert sound.mara.call("GET", path).json()["price_cents"] == 1200
    assert "Kettle" in sound.mara.http.get("/jobs").text
    assert sound.mara.call("DELETE", path).status_code == 204
    assert sound.mara.call("GET", path).status_code == 404


def test_a_picture_comes_back_as_it_was_sent(sound: Shop) -> None:
    file = sound.mara.file(sound.mara.job(), "../../leak.png").json()
    answer = sound.mara.call("GET", f"/api/files/{file['id']}")
    assert answer.content == PNG
    assert answer.headers["Content-Disposition"] == "attachment; filename=leak.png"
    assert sound.theo.call("GET", f"/api/files/{file['id']}").status_code == 403


def test_parts_are_found_and_ordered(sound: Shop) -> None:
    assert [p["name"] for p in sound.mara.call("GET", "/api/parts").json()["parts"]] == [
        "Bulb", "Switch",
    ]  # fmt: skip
    kind = {"Content-Type": "application/xml"}
    order = "<order><part>Bulb</part></order>"
    answer = sound.mara.call("POST", "/api/orders", content=order, headers=kind)
    assert answer.json() == {"ordered": ["Bulb"]}


def test_who_is_not_signed_in_is_sent_to_the_login(sound: Shop) -> None:
    for path in ("/", "/jobs", "/api/jobs", "/api/jobs/1", "/api/session"):
        answer = sound.stranger.http.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/login")


def test_signing_out_ends_the_session(sound: Shop) -> None:
    def do(visitor: Visitor) -> bool:
        visitor.sign_in("theo", sound.passwords["theo"])
        before = visitor.http.cookies["repairs_session"]
        token = visitor.http.get("/api/session").json()["csrf_token"]
        assert visitor.http.post("/logout", data={"csrf_token": token}).status_code == 303
        visitor.http.cookies.clear()
        visitor.http.cookies.set("repairs_session", before)
        return visitor.http.get("/api/session").status_code == 302

    assert fresh(sound, do)


@pytest.mark.parametrize(
    "body", [b"{", b"[" * 60_000, b"[]", b'{"device": "\\ud800", "problem": "x"}',
             b'{"device": "\xff", "problem": "x"}', b'{"device": 1, "problem": "x"}'],
)  # fmt: skip
def test_what_no_job_can_be_is_refused(sound: Shop, body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    answer = sound.mara.call("POST", "/api/jobs", content=body, headers=kind)
    assert answer.status_code in {400, 422}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
