from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from l7audit_suites.crypt.signatures import proves

SECRET = "l7audit-0123456789abcdef"
BODY = b'{"event":"test"}'
AT, ID = "1764312345", "msg_2b"


def digest(message: bytes, hashed: str = "sha256", key: bytes = SECRET.encode()) -> bytes:
    return hmac.digest(key, message, hashed)


def base(text: bytes) -> str:
    return base64.b64encode(text).decode()


@pytest.mark.parametrize(
    "headers",
    [
        [("x-hub-signature-256", f"sha256={digest(BODY).hex()}")],
        [("x-hub-signature", f"sha1={digest(BODY, 'sha1').hex()}")],
        [("stripe-signature", f"t={AT},v1={digest(f'{AT}.'.encode() + BODY).hex()}")],
        [
            ("x-slack-request-timestamp", AT),
            ("x-slack-signature", f"v0={digest(f'v0:{AT}:'.encode() + BODY).hex()}"),
        ],
        [
            ("webhook-id", ID),
            ("webhook-timestamp", AT),
            ("webhook-signature", f"v1,{base(digest(f'{ID}.{AT}.'.encode() + BODY))}"),
        ],
        [("x-shop-hmac-sha256", base(digest(BODY)))],
        [("x-gitlab-token", SECRET)],
    ],
)
def test_a_signature_of_a_common_kind_shows_that_the_secret_is_known(
    headers: list[tuple[str, str]],
) -> None:
    assert proves(SECRET, headers, BODY)
    assert not proves(f"{SECRET}-other", headers, BODY)
    assert SECRET in headers[0][1] or not proves(SECRET, headers, BODY + b" ")


def test_no_other_hash_of_the_body_does() -> None:
    plain = hashlib.sha256(BODY).hexdigest()
    assert not proves(SECRET, [("digest", plain), ("x-request-id", "1"), ("date", AT)], BODY)


def test_a_secret_may_be_the_encoding_of_its_key() -> None:
    key = b"0123456789abcdef01234567"
    headers = [("x-signature", digest(BODY, key=key).hex())]
    assert proves(f"whsec_{base(key)}", headers, BODY)
