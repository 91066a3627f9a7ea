"""The bakery: sound as it stands, and with each weakness that can be planted in it."""

from __future__ import annotations

import base64
import hmac
import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from ground.packages import lacking
from ground.running import running
from ground.target import service
from ground.weaknesses import weaknesses

WEAK = weaknesses("bakery")
PEOPLE = service("bakery")
PASSWORD = "Kneaded-slowly-7"
_NAMES = (f"guest-{n}@bakery.example" for n in itertools.count(1))


class Counter:
    """Two customers and the owner before one bakery."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=15, trust_env=False)
        assert PEOPLE.admin is not None
        self.lena, self.piet, self.owner = (
            self.token(p.credentials[0].name, p.credentials[0].secret)
            for p in (*PEOPLE.users, PEOPLE.admin)
        )

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def login(self, email: str, password: str, **rest: Any) -> httpx.Response:
        return self.ask("POST", "/api/login", json={"email": email, "password": password}, **rest)

    def token(self, email: str, password: str) -> str:
        return self.login(email, password).json()["token"]

    def ask(self, method: str, path: str, token: str = "", **rest: Any) -> httpx.Response:
        """A request without cookies but a session that is given here."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if sid := rest.pop("sid", ""):
            headers["Cookie"] = f"sid={sid}"
        said = self.http.request(method, path, headers=headers | rest.pop("headers", {}), **rest)
        self.http.cookies.clear()
        return said

    def guest(self, **more: Any) -> tuple[str, str]:
        """A new customer: e-mail and token."""
        email = next(_NAMES)
        body = {"email": email, "password": PASSWORD, "name": "Guest", **more}
        assert self.ask("POST", "/api/register", json=body).status_code == 202
        return email, self.token(email, PASSWORD)

    def profile(self, token: str) -> dict[str, Any]:
        return self.ask("GET", "/api/profile", token).json()

    def order(self, token: str, quantity: int = 1) -> httpx.Response:
        body = {"items": [{"productId": 1, "quantity": quantity}]}
        return self.ask("POST", "/api/orders", token, json=body)


@pytest.fixture(scope="module", autouse=True)
def ready() -> None:
    if reason := lacking("bakery"):
        pytest.skip(reason)


@pytest.fixture(scope="module")
def sound() -> Iterator[Counter]:
    with running("bakery") as url, Counter(url) as on:
        yield on


@pytest.fixture(scope="module")
def weak() -> Iterator[Counter]:
    with running("bakery", weak={"all"}) as url, Counter(url) as on:
        yield on


# --- each shows whether a weakness is there -----------------------------------------------------


def enters_with_an_unsigned_token(on: Counter) -> bool:
    head = _encoded(b'{"alg":"none","typ":"JWT"}')
    forged = f"{head}.{on.lena.split('.')[1]}."
    return on.ask("GET", "/api/profile", forged).status_code == 200


def signs_with_a_guessed_secret(on: Counter) -> bool:
    head, claims, _ = on.lena.split(".")
    other = _decoded(claims).replace(b'"sub":"1"', b'"sub":"2"')
    forged = f"{head}.{_encoded(other)}"
    signature = hmac.digest(b"secret", forged.encode(), "sha256")
    said = on.ask("GET", "/api/profile", f"{forged}.{_encoded(signature)}")
    return said.status_code == 200 and said.json()["email"].startswith("piet")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def finds_a_gift_card_by_an_operator(on: Counter) -> bool:
    said = on.ask("POST", "/api/giftcards/check", on.lena, json={"code": {"$ne": ""}})
    return said.status_code == 200 and said.json()["code"].startswith("GIFT-")


def guesses_passwords_without_end(on: Counter) -> bool:
    said = [on.login("guessed@bakery.example", f"no-{n}").status_code for n in range(14)]
    return 429 not in said


def guesses_codes_without_end(on: Counter) -> bool:
    body = {"email": "reset@bakery.example", "password": PASSWORD}
    said = [
        on.ask("POST", "/api/password/reset", json={**body, "code": f"{n:06}"}).status_code
        for n in range(12)
    ]
    return 429 not in said


def is_told_who_has_an_account(on: Counter) -> bool:
    said = [
        on.ask("POST", "/api/password/forgot", json={"email": e})
        for e in ("lena@bakery.example", "nobody@bakery.example")
    ]
    return said[0].text != said[1].text


def feels_who_has_an_account(on: Counter) -> bool:
    """Whether unknown e-mails are refused in less than half the time of known ones."""

    def seconds(email: str) -> float:
        began = time.perf_counter()
        assert on.login(email, "wrong").status_code == 401
        return time.perf_counter() - began

    known, unknown = [], []
    for n in range(7):
        known.append(seconds("owner@bakery.example"))
        unknown.append(seconds(f"nobody-{n}@bakery.example"))
    return statistics.median(unknown) < statistics.median(known) / 2


def registers_as_owner(on: Counter) -> bool:
    return on.profile(on.guest(role="admin")[1])["role"] == "admin"


