"""The page as a browser and as a reader with assistive technology would meet it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Callable, Iterable
from datetime import date
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from l7audit.assess.assess import assess
from l7audit.assess.results import Results
from l7audit.journal import AnyRecord, Exchange, Record, Records, RunEnded, Violation
from l7audit.model import Authorisation, Safety, Waiver
from l7audit_plugins.reporters import page as pages
from l7audit_plugins.reporters.html import l7audit_register_reporter, render

VOID = {"meta", "br", "img", "link", "input", "hr", "rect", "line", "circle"}
TODAY = date(2026, 9, 21)


class Reader(HTMLParser):
    """Reads a page strictly: its elements with attributes, its text, and whether it nests."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(t for tag, t in self.texts if tag != "style"))


OnDisk = Callable[[Iterable[Record]], Records]


@pytest.fixture(scope="module")
def text(results: Results, records: Records) -> str:
    return render(results, records)


@pytest.fixture(scope="module")
def reader(text: str) -> Reader:
    return Reader(text)


def test_the_page_is_written_under_its_name(
    results: Results, records: Records, text: str, tmp_path: Path
) -> None:
    reporter = l7audit_register_reporter()
    path = reporter.write(results, records, tmp_path)
    assert (reporter.name, path) == ("html", tmp_path / "report.html")
    assert path.read_text("utf-8") == text


def test_rendering_twice_gives_the_same_bytes(
    results: Results, records: Records, text: str
) -> None:
    assert render(results, records) == text


def test_the_page_runs_nothing_loads_nothing_and_styles_nothing_inline(reader: Reader) -> None:
    names = {name for name, _ in reader.elements}
    assert not names & {"script", "img", "link", "iframe", "object", "embed", "form", "base"}
    for name, attributes in reader.elements:
        assert not [a for a in attributes if a.startswith("on") or a in ("style", "src")], name


def test_the_pages_own_policy_allows_its_style_sheet_and_nothing_else(text: str) -> None:
    style = re.search(r"<style>(.*?)</style>", text, re.S)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert (
        '<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; '
        f"style-src &#39;sha256-{digest}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"
        in text.replace("&#43;", "+")
    )
    assert text.index("Content-Security-Policy") < text.index("<style>")


def test_what_the_target_says_is_shown_and_never_obeyed(
    text: str, reader: Reader, hostile: str
) -> None:
    assert "<script" not in text
    assert "onerror=alert" not in re.sub(r"&lt;img src=x onerror=alert", "", text)
    for hidden in ("\u202e", "\u202c", "\u200b", "\u2066", "\x1b", "\x07"):
        assert hidden in hostile
        assert hidden not in text
    assert "</pre></script><script>alert(1)</script><img src=x onerror=alert(2)>" in reader.text
    assert "{{ 7 * 7 }}" in reader.text


def test_only_https_references_become_links(reader: Reader) -> None:
    targets = {a["href"] for a in reader.all("a")}
    assert "https://www.rfc-editor.org/rfc/rfc8725" in targets
    assert all(t.startswith(("#", "https://www.rfc-editor.org/")) for t in targets)
    assert "javascript:alert(4)" in reader.text


def test_ids_are_unique_and_every_inner_link_leads_somewhere(reader: Reader) -> None:
    ids = [a["id"] for _, a in reader.elements if "id" in a]
    assert len(ids) == len(set(ids))
    inner = [a["href"][1:] for a in reader.all("a") if a["href"].startswith("#")]
    inner += [a["aria-labelledby"] for _, a in reader.elements if "aria-labelledby" in a]
    assert set(inner) <= set(ids)


