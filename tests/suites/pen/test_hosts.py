from __future__ import annotations

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit_suites.pen.hosts import goes_to, links_to

HOST = "l7.example"


def answered(status: int = 200, body: str = "", **headers: str) -> Answer:
    fields = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(Request("GET", "/"), status, fields, body.encode())


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        (answered(302, Location="https://l7.example/in"), "header Location"),
        (answered(302, Location="//l7.example/in"), "header Location"),
        (answered(Link='<https://l7.example/2>; rel="next"'), "header Link"),
        (answered(Set_Cookie="a=b; Domain=.l7.example"), "the domain of a cookie"),
        (answered(body='{"next": "https://l7.example:8/2"}'), "the body"),
        (answered(body=r'{"next": "https:\/\/l7.example\/2"}'), "the body"),
        (answered(body="<a href='//api.l7.example'>"), "the body"),
        (answered(421, body="The host l7.example is not served."), ""),
        (answered(302, Location="/in?host=l7.example"), ""),
        (answered(body="https://api.test/l7.example"), ""),
        (answered(body="https://nol7.example/"), ""),
    ],
)
def test_a_link_is_told_from_a_mention(answer: Answer, where: str) -> None:
    assert links_to(answer, HOST) == where


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("https://l7.example/", HOST),
        ("//l7.example", HOST),
        ("/\\l7.example", HOST),
        ("\\\\l7.example", HOST),
        ("///l7.example", HOST),
        ("https:l7.example", HOST),
        ("/\t/l7.example", HOST),
        ("https://api.test@l7.example/", HOST),
        ("/l7.example", "api.test"),
        ("/in?next=https://l7.example/", "api.test"),
        ("https://api.test/l7.example", "api.test"),
        ("https://[", ""),
    ],
)
def test_a_redirect_goes_where_a_browser_goes(target: str, host: str) -> None:
    assert goes_to(answered(302, Location=target), "https://api.test") == host


def test_only_a_redirect_goes_anywhere() -> None:
    assert goes_to(answered(200, Location="https://l7.example/"), "https://api.test") == ""
    assert goes_to(answered(201, Location="https://l7.example/"), "https://api.test") == ""
    refreshed = answered(200, Refresh="0; url=https://l7.example/")
    assert goes_to(refreshed, "https://api.test") == HOST
