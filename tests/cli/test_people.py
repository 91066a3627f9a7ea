"""Who may log in, as options and as answers on a terminal tell it."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from l7audit.cli.people import asked, given_identity
from l7audit.errors import UsageError
from l7audit.model import Identity
from l7audit.scouting.entrances import Way


def answered(*lines: str) -> list[tuple[Identity, str]]:
    """What becomes of the answers, a line each."""
    found: list[tuple[Identity, str]] = []

    @click.command()
    def command() -> None:
        found.extend(asked([Way("password", "POST /enter")]))

    done = CliRunner().invoke(command, input="".join(f"{line}\n" for line in lines))
    assert done.exit_code == 0, done.output
    assert "s3cret" not in done.output
    return found


def test_two_users_and_an_admin_are_asked_for() -> None:
    found = answered(
        "ann", "", "ann@example.org", "s3cret-1",
        "ben b", "api_key", "X-Key", "s3cret-2",
        "root", "bearer", "s3cret-3",
    )  # fmt: skip
    assert [(i.name, i.role, i.credentials[0].kind, i.credentials[0].name) for i, _ in found] == [
        ("ann", "user", "password", "ann@example.org"),
        ("ben-b", "user", "api_key", "X-Key"),
        ("root", "admin", "bearer", ""),
    ]
    assert [i.credentials[0].secret for i, _ in found] == ["s3cret-1", "s3cret-2", "s3cret-3"]


def test_who_is_not_named_is_left_out() -> None:
    assert answered("", "", "") == []


def test_a_secret_is_taken_from_the_variable_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANN_WORD", "s3cret")
    identity, stands = given_identity("ann:password:ann@example.org:${ANN_WORD}", "user")
    assert (identity.credentials[0].secret, stands) == ("s3cret", "ANN_WORD")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ann", "no identity that can be read"),
        ("ann:charm:x:y", "no identity that can be read"),
        ("ann:password:ann@example.org:${NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_mend(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        given_identity(text, "user")
    assert caught.value.mend
