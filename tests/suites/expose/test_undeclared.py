"""Members that nobody declared: only what would tell an outsider something counts."""

from __future__ import annotations

from l7audit_suites.expose.undeclared import sensitive, undeclared

SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "email": {"type": "string"},
        "owner": {"type": "object", "properties": {"name": {"type": "string"}}},
        "items": {"type": "array", "items": {"properties": {"id": {}}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def test_what_is_inner_private_or_secret_and_undeclared_is_found_wherever_it_stands() -> None:
    answer = {
        "id": "1",
        "email": "declared@example.org",
        "internal_notes": "pays late",
        "owner": {"name": "n", "phone": "1234"},
        "items": [{"id": "2", "password_hash": "x" * 20}],
    }
    assert sorted(undeclared(answer, SCHEMA)) == [
        "internal_notes",
        "items.password_hash",
        "owner.phone",
    ]


def test_harmless_extras_free_members_and_what_says_nothing_are_let_be() -> None:
    answer = {
        "id": "1", "etag": "abc", "links": {"self": "/x"}, "fraud_score": 3, "is_admin": False,
        "deleted_at": None, "labels": {"internal": "yes"},
    }  # fmt: skip
    assert list(undeclared(answer, SCHEMA)) == []
    assert list(undeclared({"internal": "x"}, {})) == []


def test_names_are_read_as_words() -> None:
    assert sensitive("lastLoginIp")
    assert sensitive("date_of_birth")
    assert not sensitive("rowan")
    assert not sensitive("emailed")
