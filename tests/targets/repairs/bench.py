"""The workbench: labels, notices, spare parts and their orders."""

import shutil
import string
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, g, jsonify, request
from ground.limits import Window
from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment
from lxml import etree
from werkzeug.exceptions import (
    BadRequest,
    TooManyRequests,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from repairs import bodies
from repairs.guard import signed_in
from repairs.jobs import own_job
from repairs.store import Row, Store

PRINTERS = ("counter", "workshop")
PARTS = etree.XML(
    """<parts>
<part brand="Lumo"><name>Bulb</name><price>250</price></part>
<part brand="Lumo"><name>Switch</name><price>420</price></part>
<part brand="Brio"><name>Heating wire</name><price>890</price></part>
<part brand="Brio" supplier="internal"><name>Dealer list</name><price>0</price></part>
</parts>"""
)


def printed(_: Path, printer: str, job: Row) -> str:
    """Prints a label on one of the printers."""
    if printer not in PRINTERS:
        raise UnprocessableEntity(f"printer is one of {', '.join(PRINTERS)}")
    return f"label {job['id']} sent to {printer}\n"


def printed_by_shell(folder: Path, printer: str, job: Row) -> str:
    """Prints a label by the command that the shop has always used.

    The shell is a restricted one in the service's folder, with a few harmless programs and two
    seconds: it can neither name another program nor write a file.
    """
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for name in ("echo", "printf", "id", "whoami", "hostname", "uname", "sleep", "cat"):
        if (found := shutil.which(name)) and not (programs / name).exists():
            (programs / name).symlink_to(found)
    line = f"enable -n kill exec\necho label {job['id']} sent to {printer}"
    try:
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-r", "-c", line],
            cwd=folder, env={"PATH": str(programs)}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=6, check=False,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, ValueError):
        return "the printer does not answer\n"
    return (done.stdout + done.stderr)[:4000]


def filled(template: str, names: dict[str, str]) -> str:
    """A notice: `$name`, `$device` and `$status` are filled in."""
    return string.Template(template).safe_substitute(names)


def rendered(template: str, names: dict[str, str]) -> str:
    """A notice: any template that the shop's letters know (without what could harm the machine)."""
    try:
        dollars = string.Template(template).safe_substitute(names)
        return SandboxedEnvironment(autoescape=True).from_string(dollars).render(names)[:20_000]
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as e:
        raise UnprocessableEntity("The template cannot be read") from e


def strict_xml(data: bytes) -> etree._Element:
    """A document without a type definition. Raises lxml's errors."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(data, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadRequest("The order must not define types")
    return root


def full_xml(data: bytes) -> etree._Element:
    """A document with its entities. Raises lxml's errors."""
    parser = etree.XMLParser(resolve_entities=True, no_network=True, load_dtd=True)
    return etree.fromstring(data, parser)


def by_variable(brand: str) -> list[Any]:
    """The parts of a brand that customers may order."""
    return PARTS.xpath("//part[@brand=$brand and not(@supplier)]", brand=brand)


def by_expression(brand: str) -> list[Any]:
    """The parts of a brand that customers may order."""
    try:
        found = PARTS.xpath(f"//part[@brand='{brand}' and not(@supplier)]")
    except etree.XPathError:
        return []
    return found if isinstance(found, list) else []


def blueprint(
    store: Store,
    folder: Path,
    *,
    print_label: Callable[[Path, str, Row], str],
    fill: Callable[[str, dict[str, str]], str],
    read_xml: Callable[[bytes], Any],
    parts_of: Callable[[str], list[Any]],
) -> Blueprint:
    """Each part turns what is sent into what is done."""
    api = Blueprint("bench", __name__, url_prefix="/api")
    labels = Window(30, 30)

    @api.post("/jobs/<int(max=2147483647):job_id>/labels")
    @signed_in
    def print_a_label(job_id: int) -> Any:
        job = own_job(store, job_id)
        sent = bodies.members(request)
        bodies.only(sent, "printer")
        printer = bodies.text(sent, "printer", 200)
        if wait := labels.take(str(g.user["id"])):
            raise TooManyRequests("Too many labels", retry_after=int(wait) + 1)
        return jsonify(printed=print_label(folder, printer, job)), 201

    @api.post("/notices/preview")
    @signed_in
    def preview() -> Any:
        sent = bodies.members(request)
        bodies.only(sent, "template", "job_id")
        job = own_job(store, bodies.number(sent.get("job_id"), "job_id", 1, 2**31 - 1))
        names = {"name": g.user["full_name"], "device": job["device"], "status": job["status"]}
        return jsonify(notice=fill(bodies.text(sent, "template", 1000), names))

    @api.get("/parts")
    @signed_in
    def list_parts() -> Any:
        brand = bodies.text(request.args, "brand", 200, "Lumo")
        found = [
            {"name": p.findtext("name"), "price_cents": int(p.findtext("price") or 0)}
            for p in parts_of(brand)
            if isinstance(p, etree._Element) and p.tag == "part"
        ]
        return jsonify(parts=found)

    @api.post("/orders")
    @signed_in
    def order() -> Any:
        if request.mimetype not in {"application/xml", "text/xml"}:
            raise UnsupportedMediaType("Send application/xml")
        try:
            root = read_xml(request.get_data())
        except (etree.XMLSyntaxError, ValueError) as e:
            raise BadRequest("The order cannot be read") from e
        lines = [(line.text or "").strip()[:2000] for line in root.iter("part")][:50]
        if root.tag != "order" or not lines:
            raise UnprocessableEntity("An order holds parts")
        return jsonify(ordered=lines), 201

    return api