def lists_customers_as_one(on: Counter) -> bool:
    return on.ask("GET", "/api/admin/users", on.lena).status_code == 200


def reads_a_strangers_receipt(on: Counter) -> bool:
    ref = on.order(on.lena).json()["id"]
    return on.ask("GET", f"/api/orders/{ref}/receipt", on.piet).status_code == 200


def cancels_a_strangers_order(on: Counter) -> bool:
    ref = on.order(on.lena).json()["id"]
    on.ask("DELETE", f"/api/orders/{ref}", on.piet)
    return on.ask("GET", f"/api/orders/{ref}", on.lena).status_code == 403


def redeems_a_coupon_twice(on: Counter) -> bool:
    _, token = on.guest()
    for _ in range(2):
        on.ask("POST", "/api/coupons/redeem", token, json={"code": "WELCOME5"})
    return on.profile(token)["credits"] == 3000


def earns_by_a_negative_order(on: Counter) -> bool:
    _, token = on.guest()
    made = on.order(token, -3)
    if made.status_code == 201:
        on.ask("POST", f"/api/orders/{made.json()['id']}/payment", token)
    return on.profile(token)["credits"] > 2000


def gives_the_same_credits_twice(on: Counter) -> bool:
    (_, giver), (_, taker) = on.guest(), on.guest()
    body = {"toUserId": on.profile(taker)["id"], "amount": 2000}

    def give(_: int) -> None:
        headers = {"Authorization": f"Bearer {giver}"}
        on.http.post("/api/credits/transfer", headers=headers, json=body)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(give, range(6)))
    return on.profile(taker)["credits"] > 4000


def is_led_to_another_site(on: Counter) -> bool:
    said = on.ask("GET", "/go", params={"to": "https://foreign.example/"})
    return said.headers.get("Location", "").startswith("https://foreign.example")


def has_a_tag_in_the_page(on: Counter) -> bool:
    return "<img src=x>" in on.ask("GET", "/shop", params={"q": "<img src=x>"}).text


def makes_a_pattern_run_for_seconds(on: Counter) -> bool:
    began = time.perf_counter()
    on.ask("POST", "/api/newsletter", json={"email": "a" * 60 + "!"})
    return time.perf_counter() - began > 2.5


def keeps_the_session_of_before_the_login(on: Counter) -> bool:
    sid = on.ask("GET", "/api/cart").cookies["sid"]
    who = PEOPLE.users[0].credentials[0]
    on.login(who.name, who.secret, sid=sid)
    return on.ask("GET", "/api/profile", sid=sid).status_code == 200


def lacks_protective_headers(on: Counter) -> bool:
    return "X-Content-Type-Options" not in on.ask("GET", "/api/products").headers


def shows_the_stack(on: Counter) -> bool:
    headers = {"Content-Type": "application/json"}
    said = on.ask("POST", "/api/orders", on.lena, content=b"{", headers=headers)
    return "node_modules" in said.text


def enters_after_the_logout(on: Counter) -> bool:
    _, token = on.guest()
    assert on.ask("POST", "/api/logout", token).status_code == 200
    return on.ask("GET", "/api/profile", token).status_code == 200


SHOWN: dict[str, Callable[[Counter], bool]] = {
    "BK-01": enters_with_an_unsigned_token,
    "BK-02": signs_with_a_guessed_secret,
    "BK-03": finds_a_gift_card_by_an_operator,
    "BK-04": guesses_passwords_without_end,
    "BK-05": guesses_codes_without_end,
    "BK-06": is_told_who_has_an_account,
    "BK-07": feels_who_has_an_account,
    "BK-08": registers_as_owner,
    "BK-09": lists_customers_as_one,
    "BK-10": reads_a_strangers_receipt,
    "BK-11": cancels_a_strangers_order,
    "BK-12": redeems_a_coupon_twice,
    "BK-13": earns_by_a_negative_order,
    "BK-14": gives_the_same_credits_twice,
    "BK-15": is_led_to_another_site,
    "BK-16": has_a_tag_in_the_page,
    "BK-17": makes_a_pattern_run_for_seconds,
    "BK-18": keeps_the_session_of_before_the_login,
    "BK-19": lacks_protective_headers,
    "BK-20": shows_the_stack,
    "BK-21": enters_after_the_logout,
}


@pytest.mark.parametrize("ref", WEAK)
def test_a_planted_weakness_is_there_and_the_sound_bakery_lacks_it(
    ref: str, sound: Counter, weak: Counter
) -> None:
    assert SHOWN[ref](weak)
    assert not SHOWN[ref](sound)


def test_one_weakness_comes_alone() -> None:
    with running("bakery", weak={"BK-11"}) as url, Counter(url) as on:
        assert cancels_a_strangers_order(on)
        assert not reads_a_strangers_receipt(on)


# --- the sound bakery as its customers use it ---------------------------------------------------


