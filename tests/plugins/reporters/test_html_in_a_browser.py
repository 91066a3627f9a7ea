"""The page in a real browser: what a hostile target says stays text, and nobody is shut out."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from l7audit.assess.assess import assess
from l7audit.journal import (
    AnyRecord,
    Baseline,
    Fault,
    KnownFinding,
    Observation,
    PastRun,
    ProofCell,
    Record,
    Records,
    RunEnded,
    RunResumed,
    RunStarted,
    StackEvent,
    Timeline,
)
from l7audit.model import Place
from l7audit_plugins.reporters import browser
from l7audit_plugins.reporters.html import render

from .chromium import Browser, opened

TODAY = date(2026, 9, 21)
AXE = Path(__file__).with_name("axe-core") / "axe.min.js"
SECTIONS = [
    "decision", "targets", "areas", "failed", "undecided", "controls", "scope", "waivers",
    "baseline", "environment", "reading",
]  # fmt: skip

KEPT = {
    "type", "prev", "verdict", "kind", "severity", "needs", "safety", "confidence", "unit",
    "expires", "started", "fail_on", "outcome", "phase", "variant", "suites_digest",
}  # fmt: skip
"""Fields whose values come from a list of ours, or tie records together."""

CONTROL = re.compile(r"[A-Z]{2,8}-[0-9]{2}")
"""The reader of a journal refuses any other id of a control."""

FREE = {"versions", "environment", "detail", "data", "mappings"}
"""Fields that are tables with keys of anybody's."""

HIDING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Control and format characters that a reader cannot see."""

OnDisk = Callable[[Iterable[Record]], Records]


def payload(beacon: str) -> str:
    """What wants to run, load, restyle, hide or break out; each part would call the beacon."""
    return (
        f"</pre></code></dd></title></style><script>fetch('{beacon}script')</script>"
        f"<img src={beacon}img onerror=\"fetch('{beacon}error')\"><svg onload=fetch('{beacon}svg')>"
        f"<iframe src='{beacon}iframe'></iframe><link rel=stylesheet href={beacon}link>"
        f"<style>@import '{beacon}import'; body {{ background: url({beacon}css) }}</style>"
        f"<meta http-equiv=refresh content='0;url={beacon}meta'><base href={beacon}base>"
        f"<object data={beacon}object></object><form action={beacon}form><input autofocus "
        f'onfocus=fetch(\'{beacon}focus\')>" style="background:url({beacon}style)" '
        f"' onmouseover='fetch(\"{beacon}over\")' javascript:fetch('{beacon}href') --> ]]>"
        "</section></main></body></html>{{ 7 * 7 }}{% include 'x' %}"
        "\u202egnp.exe\u202c\u2066\u200b\ufeff\x1b[31m\x07\x00\r\n\u2028\u3164e" + "\u0301" * 40
    ) + "W" * 900


def planted(record: Record, evil: str) -> Record:
    """The same with `evil` behind every string that a target, a profile or a plugin could say."""
    kept = KEPT | ({"expected"} if isinstance(record, ProofCell) else set())

    def plant(value: Any, name: str) -> Any:
        if isinstance(value, str):
            return value if name in kept or CONTROL.fullmatch(value) else value + evil
        if isinstance(value, list | tuple):
            return [plant(item, name) for item in value]
        if isinstance(value, dict):
            if name in FREE:
                return {key + evil: plant(item, name) for key, item in value.items()}
            return {key: plant(item, key) for key, item in value.items()}
        return value

    return msgspec.convert(plant(msgspec.to_builtins(record), ""), type(record))


def everything(records: Iterable[AnyRecord]) -> Iterator[Record]:
    """The specimen with what its run does not have: a past, faults, a second try."""
    own: dict[str, Any] = {"check": "test_RATE-01.py::test_it", "control": "RATE-01"}
    for record in records:
        if isinstance(record, RunStarted):
            gone = KnownFinding(
                fingerprint="gone", control="HEAD-04", statement="It was cached.",
                place=Place(operation="GET /agents", part="as alice"),
            )  # fmt: skip
            history = [
                PastRun(run=f"r{n}", started=record.time - 9e5 / n, score=50.0 + n, coverage=0.9,
                        decision="passed" if n % 2 else "failed")
                for n in range(1, 6)
            ]  # fmt: skip
            earlier = Baseline(run="r0", started="2026-08-01T00:00:00+00:00", findings=[gone])
            yield msgspec.structs.replace(record, history=history, baseline=earlier)
        elif isinstance(record, RunEnded):
            yield StackEvent(component="api", event="stopped", detail={"signal": "KILL", "n": [1]})
            yield Fault(check="test_RATE-01.py::test_it", component="store", action="pause")
            yield Timeline(
                **own, name="reads", began=record.time - 2, step=0.5, served=[3, 1, 4],
                failed=[0, 2, 0], slowest=[0.1, 1.5, 0.1],
            )  # fmt: skip
            yield RunResumed()
            yield Observation(**own, statement="Seen.", data={"path": "/x", "more": [{"b": 1}]})
            yield msgspec.structs.replace(record, reason="It ended.")
        else:
            yield record


@pytest.fixture(scope="module")
def page_of(
    on_disk: OnDisk, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Iterable[Record]], Path]:
    """Writes the page of a run."""

    def write(records: Iterable[Record]) -> Path:
        path = tmp_path_factory.mktemp("page") / "report.html"
        journal = on_disk(records)
        path.write_text(render(assess(journal, TODAY), journal), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = browser.found()
    if not program:
        pytest.skip("There is no Chromium or Chrome on the PATH.")
    with opened(program, tmp_path_factory.mktemp("browser")) as running:
        yield running


class Beacon(http.server.ThreadingHTTPServer):
    """Hears whoever calls."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        heard = self.heard

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *said: object) -> None:
                """Silence."""

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


