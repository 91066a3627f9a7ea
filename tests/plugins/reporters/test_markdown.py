from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from l7audit.assess.results import Finding, Results
from l7audit.model import Confidence, Place, Verdict
from l7audit_plugins.reporters.markdown import MOST_BYTES, code, prose, render
from l7audit_plugins.reporters.plain import line

RENDERER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OWN = {"<code>", "</code>", "<br>"}


def tokens(text: str) -> list[Any]:
    """All tokens of the page, the inner ones of its paragraphs and cells too."""
    found = []
    for token in RENDERER.parse(text):
        found += [token, *(token.children or [])]
    return found


def rows(text: str, title: str) -> list[str]:
    """The rows of a section's table."""
    section = text.split(f"### {title} ", 1)[1].split("\n### ", 1)[0]
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


@pytest.fixture(scope="module")
def text(results: Results) -> str:
    return render(results)


def test_the_decision_and_its_reason_stand_first(text: str) -> None:
    first, _, reason, *_ = text.splitlines()
    assert first == "## Audit of <code>https&#58;//127.0.0.1&#58;8443</code>: failed"
    assert reason.startswith("**AUTHN-02 failed (critical): An expired token is refused.")


def test_score_and_coverage_follow(results: Results, text: str) -> None:
    assert f"| **{results.score:.1f}** | {results.score_with_waivers:.1f} |" in text


def test_failed_controls_stand_there_with_their_first_finding(text: str) -> None:
    failed = rows(text, "Failed")
    assert [row.split("</code>")[0] for row in failed] == [
        "| <code>AUTHN-02",
        "| <code>CORS-02",
        "| <code>HEAD-02",
    ]
    assert "<code>GET /agents</code> CORS case 1" in failed[1]
    assert "Expected: <code>401 or 403</code><br>Seen: <code>200</code>" in failed[1]
    assert "… and 1 more finding" in failed[1]


def test_what_is_undecided_waived_promised_and_left_out_has_its_section(
    results: Results, text: str
) -> None:
    assert len(rows(text, "Without an answer")) == 2
    assert "| platform team | 2026-12-31 |" in rows(text, "Waived")[0]
    assert "| unused |" in rows(text, "Waivers that do not count")[0]
    measured = [t for t in results.targets if t.value is not None]
    assert len(rows(text, "Documented targets")) == len(measured) < len(results.targets)
    assert "so not demonstrated: <code>" in text
    assert "It needs faults." in rows(text, "Out of scope")[0]
    assert "Against run " in text


def test_what_is_missing_has_no_section(results: Results) -> None:
    clean = msgspec.structs.replace(
        results,
        controls=[c for c in results.controls if c.verdict == Verdict.PASS],
        waivers=[],
        targets=[],
        out_of_scope=[],
        baseline=None,
    )
    assert "###" not in render(clean)


def test_whatever_the_target_says_every_row_keeps_its_cells(spoiled: Results) -> None:
    text = render(spoiled)
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 7
    for table in tables:
        assert len({row.count("|") for row in table.splitlines()}) == 1


def test_whatever_the_target_says_nothing_of_it_becomes_markup(spoiled: Results) -> None:
    found = tokens(render(spoiled))
    kinds = {t.type for t in found}
    assert not kinds & {"link_open", "image", "code_inline", "fence", "html_block", "em_open"}
    assert {t.content for t in found if t.type == "html_inline"} == OWN
    assert "octocat" in render(spoiled)


def test_nobody_is_mentioned_and_no_address_becomes_a_link(spoiled: Results) -> None:
    text = render(spoiled)
    assert not re.search(r"@|://|www\.", text)
    outside = re.sub(r"<code>.*?</code>", "", text)
    assert not re.search(r"&#(?:35|64);(?!&#8203;)", outside)


@given(st.text(max_size=60))
@example("_a_ *b* ~~c~~ `d` [e](f) ![g](h) <i> &amp; a|b \\| $k$ :l: #1 @m GH-1 www.n.org")
def test_a_text_is_shown_as_it_was_said(text: str) -> None:
    (shown,) = RENDERER.parseInline(f"x {prose(text)} {code(text)}")
    content = "".join(
        child.content for child in shown.children or [] if child.type in ("text", "text_special")
    )
    assert content.replace("\u200b", "").split() == f"x {line(text)} {line(text)}".split()
    assert {c.type for c in shown.children or []} <= {"text", "text_special", "html_inline"}


def huge(results: Results, number: int, word: str) -> Results:
    control = next(c for c in results.controls if c.id == "AUTHN-02")
    finding = Finding(
        fingerprint="f",
        control=control.id,
        place=Place(operation=word * 4000, part=word * 4000),
        statement=word * 4000,
        expected=word * 4000,
        seen=word * 4000,
        confidence=Confidence.WEAK,
        exchanges=[],
        waived=False,
    )
    failed = msgspec.structs.replace(control, title=word * 4000, findings=[finding])
    undecided = msgspec.structs.replace(
        control, verdict=Verdict.ERROR, reason=word * 4000, findings=[]
    )
    return msgspec.structs.replace(
        results,
        target=word * 4000,
        gate=msgspec.structs.replace(results.gate, reasons=[word * 4000] * number),
        controls=[failed] * number + [undecided] * number,
        targets=[msgspec.structs.replace(results.targets[0], statement=word * 4000, id=word * 99)]
        * number,
        out_of_scope=[msgspec.structs.replace(results.out_of_scope[0], reason=word * 999)] * number,
        waivers=[
            msgspec.structs.replace(w, reason=word * 4000, detail=word * 4000)
            for w in results.waivers
        ]
        * number,
    )


@pytest.mark.parametrize("word", ["x", "|", "\U000e0041", "@"])
def test_a_summary_is_never_larger_than_a_jobs_page_takes(results: Results, word: str) -> None:
    text = render(huge(results, 3000, word))
    assert len(text.encode()) < MOST_BYTES
    assert re.search(r"… and [\d,]+ more, in the report\.", text)
    assert "### Failed (3000)" in text


def test_rows_that_are_left_out_are_counted(results: Results) -> None:
    text = render(huge(results, 3000, "x"))
    more = re.search(r"… and ([\d,]+) more, in the report", text)
    assert more
    assert len(rows(text, "Failed")) + int(more[1].replace(",", "")) == 3000
