"""A waiver is written into a profile's text, and nothing else of the text changes."""

from __future__ import annotations

import pytest

from l7audit import profile as profiles
from l7audit.errors import ProfileError, UsageError
from l7audit.model import Waiver
from l7audit.profiles.waivers import added, places

NEW = Waiver(
    control="AA-02",
    owner="bob: the 'second'",
    reason="Accepted until: the # portal\u2019s gone, 100 %.",
    expires="2026-12-31",
    fingerprint="0123",
    since="2026-09-21",
)
OLD = """\
    control: AA-01   # the portal
    owner: ann
    reason: the portal goes in autumn
    expires: 2026-10-01
"""
OLD_BLOCK = "  - " + OLD[4:]
LITERAL = "- control: AA-01\n  owner: ann\n  expires: 2026-10-01\n  reason: |\n    two\n    lines\n"
OLD_FLOW = "{control: AA-01, owner: ann, reason: the portal goes, expires: 2026-10-01}"

LAYOUTS = {
    "no waivers": "name: x  # mine\n",
    "no newline at the end": "name: x",
    "an empty file": "",
    "comments only": "# nothing yet\n",
    "an empty list": "name: x\nwaivers: []  # none\ngate:\n  minimum_score: 90\n",
    "a block": f"name: x\nwaivers:  # accepted\n{OLD_BLOCK}# behind\n\ngate: {{fail_on: []}}\n",
    "a block at the end": f"name: x\nwaivers:\n{OLD_BLOCK}",
    "a block without a last newline": f"name: x\nwaivers:\n{OLD_BLOCK.rstrip()}",
    "a block that is not indented": f"waivers:\n{LITERAL}name: x\n",
    "a literal at the end": f"waivers:\n{LITERAL}",
    "a flow list": f"waivers: [{OLD_FLOW}]\nname: x\n",
    "a flow list with a last comma": f"waivers: [\n  {OLD_FLOW},\n]\nname: x\n",
    "all in one flow": f"{{name: x, waivers: [{OLD_FLOW}]}}\n",
    "one flow without waivers": "{name: x}\n",
    "JSON": '{"name": "x", "waivers": []}',
    "carriage returns": f"name: x\nwaivers:\n{OLD_BLOCK}gate:\n  minimum_score: 90\n".replace(
        "\n", "\r\n"
    ),
    "a variable of the environment": 'name: x\ntarget: {url: "${NOT_SET_ANYWHERE}"}\n',
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_waiver_is_added_whatever_the_layout(layout: str) -> None:
    before = LAYOUTS[layout]
    after = added(before, NEW, source="p.yaml")
    old = profiles.parse(before, source="p.yaml", secrets=False)
    new = profiles.parse(after, source="p.yaml", secrets=False)
    assert new.waivers == [*old.waivers, NEW]
    assert (new.name, new.gate, new.target) == (old.name, old.gate, old.target)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_line_and_comment_of_before_is_still_there(layout: str) -> None:
    before = LAYOUTS[layout]
    after = added(before, NEW, source="p.yaml")
    for comment in ("# mine", "# accepted", "# the portal", "# behind", "# nothing yet", "# none"):
        assert before.count(comment) == after.count(comment)
    if "flow" not in layout and layout not in ("an empty list", "JSON"):
        kept = [line for line in after.splitlines() if line in before.splitlines()]
        assert kept == before.splitlines()


def test_line_ends_stay_as_they_are() -> None:
    after = added(LAYOUTS["carriage returns"], NEW, source="p.yaml")
    assert after.count("\r\n") == after.count("\n")


def test_a_text_that_is_no_profile_is_left_alone() -> None:
    with pytest.raises(ProfileError, match=r"p\.yaml:1:1"):
        added("nonsense: 1\n", NEW, source="p.yaml")


def test_what_cannot_be_written_safely_is_shown_to_be_written_by_hand() -> None:
    shared = "waivers: &w []\nskip: *w\n"
    with pytest.raises(UsageError, match=r"cannot|by hand: \{control: AA-02"):
        added(shared, NEW, source="p.yaml")


def test_waivers_are_found_by_line_and_column() -> None:
    assert places(f"name: x\nwaivers:\n{OLD_BLOCK}{OLD_BLOCK}") == [(3, 5), (7, 5)]
    assert places("name: x\n") == []
