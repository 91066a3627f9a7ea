"""Credentials are known by their form; examples and places that are nowhere are none."""

from __future__ import annotations

from typing import Any

import pytest

from l7audit_plugins.scanners.detect_secrets import DetectSecrets

# Put together here, so that this file holds none of them.
KEY = "AKIA" + "Q3EGRWT5YUHJKL2M"
TOKEN = "ghp_" + "aB3dE6gH9j" * 3 + "aB3dE6"
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----"


def found(ground: Any, line: str) -> list[str]:
    scan = DetectSecrets().scan(ground({"app/settings.py": f"def load():\n    return {line!r}\n"}))
    assert scan.found
    assert [p.operation for p in scan.looked_at] == ["app/settings.py"]
    return [str(w.place) for w in scan.weaknesses]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (KEY, "AWS Access Key"),
        (TOKEN, "GitHub Token"),
        (PEM, "Private Key"),
        ("postgresql://app:w4lrus-77@db.corp.net/app", "Basic Auth Credentials"),
    ],
)
def test_a_credential_is_named_by_its_file_kind_and_function(
    ground: Any, line: str, kind: str
) -> None:
    assert found(ground, line) == [f"app/settings.py ({kind} in load)"]


@pytest.mark.parametrize(
    "line",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "postgresql://user:password@db.corp.net/app",
        "postgresql://app:w4lrus-77@localhost/app",
        "postgresql://app:w4lrus-77@db.example.org/app",
        "-----BEGIN PUBLIC KEY-----",
        "password_encryption = 'scram-sha-256'",
    ],
)
def test_what_only_looks_like_one_is_none(ground: Any, line: str) -> None:
    assert found(ground, line) == []


def test_no_record_holds_the_credential(ground: Any) -> None:
    scan = DetectSecrets().scan(ground({"a.py": f"x = '{KEY}'\n"}))
    assert len(scan.weaknesses) == 1
    assert KEY not in repr(scan)