def test_headings_form_an_outline_without_a_missing_level(reader: Reader) -> None:
    levels = [int(name[1]) for name, _ in reader.elements if re.fullmatch(r"h[1-6]", name)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_tables_have_headers_and_pictures_have_words(reader: Reader) -> None:
    assert reader.all("table")
    assert all("scope" in a for a in reader.all("th"))
    assert all(a.get("role") == "img" and a.get("aria-label") for a in reader.all("svg"))


def test_the_page_tells_the_decision_the_score_and_its_arithmetic(
    reader: Reader, results: Results
) -> None:
    assert "The gate failed." in reader.text
    assert results.gate.reason in reader.text
    assert results.arithmetic.sentence in reader.text
    assert f"{results.score:.1f} of 100" in reader.text


def test_the_page_tells_every_part_of_a_finding(reader: Reader) -> None:
    for part in (
        "An expired token is refused",
        "Check the claim on every request",
        "GET /agents",
        "401 or 403",
        "authn-02-0",
        "HTTP 200 in 12.3 ms",
        "Authorization: Bearer [redacted:token:9f3a]",
        '{"items": [{"id": "a1"}], "next": null}',
        "NIST 800-53: IA-5, AC-3",
        "l7audit replay authn-02-0",
        "1 more exchange in the journal.",
    ):
        assert part in reader.text, part
    commands = [t for _, t in reader.texts if t.startswith("curl ")]
    assert commands
    assert all("127.0.0.1:8443/agents" in c for c in commands)


def test_every_control_is_listed_with_its_proof(reader: Reader, results: Results) -> None:
    for control in results.controls:
        assert control.title in reader.text
        for variant in control.proof.defects:
            assert variant.name in reader.text
    assert "did not hold (opening)" in reader.text
    assert "1 of 1 defect turned it red, 1 of 1 near-miss left it green." in reader.text
    assert "head.ignored-04: The control answered pass." in reader.text


def test_targets_scope_waivers_baseline_and_environment_are_told(reader: Reader) -> None:
    for part in (
        "99.27 % to 100 %",
        "It takes 2,995 without a miss.",
        "not demonstrated",
        "It needs faults.",
        "A lost replica is not missed",
        "platform team",
        "waived until 2026-12-31",
        "Since the earlier run",
        "20260921",
        "18.6",
        "sha256:5d41402abc4b",
    ):
        assert part in reader.text, part


def test_what_nobody_asked_for_is_named_as_not_selected(records: Records, on_disk: OnDisk) -> None:
    """A run narrowed to an area says nothing of the others, and says so."""
    plan = records.started
    narrow = msgspec.structs.replace(
        plan, planned=["HEAD-01"], checks={}, out_of_scope=[], selected=["HEAD-01"], waivers=[]
    )
    run: list[AnyRecord] = [narrow, RunEnded(seq=2, time=plan.time, outcome="completed")]
    text = Reader(render(assess(run, TODAY), on_disk(run))).text
    assert "Not selected: the run was narrowed to HEAD-01" in text
    assert "3 controls: HEAD-02, HEAD-03, HEAD-04" in text
    assert "1 control: RESIL-01" in text
    assert "17 of the catalogue's controls were not selected for this run." in text
    assert "every control of the catalogue was planned" not in text


def test_a_profile_is_named_without_the_folders_of_its_machine(
    records: Records, on_disk: OnDisk
) -> None:
    plan = msgspec.structs.replace(records.started, profile="/home/ann/audits/mine.yaml")
    run: list[AnyRecord] = [plan, *list(records)[1:]]
    page = render(assess(run, TODAY), on_disk(run))
    assert "mine.yaml" in page
    assert "/home/ann" not in page


def test_a_page_stays_bounded_whatever_the_target_answers(
    records: Records, on_disk: OnDisk
) -> None:
    flood: list[AnyRecord] = []
    for record in records:
        if isinstance(record, Exchange):
            body = "\u202e" * 500_000
            many = [("x" * 5000, "y" * 50_000)] * 500
            message = msgspec.structs.replace(record.response, body=body, headers=many)
            record = msgspec.structs.replace(record, response=message, url="u" * 100_000)
        flood.append(record)
        if isinstance(record, Violation):
            flood += [
                msgspec.structs.replace(record, fingerprint=f"{record.control}-{n}")
                for n in range(500)
            ]
    text = render(assess(flood, TODAY), on_disk(flood))
    assert len(text) < 4_000_000
    assert text.count("more findings of this control in results.json") > 0
    assert text.count("<details") <= pages.ALL_EXCHANGES + 1


@pytest.mark.parametrize("outcome", ["completed", "interrupted", "broken"])
def test_an_empty_run_is_a_page_too(records: Records, on_disk: OnDisk, outcome: str) -> None:
    plan = records.started
    bare = msgspec.structs.replace(
        plan, controls=[], planned=[], checks={}, out_of_scope=[], documented=[], waivers=[]
    )
    run: list[AnyRecord] = [bare, RunEnded(seq=2, time=plan.time, outcome=outcome)]
    reader = Reader(render(assess(run, TODAY), on_disk(run)))
    assert "No control was planned." in reader.text
    expected = "Nothing was assessed." if outcome == "completed" else "cannot be trusted"
    assert expected in reader.text


def test_an_expired_waiver_is_the_headline(records: Records, on_disk: OnDisk) -> None:
    plan = records.started
    old = Waiver(control="CORS-03", owner="ann", reason="Left over from May.", expires="2026-05-31")
    run = [msgspec.structs.replace(plan, waivers=[old]), *list(records)[1:]]
    text = Reader(render(assess(run, TODAY), on_disk(run))).text
    assert "A waiver does not hold." in text
    assert "It expired at the end of 2026-05-31 (UTC)." in text


def palettes() -> dict[str, dict[str, str]]:
    """The colours of each scheme by their names in the style sheet."""
    css = (
        resources.files("l7audit_plugins.reporters")
        .joinpath("templates", "report.css")
        .read_text("utf-8")
    )
    roots = re.findall(r":root \{(.*?)\}", css, re.S)
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", root)) for root in roots]
    light, dark, paper = found
    return {"light": light, "dark": light | dark, "print": light | paper}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize("ink", ["ink", "soft", "link", "good", "bad", "open", "calm"])
@pytest.mark.parametrize("ground", ["paper", "code"])
def test_text_has_the_contrast_that_wcag_aa_asks_for(scheme: str, ink: str, ground: str) -> None:
    palette = palettes()[scheme]
    assert contrast(palette[ink], palette[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize("mark", ["good", "bad", "open"])
def test_bars_and_dots_have_the_contrast_of_graphics(scheme: str, mark: str) -> None:
    palette = palettes()[scheme]
    assert contrast(palette[mark], palette["paper"]) >= 3


def test_it_repeats_who_allowed_the_audit_and_lists_what_stayed_behind(
    results: Results, records: Records
) -> None:
    stated = Authorisation(
        by="Ann <owner>",
        since="2026-11-01",
        until="2026-12-01",
        origins=["https://api.example.org"],
        levels=[Safety.PASSIVE, Safety.ACTIVE],
        reference="TICKET-7",
    )
    more = msgspec.structs.replace(
        results,
        authorisation=stated,
        held_back="The authorisation allows active at most.",
        left_behind=["POST /things: 2 made and not removed"],
        notes=["References of the document lead nowhere (1 in all): #/x."],
    )
    told = " ".join(text for _, text in Reader(render(more, records)).texts)
    for said in (
        "Ann <owner>", "2026-11-01", "2026-12-01", "https://api.example.org", "passive, active",
        "TICKET-7", "The authorisation allows active at most.",
        "POST /things: 2 made and not removed", "lead nowhere (1 in all)",
    ):  # fmt: skip
        assert said in told, said
    assert "Authorisation" not in render(results, records)
