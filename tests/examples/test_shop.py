"""The example of a third party, built and installed as a user would, into a venv of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "l7audit-shop"
PACKAGES = ("l7audit", "l7audit_plugins", "l7audit_suites", "l7audit_stack")
CONTROLS = {
    "SHOP-01": ("shop.trusts-the-buyers-price", "shop.echoes-the-offer"),
    "SHOP-02": ("shop.sells-negative-quantities", "shop.clamps-quantities"),
    "SHOP-03": ("shop.shows-orders-to-everyone", "shop.answers-strangers-emptily"),
}
"""Each with its defect and its near-miss."""


def ran(*command: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command's outcome, without anything of this process's environment."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty venv with the example's wheel in it, beside the l7audit that is tested here."""
    folder = tmp_path_factory.mktemp("shop")
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", folder)
    done = ran(sys.executable, *build, EXAMPLE, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("l7audit_shop-*.whl")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps")
    done = ran(*pip, wheel, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    ours = [spec.origin for name in PACKAGES if (spec := find_spec(name)) and spec.origin]
    paths = [str(Path(origin).parents[1]) for origin in ours]
    paths += [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    (site / "beside.pth").write_text("\n".join(dict.fromkeys(paths)) + "\n")
    return python


def results(folder: Path) -> Any:
    return json.loads((folder / "l7audit-out" / "latest" / "results.json").read_text())


def test_its_plugins_are_listed_beside_ours(python: Path, tmp_path: Path) -> None:
    done = ran(python, "-m", "l7audit", "plugins", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    listed = [tuple(line.split()[:3]) for line in done.stdout.splitlines()]
    assert ("provider", "shop", "l7audit_shop.provider") in listed
    assert ("reporter", "badge", "l7audit_shop.badge") in listed
    assert ("suite", "l7audit_shop.suite", "l7audit_shop.suite") in listed
    assert ("provider", "embedded", "l7audit_plugins.providers.embedded") in listed
    done = ran(python, "-m", "l7audit", "controls", "show", "SHOP-01", folder=tmp_path)
    assert "The shop sets the price, not the buyer" in done.stdout


@pytest.mark.early
def test_its_controls_and_their_proof_are_in_the_reports_like_ours(
    python: Path, tmp_path: Path
) -> None:
    proved = ran(python, "-m", "l7audit", "prove", "--target", "shop", folder=tmp_path)
    assert proved.returncode == 0, proved.stdout + proved.stderr
    assert "3 of 3 controls proven" in proved.stdout
    assert "plants none of its area's defects" in proved.stdout  # ours, by name

    select = ("--select", "SHOP,AUTHN-01", "--seed", "3")
    done = ran(python, "-m", "l7audit", "run", "--target", "shop", *select, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {c["id"]: c for c in results(tmp_path)["controls"]}
    assert found.keys() == {*CONTROLS, "AUTHN-01"}
    assert {c["verdict"] for c in found.values()} == {"pass"}
    latest = tmp_path / "l7audit-out" / "latest"
    page = (latest / "report.html").read_text(encoding="utf-8")
    for name, (defect, near_miss) in CONTROLS.items():
        proof = found[name]["proof"]
        assert (proof["state"], proof["clean"]) == ("proven", "pass")
        assert [(d["name"], d["verdict"]) for d in proof["defects"]] == [(defect, "fail")]
        assert [(n["name"], n["verdict"]) for n in proof["near_misses"]] == [(near_miss, "pass")]
        assert found[name].keys() == found["AUTHN-01"].keys()
        assert all(text in page for text in (name, found[name]["title"], defect, near_miss))
    badge = ElementTree.parse(latest / "badge.svg").getroot()
    assert badge.get("aria-label") == "l7audit: passed, 100.0 of 100"


def test_a_defect_that_its_profile_plants_is_a_finding(python: Path, tmp_path: Path) -> None:
    text = (EXAMPLE / "l7audit.yaml").read_text(encoding="utf-8")
    (readme,) = [
        block.partition("```")[0]
        for block in (EXAMPLE / "README.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    ]
    assert readme.startswith("target:\n  provider: shop\n")
    planted = text.replace("target:\n  provider: shop\n", readme)
    (tmp_path / "l7audit.yaml").write_text(planted, encoding="utf-8")
    done = ran(python, "-m", "l7audit", "run", folder=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    verdicts = {c["id"]: c["verdict"] for c in results(tmp_path)["controls"]}
    assert verdicts == {"SHOP-01": "fail", "SHOP-02": "pass", "SHOP-03": "pass"}
    badge = (tmp_path / "l7audit-out" / "latest" / "badge.svg").read_text(encoding="utf-8")
    assert "l7audit: failed" in badge

    (tmp_path / "l7audit.yaml").write_text(planted.replace("trusts", "loves"), encoding="utf-8")
    done = ran(python, "-m", "l7audit", "run", folder=tmp_path)
    assert done.returncode == 4
    assert "The shop has no defect 'shop.loves-the-buyers-price'." in done.stderr


def test_its_page_lists_the_parts_that_there_are() -> None:
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    for part in ("provider.py", "suite/", "badge.py"):
        assert f"`l7audit_shop/{part}`" in page
        assert (EXAMPLE / "l7audit_shop" / part).exists()
