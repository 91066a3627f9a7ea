"""Pictures and papers that are handed in with a job, and the shop's manuals."""

import mimetypes
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import Forbidden, NotFound, UnprocessableEntity
from werkzeug.utils import secure_filename

from repairs.guard import View, signed_in
from repairs.jobs import own_job
from repairs.store import Row, Store

MOST_BYTES = 256 * 1024
MOST_FILES = 50
KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"%PDF-": "application/pdf",
}
MANUALS = {
    "toaster.txt": "Unplug it. Turn it over. Shake.\n",
    "lamp.txt": "Look at the fuse first.\n",
}


class Shelf:
    """Where files are kept: pictures and papers only, under names of our own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def keep(self, file: FileStorage) -> tuple[str, str, str]:
        """The name, kind and place of a file. Raises 422 for what is not kept."""
        data = file.stream.read(MOST_BYTES + 1)
        kind = next((k for start, k in KINDS.items() if data.startswith(start)), None)
        if kind is None or len(data) > MOST_BYTES:
            raise UnprocessableEntity("Only pictures and PDFs of at most 256 kB are kept")
        place = secrets.token_hex(16)
        (self.folder / place).write_bytes(data)
        return secure_filename(file.filename or "")[:80] or "file", kind, place

    def answer(self, row: Row) -> Response:
        """A file, to be saved and not shown."""
        answer = Response((self.folder / row["kept_as"]).read_bytes(), mimetype=row["kind"])
        answer.headers.set("Content-Disposition", "attachment", filename=row["name"])
        return answer


class OpenShelf(Shelf):
    """Keeps what is sent, as what its sender says it is."""

    def keep(self, file: FileStorage) -> tuple[str, str, str]:
        place = secrets.token_hex(16)
        (self.folder / place).write_bytes(file.stream.read(4 * MOST_BYTES))
        name = (file.filename or "file")[:80]
        return name, mimetypes.guess_type(name)[0] or file.mimetype, place

    def answer(self, row: Row) -> Response:
        return Response((self.folder / row["kept_as"]).read_bytes(), mimetype=row["kind"])


def from_the_list(folder: Path, name: str) -> str:
    """A manual. Raises 404."""
    if name not in MANUALS:
        raise NotFound("There is no such manual")
    return (folder / name).read_text()


def from_the_folder(folder: Path, name: str) -> str:
    """A manual. Raises 404."""
    try:
        return (folder / name).read_text(errors="replace")[:20_000]
    except (OSError, ValueError) as e:
        raise NotFound("There is no such manual") from e


def own_file(store: Store, file_id: int) -> Row:
    """A file of a job that is the caller's business. Raises 404 or 403."""
    row = any_file(store, file_id)
    own_job(store, row["job_id"])
    return row


def any_file(store: Store, file_id: int) -> Row:
    """A file. Raises 404."""
    row = store.one("SELECT * FROM files WHERE id = ?", file_id)
    if row is None:
        raise NotFound("There is no such file")
    return row


def own_files(store: Store, job_id: int) -> list[Row]:
    """The files of a job that is the caller's business. Raises 404 or 403."""
    own_job(store, job_id)
    return files_of(store, job_id)


def files_of(store: Store, job_id: int) -> list[Row]:
    """The files of a job."""
    return store.all("SELECT id, job_id, name, kind FROM files WHERE job_id = ?", job_id)


def blueprint(
    store: Store,
    shelf: Shelf,
    *,
    manual: Callable[[Path, str], str],
    to_remove: Callable[[Store, int], Row],
    to_list: Callable[[Store, int], list[Row]],
    list_guard: Callable[[View], View],
) -> Blueprint:
    """`manual` finds a manual, `to_remove` a file, `to_list` a job's files, behind `list_guard`."""
    api = Blueprint("files", __name__, url_prefix="/api")
    manuals = shelf.folder.parent / "manuals"
    manuals.mkdir(exist_ok=True)
    for name, words in MANUALS.items():
        (manuals / name).write_text(words)

    @api.get("/jobs/<int(max=2147483647):job_id>/files")
    @list_guard
    def list_files(job_id: int) -> Any:
        return jsonify(files=to_list(store, job_id))

    @api.post("/jobs/<int(max=2147483647):job_id>/files")
    @signed_in
    def hand_in_file(job_id: int) -> Any:
        own_job(store, job_id)
        if len(files_of(store, job_id)) >= MOST_FILES:
            raise Forbidden("There are too many files")
        file = request.files.get("file")
        if file is None:
            raise UnprocessableEntity("Send a file, as the part named file of a form")
        name, kind, place = shelf.keep(file)
        new = store.add("files", job_id=job_id, name=name, kind=kind, kept_as=place)
        return jsonify(id=new, job_id=job_id, name=name, kind=kind), 201

    @api.get("/files/<int(max=2147483647):file_id>")
    @signed_in
    def read_file(file_id: int) -> Any:
        return shelf.answer(own_file(store, file_id))

    @api.delete("/files/<int(max=2147483647):file_id>")
    @signed_in
    def remove_file(file_id: int) -> Any:
        row = to_remove(store, file_id)
        store.run("DELETE FROM files WHERE id = ?", file_id)
        (shelf.folder / row["kept_as"]).unlink(missing_ok=True)
        return "", 204

    @api.get("/manuals")
    @signed_in
    def read_manual() -> Any:
        return Response(manual(manuals, request.args.get("name", "")), mimetype="text/plain")

    return api
