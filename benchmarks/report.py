"""What the report costs: time, memory and size by the number of controls, and its first paint.

Run by hand: `python benchmarks/report.py [--controls 250 500 1000] [--exchanges 20] [--long 0]`.
Journals are made up from a seed. Each is rendered in a process of its own, reading and assessing
included; only ratios within one run mean anything. `processor` is the process's CPU time in
seconds, imports included. `--long N` adds a journal of N exchanges, whose memory is held against
that of the shortest. First paint is the browser's own entry, where there is a Chromium on the PATH.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from l7audit.assess.targets import documented_targets
from l7audit.journal import (
    FORMAT,
    CheckEnded,
    CheckStarted,
    Exchange,
    Journal,
    Measurement,
    Message,
    ProofCell,
    Record,
    RunEnded,
    RunStarted,
    Violation,
    Witness,
)
from l7audit.model import Control, Place, Severity, Verdict
from l7audit_plugins.reporters import browser

START = 1_790_000_000.0
SEED = 7
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SENTENCE = (
    "One operation whose guard was forgotten opens data to the whole network, and nobody notices, "
    "because each request looks like any other that the service answers all day long."
)

RENDER = """
import json, resource, sys, time
from pathlib import Path
began = time.perf_counter()
from l7audit.assess.assess import assess, day_of
from l7audit.journal import Records
from l7audit_plugins.reporters.html import l7audit_register_reporter
loaded = time.perf_counter()
records = Records(Path(sys.argv[1]))
results = assess(records, day_of(records.started))
assessed = time.perf_counter()
page = l7audit_register_reporter().write(results, records, Path(sys.argv[2]))
print(json.dumps({
    "import": loaded - began,
    "assess": assessed - loaded,
    "write": time.perf_counter() - assessed,
    "processor": time.process_time(),
    "bytes": page.stat().st_size,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def controls(count: int) -> list[Control]:
    """As many controls as are asked for, twenty of an area."""
    found = []
    for number in range(count):
        area = f"Z{LETTERS[number // 20 // 26 % 26]}{LETTERS[number // 20 % 26]}"
        found.append(
            Control(
                id=f"{area}-{number % 20 + 1:02d}",
                title=f"What must never happen at place {number} does not happen there",
                severity=list(Severity)[number % 4],
                rationale=SENTENCE,
                remediation=SENTENCE,
                mappings={"owasp-api-2023": ["API2"], "nist-800-53": ["AC-3", "IA-2"]},
                defects=[f"{area.lower()}.defect-{number}"],
                near_misses=[f"{area.lower()}.harmless-{number}"],
                references=["https://www.rfc-editor.org/rfc/rfc9110"],
            )
        )
    return found


def exchange(name: str, check: str, chance: random.Random, status: int) -> Exchange:
    """An exchange as an API makes it: two dozen headers and a body of half a kilobyte."""
    headers = [(f"x-header-{n}", f"{chance.random():.16f}") for n in range(12)]
    return Exchange(
        id=name,
        check=check,
        method=chance.choice(["GET", "POST"]),
        url=f"https://127.0.0.1:8443/v1/things/{chance.randrange(10**6)}?page=1",
        request=Message(
            headers=[("Accept", "application/json"), ("Authorization", "Bearer [redacted]")],
        ),
        status=status,
        response=Message(
            headers=[("content-type", "application/json"), *headers],
            body=json.dumps({"items": [{"id": chance.randrange(10**9)} for _ in range(24)]}),
            size=500,
        ),
        milliseconds=chance.expovariate(1 / 20),
        identity="alice",
    )


def run(count: int, exchanges: int) -> Iterator[Record]:
    """A run of `count` controls, each of `exchanges` exchanges; every tenth control fails."""
    chance = random.Random(SEED)
    known = controls(count)
    yield RunStarted(
        format=FORMAT,
        time=START,
        run="made-up",
        seed=SEED,
        target="https://127.0.0.1:8443",
        provider="external",
        controls=known,
        planned=[c.id for c in known],
        checks={c.id: [f"test_{c.id}.py::test_it"] for c in known},
        documented=documented_targets(),
        suites_digest="made-up",
        versions={"l7audit": "0"},
    )
    for number, control in enumerate(known):
        check = f"test_{control.id}.py::test_it"
        for variant in ("clean", *control.defects, *control.near_misses):
            red = Verdict.FAIL if variant in control.defects else Verdict.PASS
            yield ProofCell(
                control=control.id, variant=variant, kind="defect", summary=SENTENCE[:60],
                expected=red, verdict=red, ok=True, suites_digest="made-up", time=START,
            )  # fmt: skip
        yield CheckStarted(check=check, control=control.id, time=START)
        for n in range(exchanges):
            status = 200 if n % 2 == 0 else 401
            yield exchange(f"{number}-{n}", check, chance, status)
        for phase in ("opening", "closing"):
            yield Witness(
                check=check, control=control.id, statement="a valid token is accepted", held=True,
                phase=phase, exchanges=[f"{number}-0"],
            )  # fmt: skip
        yield Measurement(
            check=check, control=control.id, name="refused", unit="ratio", successes=exchanges,
            trials=exchanges,
        )  # fmt: skip
        if number % 10 == 9:
            for n in range(3):
                yield Violation(
                    check=check, control=control.id, statement=SENTENCE[:90],
                    place=Place(operation=f"GET /v1/things/{n}"),
                    fingerprint=f"{number:08x}{n:08x}", exchanges=[f"{number}-{n}"],
                    expected="401", seen="200",
                )  # fmt: skip
        verdict = Verdict.FAIL if number % 10 == 9 else Verdict.PASS
        yield CheckEnded(check=check, control=control.id, verdict=verdict, seconds=0.2)
    yield RunEnded(outcome="completed", seconds=60.0)


def rendered(folder: Path, count: int, exchanges: int) -> dict[str, float]:
    """What rendering one journal costs, in seconds, bytes and megabytes."""
    folder.mkdir()
    path = folder / "journal.jsonl"
    with Journal(path) as journal:
        for record in run(count, exchanges):
            journal.append(record)
    words = [sys.executable, "-c", RENDER, str(path), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    path.unlink()
    return found


def first_paint(program: str, page: Path, folder: Path) -> float:
    """Seconds from the start of loading to the first contentful paint."""
    text = page.read_text("utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    told = (
        "<script>new PerformanceObserver(found => found.getEntries().forEach(entry => {"
        "if (entry.name === 'first-contentful-paint')"
        "document.title = 'painted ' + entry.startTime;"
        "})).observe({type: 'paint', buffered: true});</script>"
    )
    page = folder / "measured.html"
    page.write_text(text.replace("<head>", f"<head>{told}"), encoding="utf-8")
    words = [program, *browser.flags(folder / "profile"), "--dump-dom", page.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    painted = re.search(r"<title>painted ([\d.]+)", done.stdout)
    return float(painted[1]) / 1000 if painted else float("nan")


def main() -> None:
    """Prints a row for each size, and the ratios, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--controls", type=int, nargs="+", default=[250, 500, 1000])
    parser.add_argument("--exchanges", type=int, default=20, help="of each control")
    parser.add_argument("--long", type=int, default=0, help="exchanges of one long journal")
    wanted = parser.parse_args()
    program = browser.found()
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for count in wanted.controls:
            folder = Path(place) / str(count)
            row = {"controls": count, **rendered(folder, count, wanted.exchanges)}
            row["exchanges"] = count * wanted.exchanges
            if program:
                paints = [first_paint(program, folder / "report.html", folder) for _ in range(3)]
                row["first_paint"] = statistics.median(paints)
            rows.append(row)
        summary: dict[str, object] = {"rows": rows}
        first, last = rows[0], rows[-1]
        if len(rows) > 1:
            summary["seconds_a_control_last_beside_first"] = (
                (last["assess"] + last["write"]) / last["controls"]
            ) / ((first["assess"] + first["write"]) / first["controls"])
        if wanted.long:
            few = wanted.controls[0]
            long = rendered(Path(place) / "long", few, max(1, wanted.long // few))
            summary["long"] = {"exchanges": wanted.long, **long}
            summary["memory_long_beside_first"] = long["megabytes"] / first["megabytes"]
    sys.stdout.write(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
