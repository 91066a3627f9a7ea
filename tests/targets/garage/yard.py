"""What the garage holds and how it works on it: vehicles, papers, manuals, parts, codes, jobs."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from garage.asking import RefusedError, misfit, plate, text, whole
from lxml import etree

_KINDS = {"pdf": ("application/pdf", b"%PDF-"), "png": ("image/png", b"\x89PNG\r\n\x1a\n")}
_CODES = """P0300 random misfire
P0301 misfire of cylinder 1
P0420 catalyst below its threshold
B1342 control unit defective
C0035 wheel speed sensor, front left
U0100 no word from the engine's control unit
"""
_MANUALS = {
    "index.txt": "engines/diesel.txt\nengines/petrol.txt\nbrakes/discs.txt\n",
    "engines/diesel.txt": "Bleed the fuel line before the first start.\n",
    "engines/petrol.txt": "Torque of the spark plugs: 25 Nm.\n",
    "brakes/discs.txt": "Change discs in pairs.\n",
}
_PARTS = b"""<parts>
<part number="A-100" maker="Nordbrake" listed="yes" price="4900">brake disc</part>
<part number="A-101" maker="Nordbrake" listed="yes" price="2100">brake pad</part>
<part number="B-200" maker="Ostfilter" listed="yes" price="1500">oil filter</part>
<part number="X-900" maker="Nordbrake" listed="no" price="800">disc at cost price</part>
<part number="X-901" maker="Ostfilter" listed="no" price="300">filter at cost price</part>
</parts>"""


@dataclass
class Vehicle:
    """One vehicle; its papers are files by name."""

    plate: str
    client: str
    model: str
    mileage_km: int
    notes: str = ""
    papers: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def told(self) -> dict[str, object]:
        return {
            "plate": self.plate, "client": self.client, "model": self.model,
            "mileage_km": self.mileage_km, "notes": self.notes,
        }  # fmt: skip


@dataclass
class Job:
    """A report in the making."""

    name: str
    client: str
    plates: list[str]
    copies: int
    state: str = "queued"
    result: str = ""

    def told(self) -> dict[str, object]:
        return {"name": self.name, "state": self.state, "copies": self.copies}


class Yard:
    """The garage's things, in memory and in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vehicles: dict[str, Vehicle] = {}
        self.jobs: dict[str, Job] = {}
        self.parts = etree.fromstring(_PARTS)
        for name, words in _MANUALS.items():
            file = folder / "manuals" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(words)
        (folder / "codes.txt").write_text(_CODES)
        (folder / "settings.ini").write_text("[database]\npassword = not-the-real-one-71f2\n")
        self._work: set[asyncio.Task[None]] = set()

    def own(self, client: str, ref: str) -> Vehicle | None:
        found = self.vehicles.get(ref)
        return found if found and found.client == client else None

    def start(self, client: str, plates: list[str], copies: int) -> Job:
        job = Job(f"mileage-{secrets.token_hex(5)}", client, plates, copies)
        self.jobs[job.name] = job
        task = asyncio.get_running_loop().create_task(self._run(job))
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return job

    async def _run(self, job: Job) -> None:
        await asyncio.sleep(0.05)
        found = [v for p in job.plates if (v := self.own(job.client, p))]
        lines = "".join(f"{v.plate};{v.model};{v.mileage_km}\n" for v in found)
        job.result = ("plate;model;km\n" + lines) * job.copies
        job.state = "done"


# --- the sound parts --------------------------------------------------------------------------


def manual(folder: Path, path: str) -> bytes | None:
    """A manual below the folder; None for everything else."""
    try:
        file = (folder / path).resolve()
        return file.read_bytes() if file.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError):
        return None


def parts(tree: Any, maker: str) -> list[Any]:
    found = tree.xpath("//part[@listed='yes' and @maker=$maker]", maker=maker)
    return list(found)


def fleet(data: bytes) -> Any:
    """The root of an import; a document type is refused, so that there are no entities."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise RefusedError(400, "That is not XML.") from error
    if root.getroottree().docinfo.doctype:
        raise RefusedError(400, "A document type is not admitted.")
    return root


def vehicle_of(element: Any, client: str) -> Vehicle:
    """A vehicle of an import. Raises RefusedError for a wrong one."""
    mileage = element.findtext("mileage_km") or "0"
    if not re.fullmatch(r"[0-9]{1,7}", mileage, re.ASCII):
        raise misfit("mileage_km")
    return Vehicle(
        plate(element.get("plate")), client, text(element.findtext("model"), "model"), int(mileage),
        noted(element.findtext("notes") or ""),
    )  # fmt: skip


def noted(value: object) -> str:
    """Notes of at most 10,000 characters, of several lines."""
    if not isinstance(value, str) or len(value) > 10_000 or not _writable(value):
        raise misfit("notes")
    return value


def _writable(value: str) -> bool:
    return not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", value)


def paper(name: str, kind: str, data: bytes) -> str:
    """The kind under which a paper is kept: PDF or PNG, by its name, its type and its bytes."""
    ending = name.rpartition(".")[2]
    wanted, begins = _KINDS.get(ending, ("", b""))
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}\.(pdf|png)", name) or kind != wanted:
        raise RefusedError(415, "Papers are PDF or PNG, and named so.")
    if not data.startswith(begins):
        raise RefusedError(415, "The file is not what its name says.")
    return wanted


def paper_fields(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


async def meaning(folder: Path, code: str) -> str:
    """What `grep` finds of a trouble code."""
    if not re.fullmatch(r"[PBCU][0-9A-F]{4}", code, re.ASCII):
        raise RefusedError(422, "A trouble code is written like P0301.")
    process = await asyncio.create_subprocess_exec(
        "grep", "-i", "--", code, str(folder / "codes.txt"), stdout=asyncio.subprocess.PIPE
    )
    return (await process.communicate())[0].decode(errors="replace")


def copies(value: object) -> int:
    return whole(value, "copies", 1, 5)
