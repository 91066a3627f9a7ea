"""The catalogue: the controls of every suite, and which checks test them.

A suite is a package with one folder an area; an area holds `controls.yaml` and `test_*.py`. The
checks are found by reading the source, not by importing it, so that listing controls is instant
and runs nobody's code.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from l7audit.errors import CatalogueError, UsageError
from l7audit.model import Control, Strict

# The C loader where the wheel has it: the controls are read at each start of the command.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Area(Strict, frozen=True, kw_only=True):
    """One area of a suite as its `controls.yaml` states it."""

    area: str
    title: str
    controls: list[Control]


@dataclass(frozen=True, slots=True)
class Check:
    """A check: its id (`area/test_file.py::test_name`), its control, and where it stands."""

    id: str
    control: str
    path: Path
    function: str

    @property
    def node(self) -> str:
        """The check as pytest names it."""
        return f"{self.path}::{self.function}"


@dataclass(frozen=True)
class Catalogue:
    """All controls in the order of their ids, and the checks of each. `digest` hashes the code."""

    controls: tuple[Control, ...]
    checks: tuple[Check, ...]
    areas: dict[str, str]
    digest: str

    def control(self, name: str) -> Control:
        """The control of that id. Errors: `UsageError` with the nearest names."""
        found = next((c for c in self.controls if c.id == name.upper()), None)
        if found is None:
            raise self._unknown(name)
        return found

    def checks_of(self, control: str) -> list[Check]:
        """The checks that test a control."""
        return [c for c in self.checks if c.control == control]

    def select(self, wanted: Sequence[str], skip: Sequence[str] = ()) -> list[Control]:
        """The controls that areas and ids name; all without a wish.

        Errors: `UsageError` where a name is neither an area nor a control.
        """
        chosen = set(self._named(wanted)) if wanted else {c.id for c in self.controls}
        chosen -= set(self._named(skip))
        return [c for c in self.controls if c.id in chosen]

    def _named(self, names: Iterable[str]) -> Iterable[str]:
        for name in names:
            wanted = name.strip().upper()
            found = [c.id for c in self.controls if wanted in (c.id, c.area)]
            if not found:
                raise self._unknown(name)
            yield from found

    def _unknown(self, name: str) -> UsageError:
        return UsageError(
            f"There is no control or area {name!r}.",
            mend=f"Areas: {', '.join(sorted(self.areas))}. All controls: l7audit controls list",
        )


def load(packages: Sequence[str]) -> Catalogue:
    """The catalogue of these suite packages. Errors: `CatalogueError` with the file and cause."""
    controls: dict[str, Control] = {}
    checks: list[Check] = []
    areas: dict[str, str] = {}
    declared: dict[str, tuple[str, Path]] = {}
    digest = hashlib.sha256()
    for package in packages:
        root = package_folder(package)
        for path in sorted(root.rglob("*")):
            if path.suffix in {".py", ".yaml"} and path.is_file():
                digest.update(path.relative_to(root).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        for file in sorted(root.glob("*/controls.yaml")):
            area = _area(file)
            _own(declared, area.area, package, file)
            areas[area.area] = area.title
            for control in area.controls:
                if control.area != area.area:
                    raise CatalogueError(
                        f"{file}: the id {control.id} is outside the area {area.area}."
                    )
                _own(declared, control.id, package, file)
                controls[control.id] = control
            for source in sorted(file.parent.glob("test_*.py")):
                for check in _checks(source):
                    _own(declared, check.id, package, source)
                    checks.append(check)
    _agree(controls, checks)
    ordered = tuple(controls[i] for i in sorted(controls))
    return Catalogue(ordered, tuple(checks), areas, digest.hexdigest())


def _own(declared: dict[str, tuple[str, Path]], name: str, package: str, file: Path) -> None:
    """Notes who declares an area, a control or a check. Errors: `CatalogueError` for two."""
    if name not in declared:
        declared[name] = (package, file)
        return
    other, earlier = declared[name]
    if other != package:
        raise CatalogueError(
            f"The suites {other!r} and {package!r} both declare {name}: {earlier} and {file}.",
            mend="Rename it in your own, or uninstall one of them: l7audit plugins",
        )
    where = "" if earlier == file else f"; the other is in {earlier}"
    raise CatalogueError(f"{file}: {name} is declared twice{where}.")


def package_folder(package: str) -> Path:
    """The folder of a suite package. Errors: `CatalogueError` where it can't be found."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise CatalogueError(
            f"The suite package {package!r} is not installed.",
            mend="Install the plugin again, or uninstall it: l7audit plugins",
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _area(file: Path) -> Area:
    try:
        return msgspec.convert(yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER), Area)
    except (yaml.YAMLError, msgspec.ValidationError, OSError) as error:
        cause = " ".join(str(error).split())  # PyYAML draws its complaint over several lines
        raise CatalogueError(f"{file}: {cause}.") from error


def _checks(source: Path) -> Iterable[Check]:
    """The functions marked `@pytest.mark.control("ID")` in a file."""
    try:
        tree = ast.parse(source.read_text(encoding="utf-8"), filename=str(source))
    except (SyntaxError, OSError) as error:
        raise CatalogueError(f"{source}: {error}.") from error
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        ids = [i for d in node.decorator_list if (i := _control_id(d)) is not None]
        if len(ids) != 1:
            raise CatalogueError(
                f'{source}:{node.lineno}: {node.name} needs one @pytest.mark.control("ID").'
            )
        name = f"{source.parent.name}/{source.name}::{node.name}"
        yield Check(name, ids[0], source, node.name)


def _control_id(decorator: ast.expr) -> str | None:
    match decorator:
        case ast.Call(
            func=ast.Attribute(attr="control"), args=[ast.Constant(value=str() as control)]
        ):
            return control
    return None


def _agree(controls: dict[str, Control], checks: list[Check]) -> None:
    unknown = sorted({c.control for c in checks} - controls.keys())
    if unknown:
        raise CatalogueError(f"Checks name controls that no controls.yaml has: {unknown}.")
    untested = sorted(controls.keys() - {c.control for c in checks})
    if untested:
        raise CatalogueError(f"Controls without a check: {untested}.")
