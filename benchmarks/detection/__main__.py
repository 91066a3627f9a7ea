"""What is found in the services of the training ground, and what is seen that is not there.

Run by hand: `python benchmarks/detection [SERVICE ...] [--seed 1] [--select AREA,AREA-01]
[--out FOLDER] [--verbose]`.
Each service of tests/targets runs twice, with all its weaknesses and as its sound twin, and is
audited as a user would. Found: a finding of the weakness's class at its operation (classes.yaml
says which controls name a class). False: a finding on the sound twin. Beside: findings on the weak
service that name no planted weakness; some are side effects of planted ones.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests" / "targets")]

from ground.packages import lacking  # noqa: E402
from ground.running import running  # noqa: E402
from ground.target import service, services  # noqa: E402
from ground.weaknesses import weaknesses  # noqa: E402
from matching import Finding, matched  # noqa: E402
from ours import audit  # noqa: E402

ROW = "{:<12} {:>8} {:>6} {:>6} {:>7} {:>9} {:>8}"


def main() -> None:
    """Prints a row a service, and what was missed or wrongly seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("services", nargs="*", help=f"of {', '.join(services())}; all without")
    parser.add_argument("--select", default="", help="only these controls and areas")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keep the runs here")
    parser.add_argument("--verbose", action="store_true", help="name what was missed and beside")
    given = parser.parse_args()
    totals = [0, 0, 0]
    _tell(ROW.format("service", "planted", "found", "false", "beside", "requests", "seconds"))
    with tempfile.TemporaryDirectory() as kept:
        out = given.out or Path(kept)
        for name in given.services or services():
            if why := lacking(name):
                _tell(f"{name} is left out: {why}")
                continue
            described, planted = service(name), weaknesses(name)
            with running(name, weak=["all"]) as url:
                weak = audit(described, url, out / name / "weak", given.seed, given.select)
            with running(name) as url:
                sound = audit(described, url, out / name / "sound", given.seed, given.select)
            outcome = matched(planted.values(), weak.findings, weak.prefix)
            counts = (len(planted), len(outcome.found), len(sound.findings))
            totals = [t + c for t, c in zip(totals, counts, strict=True)]
            _tell(
                ROW.format(
                    name,
                    *counts,
                    len(outcome.beside),
                    weak.requests,
                    f"{weak.seconds:.0f}",
                )
            )
            for finding in sound.findings:
                _tell(f"  false   {_said(finding)}")
            if given.verbose:
                for weakness in outcome.missed:
                    _tell(
                        f"  missed  {weakness.id} {weakness.cls}: {weakness.operation}"
                        f" ({weakness.part}): {weakness.summary}"
                    )
                for finding in outcome.beside:
                    _tell(f"  beside  {_said(finding)}")
    share = totals[1] / totals[0] if totals[0] else 0
    _tell(f"found {totals[1]} of {totals[0]} ({share:.0%}), false {totals[2]}")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _said(finding: Finding) -> str:
    return f"{', '.join(sorted(finding.names))} {finding.operation}: {finding.sentence}"


if __name__ == "__main__":
    main()
