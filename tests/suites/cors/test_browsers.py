from __future__ import annotations

import pytest

from l7audit.model import Identity, Place
from l7audit.probe.request import Request
from l7audit_suites.cors.browsers import AS_JSON, Browser, forms

ORIGIN = "https://elsewhere.example"


def of(same_site: str | None) -> Browser:
    attributes = {} if same_site is None else {"samesite": same_site}
    jar = {"sid": "s3cr3t", "csrftoken": "t0k3n"}
    return Browser(Identity(name="ann"), Place(operation="POST /login"), "sid", attributes, jar)


def test_another_site_s_page_sends_all_cookies_and_no_header_of_ours() -> None:
    request = Request(
        "POST",
        "/things",
        (("Content-Type", "text/plain"), ("X-CSRF-Token", "t0k3n"), ("Authorization", "Bearer x")),
        b"{}",
    )
    sent = of(None).sends(request, ORIGIN)
    assert sent.header("Origin") == ORIGIN
    assert set((sent.header("Cookie") or "").split("; ")) == {"sid=s3cr3t", "csrftoken=t0k3n"}
    assert sent.header("X-CSRF-Token") is None
    assert sent.header("Authorization") is None


@pytest.mark.parametrize(
    ("same_site", "kept"),
    [("Lax", True), ("STRICT", True), ("None", False), ("", False), (None, False)],
)
def test_browsers_keep_back_what_is_for_the_own_site(same_site: str | None, kept: bool) -> None:
    assert of(same_site).kept_home is kept


def test_json_is_written_as_text_and_as_a_form_before_it_is_sent_as_it_is() -> None:
    request = Request("POST", "/x", (("Content-Type", "application/json"),), b'{"a":"b c","n":1}')
    found = dict(forms(request))
    assert list(found) == ["as text", "as a form", AS_JSON]
    assert found["as a form"].content == b"a=b+c&n=1"


def test_what_a_form_can_send_is_sent_as_it_is() -> None:
    request = Request(
        "POST", "/x", (("Content-Type", "multipart/form-data; boundary=b"),), b"--b--"
    )
    assert list(forms(request)) == [("as a form", request)]
