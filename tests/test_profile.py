"""The profile: parsed once, with the line and column of every mistake."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l7audit import profile as profiles
from l7audit.errors import ProfileError
from l7audit.exits import Exit
from l7audit.model import Safety
from l7audit.profile import parse

WHOLE = """\
name: shop
target:
  provider: external
  url: https://api.example.org
  openapi: openapi.yaml
  identities:
    - name: alice
      role: admin
      credentials:
        - {kind: api_key, name: X-API-Key, secret: "${ALICE_KEY}"}
select: [AUTHN, CORS-02]
safety: intrusive
gate: {minimum_score: 80, fail_on: [critical]}
waivers:
  - control: CORS-02
    owner: ops
    reason: the old portal goes in March
    expires: 2027-03-31
"""


def test_a_whole_profile_is_read_with_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALICE_KEY", "k-123")
    profile = parse(WHOLE, source="shop.yaml")
    assert profile.target.identities[0].credentials[0].secret == "k-123"
    assert profile.waivers[0].expires == "2027-03-31"
    assert profile.gate.minimum_score == 80
    assert profile.source == "shop.yaml"
    assert profile.level is Safety.INTRUSIVE


def test_every_built_in_profile_is_valid() -> None:
    assert profiles.DEFAULT in profiles.built_in()
    for name in profiles.built_in():
        assert profiles.load(name).source == name


def test_an_empty_profile_audits_the_reference_stack() -> None:
    assert parse("", source="p").target.provider == "embedded"
    assert parse("# nothing\n", source="p").level is Safety.DISRUPTIVE


def test_a_stranger_is_only_probed_actively_unless_its_owner_says_more() -> None:
    text = "target: {provider: external, url: https://api.example.org}"
    assert parse(text, source="p").level is Safety.ACTIVE
    assert parse(text + "\nsafety: disruptive", source="p").level is Safety.DISRUPTIVE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("target:\n  ulr: x\n", r"p:2:3: target: .*unknown field `ulr`"),
        ("gate:\n  minimum_score: 101\n", r"p:2:18: gate\.minimum_score: .*<= 100"),
        ("select: AUTHN\n", r"p:1:9: select: Expected `array`"),
        ("target:\n  origins:\n    - ok\n    - 7\n", r"p:4:7: target\.origins\[1\]: "),
        ("waivers:\n- control: A-1\n", r"p:\d:\d+: waivers\[0\]"),
        ("target:\n  identities:\n  - {name: a, rol: x}\n", r"p:3:15: .*unknown field `rol`"),
        ("target: [\n", r"p:2:1: "),
        ("a: 1\na: 2\n", r"p:2:1: the key 'a' stands here twice"),
        ("gate:\n  fail_on: [x]\n  fail_on: []\n", r"p:3:3: the key 'fail_on' stands here twice"),
        ("- list\n", r"p:1:1: the profile: Expected `object`"),
        ("just text\n", r"p:1:1: the profile: Expected `object`"),
        ("name: !!python/object:os.system x\n", r"p:1:7: could not determine a constructor"),
        ("name: '${NOT_SET_ANYWHERE}'\n", r"p:1:7: the environment variable NOT_SET_ANYWHERE"),
        ("safety: wild\n", r"p:1:9: safety: Invalid enum value 'wild'"),
        ("a: &x [*x]\n", r"p"),
        ("{a: b: c}\n", r"p:1:6: "),
        ("\x00", r"p"),
        ("? [a]\n: 1\n", r"p"),
        ("---\nname: a\n---\nname: b\n", r"p:3:1: "),
    ],
)
def test_a_mistake_is_one_sentence_with_line_and_column(text: str, sentence: str) -> None:
    with pytest.raises(ProfileError, match=sentence) as caught:
        parse(text, source="p")
    assert caught.value.exit is Exit.USAGE
    assert "\n" not in str(caught.value)


@given(st.text(max_size=200))
def test_no_text_whatever_raises_anything_else(text: str) -> None:
    with contextlib.suppress(ProfileError):
        assert parse(text, source="p").source == "p"


def test_aliases_that_blow_up_do_not_hang_the_parser() -> None:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
    )
    start = time.process_time()
    with pytest.raises(ProfileError):
        parse(bomb, source="p")
    assert time.process_time() - start < 5


def test_a_file_goes_before_a_built_in_name_and_the_callers_folder_before_both(
    tmp_path: Path,
) -> None:
    (tmp_path / "reference").write_text("name: mine\n")
    assert profiles.load("reference", folder=tmp_path).name == "mine"
    (tmp_path / profiles.FILE).write_text("name: here\n")
    assert profiles.load(folder=tmp_path).name == "here"


def test_without_a_file_the_reference_stack_is_audited(tmp_path: Path) -> None:
    assert profiles.load(folder=tmp_path).source == profiles.DEFAULT


def test_a_profile_that_does_not_exist_is_a_sentence_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"no profile 'nope'.*reference"):
        profiles.load("nope", folder=tmp_path)


def test_a_file_that_is_not_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProfileError, match="cannot be read as UTF-8"):
        profiles.load("p.yaml", folder=tmp_path)


def test_the_digest_tells_what_was_asked_and_nobodys_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digests = []
    for secret in ("one", "two"):
        monkeypatch.setenv("ALICE_KEY", secret)
        digests.append(parse(WHOLE, source=secret).digest)
    assert digests[0] == digests[1]
    assert parse("select: [AUTHN]", source="p").digest != parse("", source="p").digest


def test_a_profile_that_is_only_looked_at_needs_no_secret(tmp_path: Path) -> None:
    (tmp_path / profiles.FILE).write_text("name: '${NOT_SET_ANYWHERE}'\n")
    assert profiles.load(folder=tmp_path, secrets=False).name == "${NOT_SET_ANYWHERE}"
    with pytest.raises(ProfileError, match="NOT_SET_ANYWHERE is not set"):
        profiles.load(folder=tmp_path)


def test_a_secret_that_the_environment_lacks_is_read_from_the_file_beside_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "l7audit.yaml").write_text("name: ${ONE_NAME}-${OTHER_NAME}\n")
    (tmp_path / "l7audit.env").write_text("# kept by init\nONE_NAME='a b'\nOTHER_NAME=kept\n")
    monkeypatch.setenv("OTHER_NAME", "set")
    assert profiles.load(folder=tmp_path).name == "a b-set"
    assert profiles.load(folder=tmp_path, secrets=False).name == "${ONE_NAME}-${OTHER_NAME}"
    (tmp_path / "l7audit.env").write_text("ONE_NAME='unclosed\n")
    with pytest.raises(ProfileError, match=r"l7audit\.env cannot be read as lines of NAME=value"):
        profiles.load(folder=tmp_path)