def test_every_documented_read_answers_its_customer(sound: Counter) -> None:
    document = sound.http.get(PEOPLE.document.path).json()
    ref = sound.order(sound.lena).json()["id"]
    fill = {"/api/orders/{id}": ref}
    reads = [
        p.replace("{id}", str(fill.get(p, 1))) for p, o in document["paths"].items() if "get" in o
    ]
    assert {p: sound.ask("GET", p, sound.lena).status_code for p in reads} == dict.fromkeys(
        reads, 200
    )


def test_every_guarded_operation_asks_for_a_customer(sound: Counter) -> None:
    document = sound.http.get(PEOPLE.document.path).json()
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            if "security" in told:
                filled = path.replace("{id}", "1")
                assert sound.ask(method.upper(), filled, json={}).status_code == 401, path
    for path in ("/api/admin/users", "/api/orders/1/receipt"):
        assert sound.ask("GET", path).status_code == 401


def test_an_order_is_paid_once_with_credits(sound: Counter) -> None:
    _, token = sound.guest()
    made = sound.order(token, 2).json()
    path = f"/api/orders/{made['id']}/payment"
    assert sound.ask("POST", path, token).json()["credits"] == 2000 - made["totalCents"]
    assert sound.ask("POST", path, token).status_code == 409


def test_another_customers_order_is_refused_as_one_that_is_not_there(sound: Counter) -> None:
    ref = sound.order(sound.lena).json()["id"]
    for method in ("GET", "DELETE"):
        said = [sound.ask(method, f"/api/orders/{r}", sound.piet) for r in (ref, 10**12, "none")]
        assert [(s.status_code, s.text) for s in said] == [(403, said[0].text)] * 3
    assert sound.ask("GET", f"/api/orders/{ref}", sound.lena).status_code == 200


def test_a_session_opens_by_cookie_but_not_from_another_site(sound: Counter) -> None:
    who = PEOPLE.users[1].credentials[0]
    login = sound.login(who.name, who.secret)
    sid = login.cookies["sid"]
    assert sound.ask("GET", "/api/profile", sid=sid).status_code == 200
    headers = {"Origin": "https://foreign.example"}
    body = {"name": "Forged"}
    said = sound.ask("PATCH", "/api/profile", sid=sid, headers=headers, json=body)
    assert said.status_code == 401
    assert sound.ask("POST", "/api/logout", sid=sid).status_code == 200
    assert sound.ask("GET", "/api/profile", login.json()["token"]).status_code == 401
    assert sound.ask("GET", "/api/profile", sid=sid).status_code == 401


def test_a_password_is_reset_by_the_code_of_a_mail_and_ends_what_was_open(
    tmp_path: Path,
) -> None:
    with running("bakery", folder=tmp_path) as url, Counter(url) as on:
        email, token = on.guest()
        assert on.ask("POST", "/api/password/forgot", json={"email": email}).status_code == 202
        on.ask("GET", "/health")
        mails = (tmp_path / "outbox.jsonl").read_text().splitlines()
        code = json.loads(mails[-1])["text"][-7:-1]
        body = {"email": email, "code": code, "password": "Baked-afresh-12"}
        assert on.ask("POST", "/api/password/reset", json=body).status_code == 200
        assert on.ask("POST", "/api/password/reset", json=body).status_code == 400
        assert on.ask("GET", "/api/profile", token).status_code == 401
        assert on.login(email, PASSWORD).status_code == 401
        assert on.login(email, "Baked-afresh-12").status_code == 200


def test_an_account_that_is_there_is_not_told_of_and_stays_as_it_is(sound: Counter) -> None:
    body = {"email": "lena@bakery.example", "password": "Another-one-55", "name": "Not Lena"}
    said = sound.ask("POST", "/api/register", json=body)
    new = sound.ask("POST", "/api/register", json={**body, "email": next(_NAMES)})
    assert (said.status_code, said.text) == (new.status_code, new.text)
    assert sound.login("lena@bakery.example", "Another-one-55").status_code == 401
    assert sound.profile(sound.lena)["name"] == "Lena Korn"


def test_the_owner_sets_what_a_customer_has(sound: Counter) -> None:
    _, token = sound.guest()
    path = f"/api/admin/users/{sound.profile(token)['id']}"
    assert sound.ask("PATCH", path, token, json={"credits": 9}).status_code == 403
    assert sound.ask("PATCH", path, sound.owner, json={"credits": 9}).status_code == 200
    assert sound.profile(token)["credits"] == 9


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"7", b"[" * 30_000, b'{"items": 7}', b'{"items": [null]}',
             b'{"items": [{"productId": "__proto__", "quantity": 1}]}',
             b'{"items": [{"productId": 1, "quantity": 1.5}]}',
             b'{"items": [{"productId": 1, "quantity": 1}], "note": {"a": 1}}',
             b'{"note": "' + b"a" * 70_000 + b'"}'],
)  # fmt: skip
def test_a_body_that_does_not_fit_is_refused_in_a_sentence(sound: Counter, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    told = sound.ask("POST", "/api/orders", sound.lena, content=body, headers=headers)
    assert told.status_code in {400, 413, 422}
    assert set(told.json()) == {"error"}
