"""Our images: built from the locked wheels and this very code, when no image of them is there.

An image's tag is a digest of all that goes into it, so that an older one is never audited. Wheels
are fetched on this machine, where pip is set up, and checked against the lock here and again while
the image is built; the build itself asks no package index but Debian's.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from l7audit_stack.deploy.cache import cache_folder
from l7audit_stack.deploy.code import ROOMS
from l7audit_stack.deploy.engine import Engine
from l7audit_stack.deploy.errors import StackError

STACK, POSTGRES = "l7audit-stack", "l7audit-postgres"
PYTHON, POSTGRES_VERSION = "3.13", "17"
"""Of Debian 13, which the images are made of."""

_LOCK = "requirements/image.txt"
_MODEL = (
    "__init__.py",
    "deploy/__init__.py",
    "deploy/cache.py",
    "deploy/components/__init__.py",
    "deploy/components/model.py",
)
"""What writes the language model: apart, so that other code does not make it anew."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where images are made of: a checkout."""

    checkout: Path

    @classmethod
    def find(cls) -> Sources:
        """Those of this code. Raises StackError where it is no checkout."""
        package = Path(__file__).parents[1]
        checkout = package.parents[1]
        if package.parent.name != "reference_stack" or not (checkout / _LOCK).is_file():
            raise StackError(
                "The images of the containers mode are built from a checkout, and this l7audit is "
                "installed without one: pip install --editable '.[containers]' in a clone."
            )
        return cls(checkout)

    @property
    def lock(self) -> Path:
        """The pins of what the stack's image holds."""
        return self.checkout / _LOCK

    @property
    def package(self) -> Path:
        """The stack's code."""
        return self.checkout / "reference_stack" / "l7audit_stack"

    def folder(self, image: str) -> Path:
        """An image's Dockerfile and what lies beside it."""
        return self.package / "images" / image.removeprefix("l7audit-")

    def code(self) -> list[Path]:
        """The files that serve; the defects are the laboratory's and stay out."""
        rooms = [file for room in ROOMS for file in (self.package / room).rglob("*")]
        files = [*self.package.glob("*"), *rooms]
        return sorted(f for f in files if f.is_file() and "__pycache__" not in f.parts)

    def tag(self, image: str) -> str:
        """The image's name with a digest of its contents."""
        files = sorted(f for f in self.folder(image).iterdir() if f.is_file())
        if image == STACK:
            files += [self.lock, *self.code()]
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"{file.relative_to(self.checkout)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return f"{image}:{digest.hexdigest()[:12]}"


def ready(engine: Engine, progress: Callable[[str], None]) -> dict[str, str]:
    """Both images by name, built where they are not there. Raises StackError with the reason."""
    sources = Sources.find()
    tags = {image: sources.tag(image) for image in (POSTGRES, STACK)}
    with _alone():
        for image, tag in tags.items():
            if not engine.has_image(tag):
                progress(f"building {tag}")
                _build(engine, sources, image, tag)
                engine.forget_images(image, but=tag)
    return tags


@contextmanager
def _alone() -> Iterator[None]:
    """Runs that start together build once."""
    with (cache_folder() / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(engine: Engine, sources: Sources, image: str, tag: str) -> None:
    with tempfile.TemporaryDirectory(dir=cache_folder()) as name:
        context = Path(name)
        for file in sources.folder(image).iterdir():
            if file.is_file():
                shutil.copy(file, context)
        if image == STACK:
            _lay_stack(sources, context)
        engine.build(context, tag)


def _lay_stack(sources: Sources, context: Path) -> None:
    pins = pins_for(sources.lock.read_text("utf-8"), target_environment())
    requirements = context / "requirements.txt"
    requirements.write_text(pins, "utf-8")
    _copy(sources.code(), sources.package, context / "l7audit_stack")
    _copy([sources.package / f for f in _MODEL], sources.package, context / "model/l7audit_stack")
    shutil.copytree(_wheels(pins, requirements), context / "wheels", copy_function=_link)


def _copy(files: Iterable[Path], root: Path, target: Path) -> None:
    for file in files:
        place = target / file.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)


def _link(source: str, target: str) -> None:
    os.link(source, target)  # both are in the cache folder


def target_environment() -> dict[str, str]:
    """What markers of a lock are to be read against: the interpreter inside of the image."""
    return {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": platform.machine(),
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{PYTHON}.0",
        "python_version": PYTHON,
        "sys_platform": "linux",
    }


def pins_for(lock: str, environment: dict[str, str]) -> str:
    """The pins of a lock that hold there, without their markers: pip would read those against the
    interpreter that it runs in."""
    kept = []
    for block in lock.replace("\\\n", " ").splitlines():
        pin, *hashes = block.split(" --hash=")
        if not pin.strip() or pin.startswith("#"):
            continue
        wanted = Requirement(pin.strip())
        if wanted.marker is None or wanted.marker.evaluate(environment):
            kept.append(" \\\n".join([f"{wanted.name}{wanted.specifier}", *_hashes(hashes)]))
    return "".join(f"{pin}\n" for pin in kept)


def pinned_versions() -> dict[str, str]:
    """What the stack's image holds: distribution to version."""
    pins = pins_for(Sources.find().lock.read_text("utf-8"), target_environment())
    lines = (line.removesuffix(" \\") for line in pins.splitlines() if "==" in line)
    return {name: version for name, _, version in (line.partition("==") for line in lines)}


def _hashes(given: Iterable[str]) -> list[str]:
    return [f"    --hash={one.strip()}" for one in given]


def _wheels(pins: str, requirements: Path) -> Path:
    """The folder of wheels for these pins, in this user's cache."""
    name = f"wheels-{hashlib.sha256(pins.encode()).hexdigest()[:12]}-{platform.machine()}"
    cached = cache_folder() / name
    if cached.exists():
        return cached
    unfinished = Path(tempfile.mkdtemp(dir=cache_folder()))
    try:
        _download(requirements, unfinished)
        for older in cache_folder().glob("wheels-*"):
            shutil.rmtree(older)
        unfinished.rename(cached)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return cached


def _download(requirements: Path, folder: Path) -> None:
    machine = platform.machine()
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(41, 16, -1)]
    platforms += [
        f"manylinux2014_{machine}",
        f"manylinux_2_12_{machine}",
        f"manylinux2010_{machine}",
    ]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest", str(folder)]
    command += ["--python-version", PYTHON, "--implementation", "cp"]
    for each in (*platforms, f"linux_{machine}"):
        command += ["--platform", each]
    done = subprocess.run(
        [*command, "--requirement", str(requirements)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StackError(
            "The wheels of the stack's image can't be fetched: see that pip reaches its index. "
            f"It said:\n{done.stderr[-2000:].strip()}"
        )
