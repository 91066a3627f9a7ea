"""Facts: what an answer tells of the person it belongs to."""

from __future__ import annotations

from l7audit.target.persons import facts_in


def test_members_that_name_a_person_or_a_tenant_are_facts() -> None:
    facts = facts_in(
        {"id": "o-1", "owner_id": "u-1", "orgId": 7, "userName": "x", "createdBy": "u-2",
         "items": {"tenant_id": "t-1"}, "user_count": 3}
    )  # fmt: skip
    assert facts.person == ("u-1", "u-2")
    assert facts.tenant == ("7", "t-1")
    assert facts.members["orgId"] == "7"


def test_an_answer_about_oneself_gives_one_s_own_id() -> None:
    assert facts_in({"readerRef": "r", "mail": "m"}, oneself=True).person == ("r",)
    assert facts_in({"id": "r"}).person == ()
    assert facts_in(None).person == ()
