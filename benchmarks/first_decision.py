"""How long from `l7audit run` to the first decided control, and to the report.

Run by hand: python benchmarks/first_decision.py [runs]. Figures are seconds of whole processes and
their ratios within one run; stolen processor time is shown a round, so that a noisy one is seen.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from l7audit.journal import CheckEnded, RunStarted, of_type, read


def stolen() -> float:
    """Seconds of processor time that the machine's host took away since it booted."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()
    except OSError:
        return 0.0
    return int(first[8]) / 100


def once(folder: Path) -> tuple[float, float, float]:
    """Seconds to the plan (the stack is ready), to the first decision, and to the end."""
    before, began = time.perf_counter(), time.time()
    done = subprocess.run(
        [sys.executable, "-m", "l7audit", "run", "--out", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    total = time.perf_counter() - before
    if done.returncode not in (0, 1):
        raise SystemExit(f"l7audit run ended with {done.returncode}: {done.stderr.strip()}")
    records = read(folder / "latest" / "journal.jsonl")
    ready = next(of_type(records, RunStarted)).time - began
    first = next(of_type(records, CheckEnded)).time - began
    return ready, first, total


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    rows = []
    print("round   ready   first   total  first/total  stolen")  # noqa: T201
    for number in range(1, runs + 1):
        steal = stolen()
        with tempfile.TemporaryDirectory() as folder:
            ready, first, total = once(Path(folder))
        rows.append((ready, first, total))
        print(  # noqa: T201
            f"{number:5d} {ready:7.2f} {first:7.2f} {total:7.2f} {first / total:12.2f}"
            f" {stolen() - steal:7.2f}"
        )
    ready, first, total = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"median{ready:7.2f} {first:7.2f} {total:7.2f} {first / total:12.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
