"""Shapes shared by inputs."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes.shapes import Line, Name, identifier


@pytest.mark.parametrize("text", ["", "a\x00", "\x00", "a\nb", "x" * 121, "\x7f"])
def test_a_name_is_one_bounded_line(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, Name)


@pytest.mark.parametrize("text", ["a\x00b", "\x00\n", "x" * 1001])
def test_no_text_holds_a_nul_or_exceeds_its_bound(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, Line)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "{12345678-1234-1234-1234-123456789abc}",
        "urn:uuid:12345678-1234-1234-1234-123456789abc",
        "12345678123412341234123456789abc",
        "12345678-1234-1234-1234-123456789abc\n",
        "\u0661" * 8 + "-1234-1234-1234-123456789abc",
        "' OR 1=1 --",
    ],
)
def test_what_is_no_plain_uuid_names_nothing(text: str) -> None:
    with pytest.raises(Problem) as problem:
        identifier({"id": text}, "id", "agent")
    assert problem.value.status == 404


def test_a_plain_uuid_is_read() -> None:
    text = "12345678-1234-1234-1234-123456789abc"
    assert identifier({"id": text}, "id", "agent") == UUID(text)
