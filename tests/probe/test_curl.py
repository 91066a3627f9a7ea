from __future__ import annotations

import shlex

from l7audit.journal import Exchange, Message
from l7audit.probe.curl import curl


def exchange(**changed: object) -> Exchange:
    given = {
        "id": "e",
        "check": "c",
        "method": "GET",
        "url": "https://x.example/a/../b?c=[1]",
        "request": Message(),
    }
    return Exchange(**{**given, **changed})  # type: ignore[arg-type]


def test_the_target_stays_as_it_was_sent() -> None:
    words = shlex.split(curl(exchange()))
    assert words[-1] == "https://x.example/a/../b?c=[1]"
    assert {"--path-as-is", "--globoff"} <= set(words)


def test_headers_and_body_are_quoted_for_a_shell() -> None:
    message = Message(headers=[("X-A", "it's $(x)"), ("X-Empty", "")], body="a'b\n`c`")
    words = shlex.split(curl(exchange(method="POST", request=message)))
    assert "X-A: it's $(x)" in words
    assert "X-Empty;" in words
    assert words[words.index("--data-raw") + 1] == "a'b\n`c`"
    assert words[words.index("-X") + 1] == "POST"


def test_a_placeholder_stands_for_each_secret() -> None:
    message = Message(headers=[("Authorization", "Bearer [redacted:bearer:1f2e]")])
    assert "Authorization: Bearer <bearer 1f2e>" in shlex.split(curl(exchange(request=message)))


def test_the_authority_of_a_run_is_named_where_it_is_known() -> None:
    assert "--cacert /ca.pem" in curl(exchange(), "/ca.pem")


def test_a_head_request_does_not_wait_for_a_body() -> None:
    assert "--head" in curl(exchange(method="HEAD"))


def test_a_body_that_names_a_file_is_sent_as_it_is() -> None:
    message = Message(body="@/etc/passwd")
    assert "--data-raw @/etc/passwd" in curl(exchange(method="POST", request=message))
