"""The timebank: it serves its members, and each weakness is there exactly where it is planted."""

from __future__ import annotations

import base64
import hmac
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import httpx
import jwt
import pytest
from ground.running import running
from ground.target import service
from ground.weaknesses import weaknesses

PASSWORD = "seven-quiet-otters"


class Bank:
    """A running timebank, and what is done there again and again."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=20)

    def member(self) -> Member:
        """Somebody new."""
        email = f"{uuid4().hex}@timebank.example"
        body = {"email": email, "password": PASSWORD, "display_name": "Somebody"}
        assert self.http.post("/v2/registrations", json=body).status_code == 202
        return Member(self, email, PASSWORD)

    def administrator(self) -> Member:
        """The one who is there from the start."""
        admin = service("timebank").admin
        assert admin is not None
        return Member(self, admin.credentials[0].name, admin.credentials[0].secret)


class Member:
    """Somebody who is signed in."""

    def __init__(self, bank: Bank, email: str, password: str) -> None:
        self.bank, self.email = bank, email
        self.token = self.sign_in(password).json()["access_token"]

    def sign_in(self, password: str) -> httpx.Response:
        body = {"email": self.email, "password": password}
        return self.bank.http.post("/v2/sessions", json=body)

    def call(self, method: str, path: str, **more: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.bank.http.request(method, f"/v2{path}", headers=headers, **more)

    def wallet(self, minutes: int = 0) -> str:
        """A new wallet of theirs."""
        wallet = self.call("POST", "/wallets", json={"label": "mine"}).json()["id"]
        if minutes:
            body = {"minutes": minutes}
            path = f"/admin/wallets/{wallet}/credits"
            assert self.bank.administrator().call("POST", path, json=body).status_code == 201
        return wallet

    def balance(self, wallet: str) -> int:
        return self.call("GET", f"/wallets/{wallet}").json()["balance"]


def unsigned(bank: Bank) -> bool:
    member = bank.member()
    claims = jwt.decode(member.token, options={"verify_signature": False})
    member.token = jwt.encode(claims, "", algorithm="none")
    return member.call("GET", "/members/me").status_code == 200


def weak_secret(bank: Bank) -> bool:
    signed, _, signature = bank.member().token.rpartition(".")
    guess = hmac.digest(b"secret", signed.encode(), "sha256")
    return base64.urlsafe_b64encode(guess).rstrip(b"=").decode() == signature


def endless(bank: Bank) -> bool:
    return "exp" not in jwt.decode(bank.member().token, options={"verify_signature": False})


def not_revoked(bank: Bank) -> bool:
    member = bank.member()
    assert member.call("DELETE", "/sessions/current").status_code == 204
    return member.call("GET", "/members/me").status_code == 200


def reads_wallets(bank: Bank) -> bool:
    wallet = bank.member().wallet()
    return bank.member().call("GET", f"/wallets/{wallet}").status_code == 200


def changes_wallets(bank: Bank) -> bool:
    owner = bank.member()
    path = f"/wallets/{owner.wallet()}"
    bank.member().call("PATCH", path, json={"label": "taken"})
    return owner.call("GET", path).json()["label"] == "taken"


def lists_transfers(bank: Bank) -> bool:
    wallet = bank.member().wallet()
    return bank.member().call("GET", f"/wallets/{wallet}/transfers").status_code == 200


def withdraws_offers(bank: Bank) -> bool:
    owner = bank.member()
    body = {"title": "Lawn", "text": "mown", "minutes": 30}
    path = f"/offers/{owner.call('POST', '/offers', json=body).json()['id']}"
    bank.member().call("DELETE", path)
    return owner.call("GET", path).status_code == 404


def creates_minutes(bank: Bank) -> bool:
    member = bank.member()
    wallet = member.wallet()
    member.call("POST", f"/admin/wallets/{wallet}/credits", json={"minutes": 500})
    return member.balance(wallet) == 500


def makes_itself_administrator(bank: Bank) -> bool:
    member = bank.member()
    member.call("PATCH", "/members/me", json={"bio": "I", "role": "administrator"})
    return member.call("GET", "/members/me").json()["role"] == "administrator"


def shows_too_much(bank: Bank) -> bool:
    other = bank.member().call("GET", "/members/me").json()
    return "scrypt" in bank.member().call("GET", f"/members/{other['id']}").text


def sorts_by_sql(bank: Bank) -> bool:
    member = bank.member()
    query = "(CASE WHEN (SELECT role FROM members LIMIT 1)='{}' THEN number ELSE -number END)"
    both = [
        member.call("GET", "/offers", params={"sort": query.format(r)}) for r in ("member", "x")
    ]
    return all(a.status_code == 200 for a in both) and both[0].text != both[1].text


def fetches_loopback(bank: Bank) -> bool:
    seen = []

    class Inside(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"inside")

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Inside) as inside:
        threading.Thread(target=inside.serve_forever, daemon=True).start()
        member = bank.member()
        url = f"http://127.0.0.1:{inside.server_port}/secret"
        hook = member.call("POST", "/hooks", json={"url": url, "event": "offer"}).json()
        if "id" in hook:
            answer = member.call("POST", f"/hooks/{hook['id']}/deliveries")
            assert "inside" in answer.text
        inside.shutdown()
    return seen == ["/secret"]


def takes_from_others(bank: Bank) -> bool:
    robbed, robber = bank.member(), bank.member()
    theirs, mine = robbed.wallet(300), robber.wallet()
    body = {"to_wallet": theirs, "minutes": -200}
    robber.call("POST", f"/wallets/{mine}/transfers", json=body)
    return (robber.balance(mine), robbed.balance(theirs)) == (200, 100)


def gives_twice(bank: Bank) -> bool:
    member = bank.member()
    wallet = member.wallet()
    for _ in range(2):
        member.call("POST", "/members/me/welcome-gift", json={"wallet_id": wallet})
    assert member.balance(wallet) >= 60
    return member.balance(wallet) == 120


def redeems_twice(bank: Bank) -> bool:
    member = bank.member()
    source, wallet = member.wallet(500), member.wallet()
    for _ in range(3):
        body = {"wallet_id": source, "minutes": 10}
        code = member.call("POST", "/vouchers", json=body).json()["code"]
        redemption = {"code": code, "wallet_id": wallet}
        before = member.balance(wallet)
        with ThreadPoolExecutor(4) as crowd:
            list(
                crowd.map(
                    lambda r: member.call("POST", "/vouchers/redemptions", json=r), [redemption] * 4
                )
            )
        assert member.balance(wallet) >= before + 10
        if member.balance(wallet) > before + 10:
            return True
    return False


def guesses_passwords(bank: Bank) -> bool:
    member = bank.member()
    return {member.sign_in(f"guess-{n}").status_code for n in range(15)} == {401}


def guesses_codes(bank: Bank) -> bool:
    email = bank.member().email
    body = {"email": email, "code": "ABCDEFGHJK", "new_password": PASSWORD}
    path = "/v2/password-resets/confirmations"
    return {bank.http.post(path, json=body).status_code for _ in range(15)} == {400}


def answers_sooner(bank: Bank) -> bool:
    def taken(email: str) -> float:
        start = time.perf_counter()
        body = {"email": email, "password": "not-the-password"}
        assert bank.http.post("/v2/sessions", json=body).status_code == 401
        return time.perf_counter() - start

    known = [taken(bank.member().email) for _ in range(7)]
    unknown = [taken(f"{uuid4().hex}@timebank.example") for _ in range(7)]
    return statistics.median(unknown) < statistics.median(known) / 2


def tells_members(bank: Bank) -> bool:
    asked = [bank.member().email, "nobody@timebank.example"]
    known, unknown = (bank.http.post("/v2/password-resets", json={"email": e}) for e in asked)
    return (known.status_code, known.text) != (unknown.status_code, unknown.text)


def shows_its_inside(bank: Bank) -> bool:
    answer = bank.member().call("GET", "/offers", params={"cursor": "!"})
    return "Traceback" in answer.text and "offers.py" in answer.text


def reads_the_old_way(bank: Bank) -> bool:
    wallet = bank.member().wallet()
    return bank.http.get(f"/v1/wallets/{wallet}").status_code == 200


def shows_its_settings(bank: Bank) -> bool:
    return "JWT_SECRET" in bank.http.get("/debug/config").text


def lists_members(bank: Bank) -> bool:
    return "@timebank.example" in bank.http.get("/v2/internal/members").text


def admits_any_origin(bank: Bank) -> bool:
    answer = bank.http.get("/v2/members/me", headers={"Origin": "https://elsewhere.example"})
    return answer.headers.get("Access-Control-Allow-Origin") == "https://elsewhere.example"


DEMONSTRATIONS: dict[str, Callable[[Bank], bool]] = {
    "TB-01": unsigned,
    "TB-02": weak_secret,
    "TB-03": endless,
    "TB-04": not_revoked,
    "TB-05": reads_wallets,
    "TB-06": changes_wallets,
    "TB-07": lists_transfers,
    "TB-08": withdraws_offers,
    "TB-09": creates_minutes,
    "TB-10": makes_itself_administrator,
    "TB-11": shows_too_much,
    "TB-12": sorts_by_sql,
    "TB-13": fetches_loopback,
    "TB-14": takes_from_others,
    "TB-15": gives_twice,
    "TB-16": redeems_twice,
    "TB-17": guesses_passwords,
    "TB-18": guesses_codes,
    "TB-19": answers_sooner,
    "TB-20": tells_members,
    "TB-21": shows_its_inside,
    "TB-22": reads_the_old_way,
    "TB-23": shows_its_settings,
    "TB-24": lists_members,
    "TB-25": admits_any_origin,
}


@pytest.fixture(scope="module")
def sound() -> Iterator[Bank]:
    with running("timebank") as url:
        bank = Bank(url)
        yield bank
        bank.http.close()


@pytest.fixture(scope="module")
def weak() -> Iterator[Bank]:
    with running("timebank", weak={"all"}) as url:
        bank = Bank(url)
        yield bank
        bank.http.close()


def test_each_weakness_has_its_demonstration() -> None:
    assert list(DEMONSTRATIONS) == list(weaknesses("timebank"))


@pytest.mark.parametrize("planted", DEMONSTRATIONS)
def test_a_planted_weakness_is_there(weak: Bank, planted: str) -> None:
    assert DEMONSTRATIONS[planted](weak)


@pytest.mark.parametrize("planted", DEMONSTRATIONS)
def test_the_sound_twin_does_not_have_it(sound: Bank, planted: str) -> None:
    assert not DEMONSTRATIONS[planted](sound)


def test_members_give_minutes_to_each_other(sound: Bank) -> None:
    giver, taker = sound.member(), sound.member()
    source, destination = giver.wallet(100), taker.wallet()
    body = {"to_wallet": destination, "minutes": 40, "note": "thanks"}
    assert giver.call("POST", f"/wallets/{source}/transfers", json=body).status_code == 201
    assert (giver.balance(source), taker.balance(destination)) == (60, 40)
    (seen,) = taker.call("GET", f"/wallets/{destination}/transfers").json()
    assert (seen["minutes"], seen["note"]) == (40, "thanks")
    body["minutes"] = 61
    assert giver.call("POST", f"/wallets/{source}/transfers", json=body).status_code == 409


def test_an_offer_is_published_found_changed_and_withdrawn(sound: Bank) -> None:
    owner, word = sound.member(), uuid4().hex
    body = {"title": word, "text": "with care", "minutes": 30}
    path = f"/offers/{owner.call('POST', '/offers', json=body).json()['id']}"
    assert owner.call("PATCH", path, json={"minutes": 45}).status_code == 200
    (found,) = sound.member().call("GET", "/offers", params={"q": word, "sort": "minutes"}).json()
    assert found["minutes"] == 45
    assert owner.call("DELETE", path).status_code == 204


def test_a_new_password_ends_the_tokens_of_the_old_one(sound: Bank) -> None:
    member = sound.member()
    body = {"current_password": PASSWORD, "new_password": "nine-loud-magpies"}
    assert member.call("PUT", "/members/me/password", json=body).status_code == 204
    assert member.call("GET", "/members/me").status_code == 401
    assert member.sign_in(PASSWORD).status_code == 401
    assert member.sign_in("nine-loud-magpies").status_code == 201


@pytest.mark.parametrize(
    "body",
    [b"{", b"[" * 30_000, b'{"label": "\\ud800"}', b'{"label": "\xff"}', b'{"label": "\\u0000"}',
     b'{"label": 1e999}', b"NaN", b'{"label": "x", "balance": 9}'],
)  # fmt: skip
def test_what_no_wallet_can_be_is_refused_and_told_little(sound: Bank, body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    member = sound.member()
    kind["Authorization"] = f"Bearer {member.token}"
    answer = sound.http.post("/v2/wallets", content=body, headers=kind)
    assert answer.status_code in {400, 422}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert member.call("GET", "/wallets").json() == []
