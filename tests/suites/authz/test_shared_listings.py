"""What a listing says of the owners of its things."""

from __future__ import annotations

from l7audit_suites.authz.shared_listings import of_each_alone

ONE, OTHER = {"u1"}, {"u2"}


def test_things_of_the_one_and_of_the_other_are_everybodys() -> None:
    listed = [{"id": "a", "ownerId": "u1"}, {"id": "b", "ownerId": "u2"}]
    assert of_each_alone(listed, ONE, OTHER)


def test_what_names_both_or_only_one_of_them_may_be_shared() -> None:
    assert not of_each_alone([{"id": "a", "ownerId": "u1"}], ONE, OTHER)
    both = [{"id": n, "ownerId": "u1", "userId": "u2"} for n in "ab"]
    assert not of_each_alone(both, ONE, OTHER)
