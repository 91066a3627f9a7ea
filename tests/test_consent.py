"""How far a run may go: loopback needs no statement, anything else needs one that covers it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from l7audit.consent import consent
from l7audit.errors import ProfileError
from l7audit.model import Authorisation, Capability, Safety, Target
from l7audit.probe.scope import on_loopback
from l7audit.profile import Profile, TargetProfile, parse

TODAY = date(2026, 11, 27)
OURS = "https://api.example.org"


def profile(safety: Safety | None = None, **stated: Any) -> Profile:
    fields = {"by": "Ann, owner", "since": "2026-11-01", "until": "2026-12-31", "origins": [OURS]}
    authorisation = Authorisation(**{**fields, **stated}) if stated else None
    return Profile(
        target=TargetProfile(provider="external"), safety=safety, authorisation=authorisation
    )


def target(*origins: str) -> Target:
    return Target(
        name="t",
        provider="external",
        base_url=origins[0],
        capabilities=[Capability.HTTP],
        origins=list(origins),
    )


@pytest.mark.parametrize(
    "origin",
    ["http://127.0.0.1:8000", "http://localhost", "https://[::1]:8443", "http://api.localhost:1"],
)
def test_on_loopback_no_statement_is_needed(origin: str) -> None:
    allowed = consent(profile(Safety.INTRUSIVE), target(origin), TODAY)
    assert (allowed.level, allowed.stated, allowed.reason) == (Safety.INTRUSIVE, None, "")


@pytest.mark.parametrize(
    "host", ["api.example.org", "10.0.0.1", "localhost.example.org", "127.0.0.1.example.org", ""]
)
def test_whatever_is_not_this_machine_is_beyond_loopback(host: str) -> None:
    assert not on_loopback(host)


def test_without_a_statement_a_stranger_is_only_looked_at() -> None:
    allowed = consent(profile(), target(OURS), TODAY)
    assert allowed.level is Safety.PASSIVE
    assert "the profile states no authorisation" in allowed.reason
    assert "authorisation: {by, since, until, origins, levels}" in allowed.reason


def test_a_passive_profile_needs_no_statement() -> None:
    allowed = consent(profile(Safety.PASSIVE), target(OURS), TODAY)
    assert (allowed.level, allowed.reason) == (Safety.PASSIVE, "")


def test_a_statement_that_covers_everything_lets_the_profile_go_as_far_as_it_wants() -> None:
    wanted = profile(Safety.ACTIVE, levels=[Safety.ACTIVE, Safety.INTRUSIVE])
    allowed = consent(wanted, target(OURS, "http://127.0.0.1:9"), TODAY)
    assert (allowed.level, allowed.reason) == (Safety.ACTIVE, "")
    assert allowed.stated is wanted.authorisation


def test_a_port_that_is_the_scheme_s_own_is_the_same_origin() -> None:
    allowed = consent(profile(levels=[Safety.ACTIVE]), target(OURS + ":443"), TODAY)
    assert allowed.level is Safety.ACTIVE


def test_a_statement_allows_no_more_than_it_says() -> None:
    allowed = consent(profile(Safety.DISRUPTIVE, levels=[Safety.ACTIVE]), target(OURS), TODAY)
    assert allowed.level is Safety.ACTIVE
    assert allowed.reason == (
        "The authorisation allows active at most, and the profile wants disruptive."
    )


@pytest.mark.parametrize(
    ("stated", "origins", "said"),
    [
        ({"since": "2026-11-28"}, [OURS], "begins on 2026-11-28"),
        ({"until": "2026-11-26"}, [OURS], "ended on 2026-11-26"),
        ({"origins": ["https://other.example.org"]}, [OURS], f"does not name {OURS}"),
        ({"origins": ["http://api.example.org"]}, [OURS], f"does not name {OURS}"),
        ({"by": "Bob"}, [OURS, "https://b.example.org"], "does not name https://b.example.org"),
    ],
)
def test_a_statement_that_does_not_hold_here_and_now_leaves_the_run_passive(
    stated: dict[str, Any], origins: list[str], said: str
) -> None:
    allowed = consent(profile(levels=[Safety.INTRUSIVE], **stated), target(*origins), TODAY)
    assert allowed.level is Safety.PASSIVE
    assert said in allowed.reason


def test_its_first_and_its_last_day_count() -> None:
    for since, until in (("2026-11-27", "2026-12-31"), ("2026-11-01", "2026-11-27")):
        stated = profile(levels=[Safety.ACTIVE], since=since, until=until)
        assert consent(stated, target(OURS), TODAY).level is Safety.ACTIVE


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("origins: [api.example.org]", r"p:5:13: authorisation\.origins\[0\]: .* is no origin"),
        ("origins: [https://a.example/x]", r"p:5:13: .* is no origin"),
        ("origins: []", r"p:5:12: authorisation\.origins: .*length >= 1"),
        ("origins: [https://a.example]\n  owner: me", r"unknown field `owner`"),
    ],
)
def test_a_mistake_in_the_statement_is_said_with_its_place(line: str, said: str) -> None:
    text = f"authorisation:\n  by: Ann\n  since: 2026-11-01\n  until: 2026-12-01\n  {line}\n"
    with pytest.raises(ProfileError, match=said):
        parse(text + "  levels: [active]\n", source="p")


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-02-30", "2026-12-01", "p:3:10: authorisation.since: 2026-02-30 is no day"),
        ("2026-11-02", "2026-11-01", "p:4:10: authorisation.until: 2026-11-01 is before since"),
    ],
)
def test_days_that_can_never_hold_are_refused(since: str, until: str, said: str) -> None:
    text = f"authorisation:\n  by: Ann\n  since: {since}\n  until: {until}\n"
    with pytest.raises(ProfileError, match=said):
        parse(text + "  origins: [https://a.example]\n  levels: [active]\n", source="p")
