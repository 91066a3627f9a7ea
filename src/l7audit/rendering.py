"""From a journal to its reports, for the first time or again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from l7audit.assess.assess import assess, day_of
from l7audit.assess.results import Results
from l7audit.errors import AuditError, PluginError, UsageError
from l7audit.exits import Exit
from l7audit.folders import JOURNAL
from l7audit.hookspecs import Reporter
from l7audit.integrity import manifest
from l7audit.journal import Records
from l7audit.plugins import Plugins


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run: where its files are and what it comes to."""

    folder: Path
    results: Results
    files: tuple[Path, ...]
    exit: Exit


def render(journal: Path, plugins: Plugins, folder: Path, reporters: Sequence[str] = ()) -> Outcome:
    """The assessment and the reports of a journal, again or for the first time.

    Errors: as `write_reports`, and `UsageError` for an unknown reporter.
    """
    return write_reports(journal, plugins.chosen_reporters(reporters), folder)


def rewrite(
    records: Records, names: Sequence[str], folder: Path, plugins: Plugins
) -> dict[str, Path]:
    """The files of those of these reporters that are there and always write the same bytes.

    Errors: `AuditError`, as the assessment and the reporters raise it.
    """
    results = assess(records, day_of(records.started))
    chosen = [r for name in names if (r := plugins.reporters.get(name)) and r.repeatable]
    return {r.name: r.write(results, records, folder) for r in chosen}


def write_reports(journal: Path, reporters: Sequence[Reporter], folder: Path) -> Outcome:
    """Assesses a journal and lets each reporter write, also where another of them fails.

    Errors: `JournalError` for a foreign or damaged journal, `UsageError` for a folder that can't
    be written, `PluginError` for a reporter that breaks; the others have written by then. In the
    run's own folder the manifest is written last.
    """
    records = Records(journal)
    results = assess(records, day_of(records.started))
    files: dict[Path, str] = {}
    troubles: list[AuditError] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, journal, error) from error
    for reporter in reporters:
        try:
            path = reporter.write(results, records, folder)
            if path in files:
                raise _broken(reporter, f"It wrote over {path.name}, which another had written")
            files[path] = reporter.name
        except OSError as error:
            troubles.append(_unwritable(folder, journal, error))
        except AuditError as error:
            troubles.append(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - anybody's code: spare the others
            troubles.append(_broken(reporter, f"{type(error).__name__}: {error}"))
    if journal.name == JOURNAL and journal.parent.resolve() == folder.resolve():
        below = {p: n for p, n in files.items() if p.is_relative_to(folder)}
        try:
            manifest.write(folder, {p.relative_to(folder).as_posix(): n for p, n in below.items()})
        except OSError as error:
            troubles.append(_unwritable(folder, journal, error))
        except AuditError as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]
    return Outcome(folder, results, tuple(files), Exit(results.gate.exit_code))


def _unwritable(folder: Path, journal: Path, error: OSError) -> UsageError:
    return UsageError(
        f"The reports cannot be written to {folder}: {error.strerror}.",
        mend=f"Render them elsewhere: l7audit report {journal} --out FOLDER",
    )


def _broken(reporter: Reporter, why: str) -> PluginError:
    cause = " ".join(why.split())[:300].rstrip(".")
    return PluginError(
        f"The reporter {reporter.name!r} broke: {cause}.",
        mend="The other reports are written. Repair it, or name the reporters with --format.",
    )
