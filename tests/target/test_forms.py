from __future__ import annotations

import pytest

from l7audit.target.forms import forgery_token, login_form, references


def test_the_first_form_that_asks_for_one_password_is_the_login() -> None:
    page = (
        "<form action=/find><input name=q></form>"
        "<form action=/join method=post><input name=user><input type=password name=a>"
        "<input type=password name=b></form>"
        "<FORM ACTION='enter?x=1' METHOD=post><input type=hidden name=t value='a&lt;b'>"
        "<input name=colour value=red><input name=login><input type=password name=pw></FORM>"
    )
    form = login_form(page, "/account/login")
    assert form is not None
    assert (form.method, form.path) == ("POST", "/account/enter?x=1")
    assert (form.user, form.password) == ("login", "pw")
    assert form.fields == {"t": "a<b", "colour": "red", "login": "", "pw": ""}


def test_a_form_without_an_action_goes_to_its_own_page_and_none_to_another_host() -> None:
    fields = "<input name=u><input type=password name=p>"
    own = login_form(f"<form method=post>{fields}</form>", "/in")
    away = login_form(f"<form method=post action=https://evil.example/x>{fields}", "/in")
    assert own is not None
    assert away is not None
    assert (own.path, away.path) == ("/in", "/x")


@pytest.mark.parametrize("page", ["", "{}", "<form", "<form><input type=password>", "\x00<<<>>>"])
def test_what_is_no_login_page_has_none(page: str) -> None:
    assert login_form(page, "/") is None


def test_a_page_without_end_is_read_in_bounds() -> None:
    assert login_form("<form>" * 300_000, "/") is None
    assert len(references("<a href=/x>" * 300_000)) <= 100


@pytest.mark.parametrize(
    "page",
    [
        "<meta name=csrf-token content=abc>",
        "<form><input type=hidden name=_csrf value=abc></form>",
        "<form><input name=q value=x></form><form><input type=hidden name=XSRF value=abc></form>",
    ],
)
def test_a_page_tells_its_token_against_forged_requests(page: str) -> None:
    assert forgery_token(page) == "abc"


def test_a_field_that_is_seen_is_no_token_against_forged_requests() -> None:
    assert forgery_token("<form><input name=csrf value=abc></form>") == ""
