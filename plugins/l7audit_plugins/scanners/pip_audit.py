"""pip-audit: known vulnerabilities of what is installed, by advisories that lie in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from l7audit.errors import ScanError
from l7audit.hookspecs import Scanner, hookimpl
from l7audit.model import Confidence, Severity
from l7audit.scanning import Ground, Scan, Weakness
from l7audit_plugins.scanners import MEND
from l7audit_plugins.scanners.advisories import Advisory, fixes, load, some_version
from l7audit_plugins.scanners.files import named, place

if TYPE_CHECKING:
    from pip_audit._service.interface import Dependency, VulnerabilityResult

_ADVISE = "Unpack OSV's export for PyPI and name the folder: target.source.advisories"


class PipAudit(Scanner):
    """Known vulnerabilities of pinned packages; nothing is asked over the network."""

    name = "pip-audit"
    distribution = "pip-audit"
    mend = MEND

    def scan(self, ground: Ground) -> Scan:
        """Every pinned package, and one of which the advisories say that it is vulnerable."""
        source = ground.target.source
        files = named(source, source.requirements)
        if not files:
            raise ScanError(
                "No file says what is installed.", mend="Name one: target.source.requirements"
            )
        if not source.advisories:
            raise ScanError("No advisories are named, and none are fetched.", mend=_ADVISE)
        (folder,) = named(source, [source.advisories])
        advisories = load(folder)
        known = some_version(advisories)
        if known is None:
            raise ScanError(f"No advisory in {folder} names a version, so none can be tried out.")
        specimen = ground.folder / "specimen.txt"
        specimen.write_text("{}=={}\n".format(*known), encoding="utf-8")
        packages = {file: dict(_audited(file, advisories)) for file in (*files, specimen)}
        newest = max(a.modified for found in advisories.values() for a in found)
        found = any(packages.pop(specimen).values())
        return Scan(
            looked_at=tuple(
                place(source, file, d.canonical_name) for file in files for d in packages[file]
            ),
            unit="packages",
            specimen="pip-audit finds a version that the advisories call vulnerable",
            found=found,
            weaknesses=tuple(_weaknesses(ground, packages)),
            notes={
                "advisories": len({a.id for found in advisories.values() for a in found}),
                "newest_advisory": newest.date().isoformat(),
                "days_old": (datetime.now(UTC) - newest).days,
            },
        )


def _audited(
    file: Path, advisories: dict[str, list[Advisory]]
) -> Iterator[tuple[Dependency, list[VulnerabilityResult]]]:
    """Each package of a file with what is known of it. Errors: `ScanError`."""
    # Imported here: a run that asks for no packages must not wait for it.
    from pip_audit._audit import Auditor
    from pip_audit._dependency_source.interface import DependencySourceError
    from pip_audit._dependency_source.requirement import RequirementSource
    from pip_audit._service.interface import (
        ResolvedDependency,
        VulnerabilityID,
        VulnerabilityResult,
        VulnerabilityService,
    )

    class Folder(VulnerabilityService):  # type: ignore[misc]  # it is Any to mypy
        """Asks the folder's advisories where pip-audit's own services ask the network."""

        def query(self, spec: Dependency) -> tuple[Dependency, list[VulnerabilityResult]]:
            """The advisories that speak of this version of the package."""
            if not isinstance(spec, ResolvedDependency):
                return spec, []
            name = spec.canonical_name
            return spec, [
                VulnerabilityResult.create(
                    [VulnerabilityID(i) for i in (a.id, *a.aliases)],
                    " ".join((a.summary or a.details).split())[:300] or "no description",
                    fixes(a, name),
                    None,
                )
                for a in advisories.get(name, ())
                if a.touches(name, spec.version)
            ]

    source = RequirementSource([file], no_deps=True, disable_pip=True, skip_editable=True)
    try:
        for dependency, found in Auditor(Folder()).audit(source):
            if not dependency.is_skipped():
                yield dependency, found
    except DependencySourceError as error:
        raise ScanError(
            f"{file} does not pin what is installed: {' '.join(str(error).split())[:200]}"
        ) from error


def _weaknesses(
    ground: Ground, packages: dict[Path, dict[Dependency, list[VulnerabilityResult]]]
) -> Iterator[Weakness]:
    for file, audited in packages.items():
        for dependency, results in audited.items():
            name = canonicalize_name(dependency.name)
            for result in results:
                mended = ", ".join(map(str, result.fix_versions[:3]))
                yield Weakness(
                    rule=str(result.id),
                    place=place(ground.target.source, file, f"{name} {result.id}"),
                    message=f"{name} is known to be vulnerable: {result.description}",
                    severity=Severity.HIGH,
                    confidence=Confidence.STRONG,
                    expected=f"{name} {mended}" if mended else "another package: none is mended",
                    seen=f"{name} {getattr(dependency, 'version', '')}",
                )


@hookimpl
def l7audit_register_scanner() -> PipAudit:
    """pip-audit under its own name."""
    return PipAudit()
