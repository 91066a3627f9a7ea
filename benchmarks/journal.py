"""What a journal costs to write, read, assess, render and verify, by the number of its records.

Run by hand: `python benchmarks/journal.py [--records 100000 300000 1000000]`. Journals are made up
from a seed; a record takes about a kilobyte, so the longest one needs a gigabyte in the folder for
temporary files. Each stage runs in a process of its own, and its time is a multiple of what the
same bytes take to be written or read plainly, within the same process; so cost is linear where a
column stays the same, and memory is bounded where its last column does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

STAGES = {
    "append": """
from l7audit import journal as j
from l7audit.model import Control, Severity, Verdict
controls = [
    Control(id=f"AA-{n:02}", title="A guard holds", severity=Severity.HIGH, rationale="Why.",
            remediation="How.", mappings={})
    for n in range(1, 21)
]
chance = random.Random(7)
text = "".join(chance.choices("abcdefghij {}:,", k=4000))
def told(count):
    checks = {c.id: [f"aa/test_aa.py::test_{c.id}"] for c in controls}
    yield j.RunStarted(format=j.FORMAT, run="r", seed=7, target="https://127.0.0.1", provider="p",
                       controls=controls, planned=list(checks), checks=checks)
    each = (count - 2 - 3 * len(checks)) // len(checks)
    for control, (check,) in checks.items():
        own = {"check": check, "control": control}
        yield j.CheckStarted(**own)
        for n in range(each):
            at = chance.randrange(3500)
            yield j.Exchange(
                id=f"{control}-{n}", check=check, method="GET", url=f"https://127.0.0.1/things/{n}",
                request=j.Message(headers=[("accept", "*/*"), ("x-id", f"{n:08x}")]),
                status=200 if n % 7 else 429, milliseconds=n % 90,
                response=j.Message(headers=[("content-type", "application/json")] * 4,
                                   body=text[at : at + 300 + n % 200], size=400),
            )
        yield j.Witness(**own, statement="It can.", held=True, exchanges=[f"{control}-0"])
        yield j.CheckEnded(**own, verdict=Verdict.PASS, seconds=1.0)
    yield j.RunEnded(outcome="completed", seconds=9.0)
made = list(told(min(count, 20_000)))  # made beforehand, so that only appending is measured
def work():
    with j.Journal(path) as journal:
        done = 0
        while done < count:
            part = made if done == 0 else made[2:-1]
            for record in part[: count - done]:
                journal.append(record)
            done += len(part)
def plain():
    file = os.open(path.with_name("plain"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with path.open("rb") as lines:
        for line in lines:
            os.write(file, line)
    os.close(file)
    path.with_name("plain").unlink()
""",
    "read": """
from l7audit.journal import Records
def work():
    for _ in Records(path):
        pass
""",
    "assess": """
from l7audit.assess.assess import assess, day_of
from l7audit.journal import Records
def work():
    records = Records(path)
    assess(records, day_of(records.started))
""",
    "render": """
from l7audit import plugins, rendering, session
from l7audit.journal import Records
loaded = plugins.load(third_party=False)
def work():
    rendering.rewrite(Records(path), ["json", "html"], path.parent, loaded)
""",
    "manifest": """
from l7audit.integrity import manifest
def work():
    manifest.write(path.parent, {"results.json": "json", "report.html": "html"})
""",
    "verify": """
from l7audit import plugins, session
from l7audit.integrity.verifying import verify
loaded = plugins.load(third_party=False)
def work():
    found = verify(path.parent, lambda r, names, to: rendering.rewrite(r, names, to, loaded))
    assert found.troubles == (), found.troubles
""",
}

CHILD = """
import json, os, random, resource, sys, time
from pathlib import Path
path, count = Path(sys.argv[1]), int(sys.argv[2])
def plain():
    with path.open("rb") as lines:
        for _ in lines:
            pass
{stage}
began = time.perf_counter()
work()
worked = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
again = time.perf_counter()
plain()
print(json.dumps([worked - began, time.perf_counter() - again, peak]))
"""


def measured(stage: str, path: Path, count: int) -> tuple[float, float, float]:
    """Seconds of the stage, seconds of the same bytes plainly, and the peak of memory in MB."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD.replace("{stage}", STAGES[stage]), str(path), str(count)],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, plain, peak = json.loads(done.stdout)
    return seconds, plain, peak


def main() -> None:
    """Prints a table: a line a stage and length."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    wanted = parser.parse_args()
    out = sys.stdout.write
    out("stage      records      MB  records/s   MB/s  of plain  us/record  peak MB\n")
    for count in sorted(wanted.records):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "journal.jsonl"
            for stage in STAGES:
                seconds, plain, peak = measured(stage, path, count)
                size = path.stat().st_size / 1e6
                out(
                    f"{stage:<9}{count:>9,} {size:>7.0f} {count / seconds:>10,.0f}"
                    f" {size / seconds:>6.0f} {seconds / plain:>9.1f}"
                    f" {1e6 * seconds / count:>10.1f}"
                    f" {peak:>8.0f}\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
