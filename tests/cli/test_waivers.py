"""`l7audit waivers`: accepted failures are looked at, and written from a finding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from l7audit import profile as profiles
from l7audit.assess import results
from l7audit.exits import Exit
from l7audit.folders import OUT, RESULTS
from l7audit.model import Verdict

Call = Callable[..., Any]
TODAY = datetime.now(UTC).date()
WORDS = ("--owner", "ann", "--reason", "replaced in autumn")


def day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def waiver(control: str, days: int = 60, fingerprint: str = "") -> str:
    found = f"  - control: {control}\n    owner: ann\n    reason: replaced in autumn\n"
    found += f"    expires: {day(days)}\n"
    return found + (f"    fingerprint: {fingerprint}\n" if fingerprint else "")


@pytest.fixture
def kept(story: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a profile and one run of it, in which two controls failed."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / OUT / "20260101T000000Z"
    folder.mkdir(parents=True)
    told = story({"CORS-01": Verdict.FAIL, "CORS-02": Verdict.FAIL, "CORS-03": Verdict.PASS})
    run = msgspec.structs.replace(told.results(), profile=str(tmp_path / "l7audit.yaml"))
    (folder / RESULTS).write_bytes(results.encode(run))
    (tmp_path / "l7audit.yaml").write_text("name: mine  # ours\n")
    return tmp_path


@pytest.mark.usefixtures("kept")
def test_a_profile_without_waivers_is_fine(call: Call) -> None:
    said = call("waivers", "lint")
    assert (said.code, said.err) == (Exit.PASSED, "")
    assert said.out == "0 waivers: 0 errors, 0 warnings, held against run r1.\n"


def test_errors_stand_at_their_place_and_end_with_the_waivers_code(call: Call, kept: Path) -> None:
    text = "waivers:\n" + waiver("ZZ-99") + waiver("CORS-01", -1, "f-CORS-01")
    (kept / "l7audit.yaml").write_text(text)
    said = call("waivers", "lint")
    first, second, _ = said.out.splitlines()
    assert said.code == Exit.WAIVERS
    assert first.endswith("l7audit.yaml:2:5: error  ZZ-99: No control is called ZZ-99.")
    assert f"l7audit.yaml:6:5: error  CORS-01: It expired at the end of {day(-1)}" in second


def test_warnings_count_only_when_asked(call: Call, kept: Path) -> None:
    (kept / "l7audit.yaml").write_text("waivers:\n" + waiver("CORS-03", fingerprint="f-CORS-03"))
    said = call("waivers", "lint")
    assert said.code == Exit.PASSED
    assert "warning  CORS-03: It is unused: CORS-03 came to pass in run r1." in said.out
    assert call("waivers", "lint", "--strict").code == Exit.WAIVERS


def test_the_profiles_longest_life_is_held(call: Call, kept: Path) -> None:
    text = "gate: {maximum_waiver_days: 30}\nwaivers:\n" + waiver("CORS-01", 31, "f-CORS-01")
    (kept / "l7audit.yaml").write_text(text)
    said = call("waivers", "lint")
    assert said.code == Exit.WAIVERS
    assert "the profile allows 30" in said.out


def test_linting_needs_no_secret_and_no_run(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = 'target: {url: "${NOT_SET_ANYWHERE}"}\nwaivers:\n' + waiver("CORS-01", fingerprint="f")
    (tmp_path / "l7audit.yaml").write_text(text)
    said = call("waivers", "lint")
    assert (said.code, said.out) == (
        Exit.PASSED,
        "1 waiver: 0 errors, 0 warnings, held against no run.\n",
    )


def test_a_malformed_profile_is_one_sentence_with_its_place(call: Call, kept: Path) -> None:
    (kept / "l7audit.yaml").write_text("waivers:\n  - {control: CORS-01, expires: soon}\n")
    said = call("waivers", "lint")
    assert said.code == Exit.USAGE
    assert said.err.count("\n") == 1
    assert "l7audit.yaml:2" in said.err


@pytest.mark.parametrize("name", ["f-CORS-01", "CORS-01"])
def test_a_finding_is_waived_by_fingerprint_or_by_the_control_that_has_it_alone(
    call: Call, kept: Path, name: str
) -> None:
    said = call("waivers", "add", name, *WORDS, "--days", "30")
    assert (said.code, said.err) == (Exit.PASSED, "")
    assert f"CORS-01 is waived until {day(30)}" in said.out
    (written,) = profiles.load(str(kept / "l7audit.yaml")).waivers
    assert (written.control, written.fingerprint) == ("CORS-01", "f-CORS-01")
    assert (written.since, written.expires) == (day(0), day(30))
    assert (kept / "l7audit.yaml").read_text().startswith("name: mine  # ours\n")
    assert call("waivers", "lint", "--strict").code == Exit.PASSED


def test_a_whole_control_is_waived_only_on_request(call: Call, kept: Path) -> None:
    call("waivers", "add", "CORS-01", *WORDS, "--expires", day(0), "--whole")
    (written,) = profiles.load(str(kept / "l7audit.yaml")).waivers
    assert (written.fingerprint, written.expires) == ("", day(0))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["f-CORS", *WORDS, "--days", "3"], "2 findings begin with 'f-CORS'"),
        (["zz", *WORDS, "--days", "3"], "no finding and no failed control 'zz'. It has: f-CORS-01"),
        (["CORS-03", *WORDS, "--days", "3"], "CORS-03 did not fail in run r1"),
        (["CORS-01", *WORDS], "needs its end: --expires DATE or --days N"),
        (["CORS-01", *WORDS, "--days", "3", "--expires", "2099-01-01"], "needs its end"),
        (["CORS-01", *WORDS, "--expires", "tomorrow"], "tomorrow is not a date"),
        (["CORS-01", *WORDS, "--expires", "2020-01-01"], "2020-01-01 is over already"),
        (["CORS-01", "--owner", " ", *WORDS[2:], "--days", "3"], "--owner needs 1 character"),
        (["CORS-01", *WORDS[:2], "--reason", "later", "--days", "3"], "--reason needs 10"),
        (["CORS-01", *WORDS, "--days", "3", "--profile", "reference"], "'reference' is built in"),
        (["CORS-01", *WORDS, "--days", "3", "--run", "none"], "There is no run 'none'"),
        (["CORS-01", *WORDS[:3], "see ${SECRET} there", "--days", "3"], "reads as a variable"),
    ],
)
def test_what_makes_no_correct_waiver_is_one_sentence_and_changes_nothing(
    call: Call, kept: Path, arguments: list[str], sentence: str
) -> None:
    said = call("waivers", "add", *arguments)
    assert said.code == Exit.USAGE
    assert said.err.count("\n") == 1
    assert sentence in said.err
    assert (kept / "l7audit.yaml").read_text() == "name: mine  # ours\n"


def test_a_waiver_is_written_once(call: Call, kept: Path) -> None:
    call("waivers", "add", "CORS-01", *WORDS, "--days", "30")
    before = (kept / "l7audit.yaml").read_bytes()
    said = call("waivers", "add", "CORS-01", *WORDS, "--days", "60")
    assert said.code == Exit.USAGE
    assert f"l7audit.yaml:3:5 waives it already, until {day(30)}" in said.err
    assert (kept / "l7audit.yaml").read_bytes() == before


def test_what_a_waiver_of_the_whole_control_covers_is_not_waived_again(
    call: Call, kept: Path
) -> None:
    call("waivers", "add", "CORS-01", *WORDS, "--days", "30", "--whole")
    before = (kept / "l7audit.yaml").read_bytes()
    said = call("waivers", "add", "f-CORS-01", *WORDS, "--days", "30")
    assert said.code == Exit.USAGE
    assert "waives it already" in said.err
    assert (kept / "l7audit.yaml").read_bytes() == before


def test_the_finding_is_looked_for_in_the_newest_run_of_the_profile(
    call: Call, kept: Path, story: Any
) -> None:
    other = kept / OUT / "20260102T000000Z"
    other.mkdir()
    told = story({"CORS-01": Verdict.PASS})
    (other / RESULTS).write_bytes(results.encode(told.results()))
    assert call("waivers", "add", "f-CORS-01", *WORDS, "--days", "30").code == Exit.PASSED
    said = call("waivers", "add", "f-CORS-02", *WORDS, "--days", "30", "--run", "latest")
    assert "no finding and no failed control 'f-CORS-02'" in said.err


def test_a_longer_life_than_the_profile_allows_is_refused(call: Call, kept: Path) -> None:
    (kept / "l7audit.yaml").write_text("gate: {maximum_waiver_days: 30}\n")
    said = call("waivers", "add", "CORS-01", *WORDS, "--days", "31")
    assert said.code == Exit.USAGE
    assert "It holds 31 days" in said.err


def test_the_files_mode_is_kept_and_nothing_is_left_beside_it(call: Call, kept: Path) -> None:
    (kept / "l7audit.yaml").chmod(0o640)
    call("waivers", "add", "CORS-01", *WORDS, "--days", "30")
    assert (kept / "l7audit.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in kept.iterdir()) == [OUT, "l7audit.yaml"]