@pytest.fixture(scope="module")
def beacon() -> Iterator[Beacon]:
    with Beacon() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def hostile_page(
    records: Records, beacon: Beacon, page_of: Callable[[Iterable[Record]], Path]
) -> Path:
    """A page on which every field of every record means harm."""
    evil = payload(beacon.url)
    return page_of(planted(record, evil) for record in everything(records))


def test_a_page_that_is_not_escaped_would_reach_the_beacon(
    chromium: Browser, beacon: Beacon, tmp_path: Path
) -> None:
    careless = tmp_path / "careless.html"
    careless.write_text(f"<p>{payload(beacon.url)}</p>", encoding="utf-8")
    chromium.open(careless)
    chromium.value("new Promise(done => setTimeout(done, 300))")
    assert {"/img", "/css", "/error"} <= set(beacon.heard)
    beacon.heard.clear()


@pytest.mark.parametrize("policy", ["with its policy", "without its policy"])
def test_whatever_a_target_says_nothing_runs_and_nothing_is_loaded(
    chromium: Browser, beacon: Beacon, hostile_page: Path, policy: str
) -> None:
    page = hostile_page
    if policy == "without its policy":
        text = page.read_text("utf-8")
        bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
        assert bare != text
        page = page.with_name("bare.html")
        page.write_text(bare, encoding="utf-8")
    beacon.heard.clear()
    chromium.open(page)
    chromium.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    chromium.value("new Promise(done => setTimeout(done, 300))")
    assert beacon.heard == []
    asked = [e["params"]["request"]["url"] for e in chromium.events
             if e.get("method") == "Network.requestWillBeSent"]  # fmt: skip
    assert asked == [page.as_uri()]
    assert not [e for e in chromium.events if e.get("method") == "Log.entryAdded"]


def test_whatever_a_target_says_the_page_keeps_its_structure(
    chromium: Browser, hostile_page: Path
) -> None:
    chromium.open(hostile_page)
    count = "document.querySelectorAll('{}').length"
    for name in ("script", "img", "iframe", "object", "embed", "form", "input", "base", "link",
                 "foreignObject", "animate", "template", "title + title"):  # fmt: skip
        assert chromium.value(count.format(name)) == 0, name
    assert chromium.value(count.format("style")) == 1
    assert chromium.value(count.format("meta")) == 5
    names = chromium.value(
        "[...new Set([...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()))]"
    )
    assert not [n for n in names if n.startswith("on") or n in ("style", "src", "srcdoc", "action")]
    links = chromium.value("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    trusted = ("https://www.rfc-editor.org/", "https://creativecommons.org/")
    assert all(link.startswith(("#", *trusted)) for link in links)
    sections = "[...document.querySelectorAll('main > section')].map(s => s.id)"
    assert chromium.value(sections) == SECTIONS
    assert chromium.value("document.body.lastElementChild.tagName") == "FOOTER"


def test_whatever_a_target_says_no_character_hides_or_rearranges(
    chromium: Browser, hostile_page: Path
) -> None:
    chromium.open(hostile_page)
    shown = chromium.value("document.title + document.body.textContent")
    assert "U+202E" in shown
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", shown
    )


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("unfolded", [False, True])
def test_nothing_sticks_out_of_the_page(
    chromium: Browser, hostile_page: Path, width: int, unfolded: bool
) -> None:
    chromium.open(hostile_page, width=width)
    if unfolded:
        chromium.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert chromium.value("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(
    chromium: Browser,
    records: Records,
    page_of: Callable[[Iterable[Record]], Path],
    scheme: str,
    width: int,
) -> None:
    page = page_of(everything(records))
    chromium.open(page, width=width, dark=scheme == "dark")
    chromium.value(AXE.read_text("utf-8") + ";0")
    for unfold in ("0", "document.querySelectorAll('details').forEach(d => d.open = true)"):
        chromium.value(unfold)
        found = chromium.value("axe.run(document, {resultTypes: ['violations']})")
        assert len(found["passes"]) > 20  # it did look
        told = [(v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"])
                for v in found["violations"]]  # fmt: skip
        assert told == []


def test_a_page_is_complete_where_scripts_are_switched_off(
    chromium: Browser, records: Records, page_of: Callable[[Iterable[Record]], Path]
) -> None:
    page = page_of(everything(records))
    chromium.open(page)
    with_scripts = chromium.value("document.body.innerText")
    chromium.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        chromium.open(page)
        assert chromium.value("document.body.innerText") == with_scripts
    finally:
        chromium.call("Emulation.setScriptExecutionDisabled", value=False)


def test_on_paper_everything_is_unfolded_but_the_samples(
    chromium: Browser, records: Records, page_of: Callable[[Iterable[Record]], Path]
) -> None:
    chromium.open(page_of(everything(records)))
    chromium.call("Emulation.setEmulatedMedia", media="print")
    # What is skipped is told once the next frame is laid out.
    chromium.value("new Promise(requestAnimationFrame).then(() => 0)")
    assert chromium.value("matchMedia('print').matches")
    told = "[...document.querySelectorAll('details:not(.more)')]"
    assert chromium.value(f"{told}.length") > 10
    folded = f"{told}.filter(d => !d.lastElementChild.checkVisibility()).map(d => d.innerText)"
    assert chromium.value(folded) == []
