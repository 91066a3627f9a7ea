"""The vocabulary: what its values promise."""

from __future__ import annotations

import msgspec
import pytest

from l7audit.model import (
    Control,
    Credential,
    Frozen,
    Identity,
    Mint,
    Place,
    Safety,
    Severity,
    Target,
    Waiver,
)


def control(**changes: object) -> Control:
    """A minimal control."""
    fields: dict[str, object] = {
        "id": "AUTHN-01",
        "title": "t",
        "severity": "high",
        "rationale": "r",
        "remediation": "m",
        "mappings": {},
    }
    return msgspec.convert(fields | changes, Control)


def test_weights_fall_with_severity() -> None:
    assert [s.weight for s in Severity] == [10.0, 7.5, 5.0, 2.5]


def test_safety_levels_rise_from_passive_to_disruptive() -> None:
    assert sorted(Safety, key=lambda s: s.rank) == [
        Safety.PASSIVE,
        Safety.ACTIVE,
        Safety.INTRUSIVE,
        Safety.DISRUPTIVE,
    ]


def test_a_control_belongs_to_the_area_of_its_id() -> None:
    assert control(id="CORS-07").area == "CORS"


@pytest.mark.parametrize("bad", ["authn-01", "A-01", "AUTHN-1", "AUTHN-001", "AUTHN01", ""])
def test_an_id_that_is_not_area_and_two_digits_is_refused(bad: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        control(id=bad)


def test_a_misspelt_field_of_a_control_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="remedy"):
        control(remedy="no such field")


def test_values_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        control().title = "another"  # type: ignore[misc]


@pytest.mark.parametrize(
    "holder",
    [
        Credential(kind="api_key", name="X-Key", secret="hunter2hunter2"),
        Mint(key_id="k", algorithm="EdDSA", private_key="hunter2hunter2"),
        Identity(name="a", credentials=[Credential(kind="bearer", secret="hunter2hunter2")]),
        Target(
            name="t",
            provider="p",
            base_url="http://127.0.0.1",
            capabilities=[],
            mint=Mint(key_id="k", algorithm="EdDSA", private_key="hunter2hunter2"),
        ),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_a_secret_never_shows_in_a_repr(holder: Frozen) -> None:
    assert "hunter2" not in repr(holder)
    assert "hunter2" not in str(holder)


def test_an_identity_gives_its_first_credential_of_a_kind() -> None:
    first = Credential(kind="bearer", secret="one")
    who = Identity(name="a", credentials=[first, Credential(kind="bearer", secret="two")])
    assert who.credential("bearer") is first
    assert who.credential("password") is None


def test_a_place_reads_as_operation_and_part() -> None:
    assert str(Place(operation="GET /x")) == "GET /x"
    assert str(Place(operation="GET /x", part="origin null")) == "GET /x (origin null)"


@pytest.mark.parametrize(
    "change", [{"owner": ""}, {"reason": "short"}, {"expires": "31.12.2030"}, {"control": "X"}]
)
def test_a_waiver_needs_an_owner_a_reason_and_a_date(change: dict[str, str]) -> None:
    good = {
        "control": "AUTHN-01",
        "owner": "ops",
        "reason": "it is replaced in May",
        "expires": "2030-12-31",
    }
    msgspec.convert(good, Waiver)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(good | change, Waiver)
