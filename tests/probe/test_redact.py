from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from l7audit.journal import Observation, Violation, encode
from l7audit.model import Credential, Identity, Mint, Place, Target
from l7audit.probe.recording import recorded
from l7audit.probe.redact import Redactor
from l7audit.probe.request import Request
from l7audit.probe.scope import Origin
from l7audit.probe.wire import Reply

ORIGIN = Origin.of("https://api.example")
_ANY = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=8, max_size=80)
_TYPICAL = st.text('ABCDEFabcdef0123456789-_.+/=%&?#: "\\<>', min_size=8, max_size=80)
_SURROUNDING = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def test_what_a_check_quotes_is_redacted_and_what_it_is_called_stays() -> None:
    redactor = Redactor(["hunter2-hunter2"])
    told = Violation(
        check="hunter2-hunter2",
        control="AA-01",
        place=Place(operation="GET /x", part="hunter2-hunter2"),
        statement="It says hunter2-hunter2 for a Basic authentication; its password=unknown.",
        fingerprint="hunter2-hunter2",
        seen=base64.b64encode(b"hunter2-hunter2").decode(),
        exchanges=["hunter2-hunter2"],
    )
    said = redactor.record(told)
    tag = redactor.tag("secret", "hunter2-hunter2")
    assert said == msgspec.structs.replace(
        told,
        place=Place(operation="GET /x", part=tag),
        statement=f"It says {tag} for a Basic authentication; its password=unknown.",
        seen=tag,
    )
    data = {"hunter2-hunter2": [1, None, {"a": "hunter2-hunter2"}], "n": 1.5, "t": True}
    seen = redactor.record(Observation(check="c", control="AA-01", statement="", data=data))
    assert seen.data == {tag: [1, None, {"a": tag}], "n": 1.5, "t": True}


def test_a_cookie_that_was_set_is_known_from_then_on() -> None:
    redactor = Redactor()
    redactor.header("Set-Cookie", "sid=0123456789abcdef0123; HttpOnly")
    assert redactor.text("you are 0123456789abcdef0123") == "you are " + redactor.tag(
        "cookie", "0123456789abcdef0123"
    )


def percent(secret: str) -> str:
    """Every character percent-encoded, in lower case."""
    return "".join(f"%{byte:02x}" for byte in secret.encode())


def written_forms(secret: str) -> list[str]:
    data = secret.encode()
    return [
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        percent(secret),
        percent(secret).upper().replace("%5C", "%5c"),
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).rstrip(b"=").decode(),
        base64.b64encode(b"user:" + data).decode(),
        base64.b64encode(b"u:" + data + b"!").decode(),
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        quote(base64.b64encode(data).decode(), safe=""),
    ]


def unescaped_forms(secret: str) -> list[str]:
    """What must not be read in an encoded exchange: plain, base64 and percent-encoded."""
    data = secret.encode()
    return [
        secret,
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe=""),
        percent(secret),
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode().rstrip("="),
    ]


@settings(max_examples=120, deadline=None)
@given(_ANY | _TYPICAL, _SURROUNDING, _SURROUNDING, st.integers(0, 11))
def test_no_form_of_a_secret_is_ever_in_an_encoded_exchange(
    secret: str, before: str, after: str, form: int
) -> None:
    redactor = Redactor([secret])
    text = before + written_forms(secret)[form] + after
    visible = re.sub(r"[^\x21-\x7e]", "", quote(text, safe="%/?&=+-_.~:"))
    value = re.sub(r"[\r\n\0]", " ", text)
    request = Request("POST", f"/x?q={visible}", (("X-Note", value),), text.encode())
    reply = Reply(0.0, 1.0, 200, (("X-Echo", value),), text.encode(), error=text)
    exchange = encode(recorded(redactor, "e-1", "c", ORIGIN, request, reply)).decode()
    nothing = encode(
        recorded(Redactor(), "e-1", "c", ORIGIN, Request("POST", "/x?q="), Reply(0.0, 1.0, 200))
    ).decode()
    for found in unescaped_forms(secret):
        assume(found not in nothing)  # a secret that spells the journal's own words
        assume(found not in redactor.tag("secret", secret))
        assert found not in exchange


