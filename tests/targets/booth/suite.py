"""Suites of a few lines, written into a folder and installed like anybody's plugin."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from l7audit.catalogue import Catalogue, load
from l7audit.profile import Profile, TargetProfile

_numbers = itertools.count()

HEAD = '''\
"""Checks of the booth."""
import os, signal, sys, threading, time
from pathlib import Path

import pytest
from l7audit.model import Kind, Place
from l7audit.probe.request import Request

READ = Request("GET", "/things")
OPEN = Request("GET", "/open")
WAIT = Request("GET", "/wait")
THINGS = Place(operation="GET /things")


def keyed(check, request=READ):
    return request.with_auth(check.sessions.auth(check.identities[0]))
'''

WITNESS = 'check.witness("The key opens it", lambda: check.send(keyed(check)))\n'
GUARDED = f"""\
{WITNESS}answer = check.send(READ)
check.expect(answer.refused, THINGS, "It opens without a key", answer, expected="401")
"""
"""Passes on a booth that is sound and fails on one that is weakly `open`."""

ANSWERS = """\
check.witness("It is there", lambda: check.send(OPEN))
answer = check.send(OPEN)
check.expect(answer.ok, Place(operation="GET /open"), "It does not answer", answer)
"""
FAILS = f'{WITNESS}check.violation(THINGS, "It is always wrong", check.send(OPEN))\n'
WAITS = f"{WITNESS}check.send(WAIT)\n{GUARDED}"
"""Comes no further until the booth lets it."""


@dataclass(frozen=True)
class Suite:
    """An installed suite: its package, and where it lies."""

    package: str
    site: Path

    @property
    def areas(self) -> list[str]:
        """The areas' names."""
        return sorted(f.parent.name.upper() for f in self.folder.glob("*/controls.yaml"))

    @property
    def folder(self) -> Path:
        return self.site / self.package

    @property
    def catalogue(self) -> Catalogue:
        return load([self.package])

    def profile(self, booth: object, **more: object) -> Profile:
        """A profile that audits a booth with this suite alone."""
        url = booth.url  # type: ignore[attr-defined]
        target = TargetProfile(
            provider="external",
            url=url,
            openapi=f"{url}/openapi.json",
            identities=booth.identities,  # type: ignore[attr-defined]
        )
        fields: dict[str, object] = {"name": "booth", "target": target, "select": self.areas}
        return Profile(**(fields | more))  # type: ignore[arg-type]


def write_suite(
    site: Path,
    checks: Mapping[str, str],
    *,
    head: str = HEAD,
    fields: Mapping[str, Mapping[str, object]] | None = None,
) -> Suite:
    """Writes a suite package and what makes it a plugin.

    `checks` maps a control's id to the body of its check, `test_aa_01` in `aa/test_aa.py`;
    `fields` maps ids to fields of their control.
    """
    package = f"booth_suite_{next(_numbers)}"
    areas: dict[str, list[str]] = {}
    for name in checks:
        areas.setdefault(name.split("-")[0], []).append(name)
    for area, ids in areas.items():
        folder = site / package / area.lower()
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        controls = [_control(i, (fields or {}).get(i, {})) for i in ids]
        described = {"area": area, "title": f"Area {area}", "controls": controls}
        (folder / "controls.yaml").write_text(yaml.safe_dump(described, sort_keys=False))
        source = head + "".join(_function(i, checks[i]) for i in ids)
        (folder / f"test_{area.lower()}.py").write_text(source)
    (site / package / "__init__.py").write_text(
        "from l7audit.hookspecs import Suite, hookimpl\n\n\n"
        "@hookimpl\ndef l7audit_register_suite():\n"
        f'    return Suite(package="{package}", title="Of a test")\n'
    )
    told = site / f"{package}-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    (told / "entry_points.txt").write_text(f"[l7audit]\n{package} = {package}\n")
    return Suite(package, site)


def _function(name: str, body: str) -> str:
    lines = "".join(f"    {line}\n" if line else "\n" for line in body.splitlines())
    title = name.lower().replace("-", "_")
    return f'\n\n@pytest.mark.control("{name}")\ndef test_{title}(check):\n{lines}'


def _control(name: str, more: Mapping[str, object]) -> dict[str, object]:
    fields: dict[str, object] = {
        "id": name,
        "title": f"Title of {name}",
        "severity": "high",
        "rationale": "Why",
        "remediation": "How",
        "mappings": {},
    }
    return {**fields, **more}


def profile_file(folder: Path, suite: Suite, booth: object, **more: object) -> Path:
    """Writes the profile that audits a booth with this suite alone into `folder/booth.yaml`."""
    path = folder / "booth.yaml"
    made = msgspec.to_builtins(suite.profile(booth))
    fields = {k: v for k, v in made.items() if k != "source"} | more
    path.write_text(yaml.safe_dump(fields))
    return path
