from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from l7audit.probe.secret_forms import Forms


@given(st.text(min_size=4, max_size=40), st.binary(max_size=9), st.binary(max_size=9))
def test_wherever_base64_holds_the_secret_a_needle_is_in_it(
    secret: str, before: bytes, after: bytes
) -> None:
    data = before + secret.encode("utf-8", "surrogatepass") + after
    needles = Forms.of(secret, "tag").needles
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert any(needle in encode(data).decode() for needle in needles)


def test_hex_and_another_case_are_forms_but_a_short_word_in_capitals_is_none() -> None:
    needles = Forms.of("Hunter2!", "tag").needles
    assert {"hunter2!", "HUNTER2!", "48756e7465723221"} < set(needles)
    assert "TEST" not in Forms.of("test", "tag").needles


def test_the_secret_itself_is_looked_for_first() -> None:
    assert Forms.of("hunter2!", "tag").needles[0] == "hunter2!"