@pytest.mark.parametrize("sign", ["%", "%a"])
@pytest.mark.parametrize("secret", ["0000000;", "a0b1c2d3;e4", "12;" + "x" * 40])
def test_a_percent_sign_before_a_secret_hides_nothing_of_it(secret: str, sign: str) -> None:
    for text in (f"?q={sign}{quote(secret, safe='')}&z=1", f"{sign}{secret}%20"):
        shown = Redactor([secret]).text(text)
        assert quote(secret, safe="") not in shown
        assert secret not in shown
        assert shown.endswith(("&z=1", "%20"))


@given(st.lists(_TYPICAL, min_size=1, max_size=40, unique=True), st.integers(0, 39))
@settings(max_examples=40, deadline=None)
def test_a_secret_is_found_however_many_are_known(secrets: list[str], place: int) -> None:
    secret = secrets[place % len(secrets)]
    assume(secret not in Redactor().tag("secret", ""))
    shown = Redactor(secrets).text(f"x{secret}y")
    assert secret not in shown


def test_equal_secrets_look_equal_and_different_ones_different() -> None:
    redactor = Redactor(["first-secret", "other-secret"])
    shown = redactor.text("first-secret other-secret first-secret").split()
    assert shown[0] == shown[2] != shown[1]
    assert re.fullmatch(r"\[redacted:secret:[0-9a-f]{4}\]", shown[0])


def test_processes_that_know_the_same_secrets_write_the_same_tags() -> None:
    one, other = Redactor(["a-secret", "b-secret"]), Redactor(["b-secret", "a-secret"])
    assert one.text("a-secret") == other.text("a-secret")


def test_a_given_key_decides_the_tags() -> None:
    tags = {Redactor(key=key).tag("secret", "x") for key in (b"one", b"two", b"three")}
    assert len(tags) > 1


def test_the_target_s_secrets_are_known_from_the_start() -> None:
    target = Target(
        name="t",
        provider="p",
        base_url="https://x.example",
        capabilities=[],
        identities=[
            Identity(name="a", credentials=[Credential(kind="password", secret="correct horse")])
        ],
        mint=Mint(key_id="k", algorithm="HS256", private_key="minting-secret"),
    )
    shown = Redactor.of(target).text("correct+horse minting-secret")
    assert "horse" not in shown
    assert "minting" not in shown


def test_what_is_learned_is_redacted_from_then_on() -> None:
    redactor = Redactor()
    assert redactor.text("opaque-value-1") == "opaque-value-1"
    redactor.learn("opaque-value-1")
    assert "opaque" not in redactor.text("opaque-value-1")


def test_a_word_too_short_to_tell_is_left_alone() -> None:
    assert Redactor(["abc", ""]).text("abcdef") == "abcdef"


def test_a_secret_within_another_does_not_tear_it() -> None:
    redactor = Redactor(["hunter2!", "prefix-hunter2!-suffix"])
    shown = redactor.text("prefix-hunter2!-suffix")
    assert shown == redactor.tag("secret", "prefix-hunter2!-suffix")


@pytest.mark.parametrize("cut", range(8150, 8250, 7))
def test_a_secret_on_the_edge_of_a_long_body_is_not_shown_in_part(cut: int) -> None:
    secret = "k" + "0123456789abcdef" * 4
    body = b"." * cut + secret.encode() + b"." * 20_000
    reply = Reply(0.0, 1.0, 200, (), body)
    exchange = recorded(Redactor([secret]), "e", "c", ORIGIN, Request("GET", "/"), reply)
    assert "0123" not in exchange.response.body
    assert len(exchange.response.body) <= 8192
    assert exchange.response.size == len(body)


@pytest.mark.parametrize("cut", [20_430, 20_460, 20_475])
def test_a_secret_on_the_edge_of_what_is_looked_at_is_not_shown_in_part(cut: int) -> None:
    secret = "k" + "0123456789abcdef" * 4
    # Many redactions before it shrink the text, which would pull the torn end into view.
    noise = b"known-secret-of-some-length-that-shrinks " * 480
    body = noise.ljust(cut, b".")[:cut] + secret.encode() + b"." * 9000
    redactor = Redactor([secret, "known-secret-of-some-length-that-shrinks"])
    exchange = recorded(
        redactor, "e", "c", ORIGIN, Request("GET", "/"), Reply(0.0, 1.0, 200, (), body)
    )
    assert "0123" not in exchange.response.body


def test_a_hostile_text_costs_no_more_than_its_length() -> None:
    redactor = Redactor(["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAb"])
    for text in ("A" * 20_000, "%41" * 7000, "\\u0041" * 3000, '"token":"' * 2500, "ey" * 10_000):
        assert redactor.text(text) is not None
