"""Puts the repair shop together and serves it."""

import logging
import secrets
from pathlib import Path

import waitress
from flask import Blueprint, Flask, Response
from ground.starting import Start

from repairs import bench, files, guard, jobs, leftovers, pages, sessions
from repairs.files import OpenShelf, Shelf
from repairs.guard import for_staff, signed_in, unguarded
from repairs.sessions import KeptSessions, Sessions
from repairs.store import Store, seed

DOCUMENT = Path(__file__).with_name("openapi.yaml")


def build(start: Start) -> Flask:
    """The application, with the weaknesses that were asked for."""
    app = Flask("repairs", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 512 * 1024
    app.config["MAX_FORM_MEMORY_SIZE"] = 64 * 1024
    app.url_map.merge_slashes = False
    for quiet in ("repairs", "waitress.queue"):
        logging.getLogger(quiet).setLevel(logging.CRITICAL)

    store = Store(start.folder)
    seed(store, start.part("RE-22", secrets.token_urlsafe(16), "admin"))
    visits = start.part("RE-01", Sessions, KeptSessions)()
    guard.install(
        app,
        store,
        visits,
        dress=start.part("RE-19", guard.protect, guard.left_to_the_proxy),
        cookie=start.part("RE-02", sessions.protected_cookie, sessions.plain_cookie),
        token_fits=start.part("RE-03", sessions.token_fits, sessions.forms_only),
    )

    @app.get("/api/openapi.yaml")
    def document() -> Response:
        return Response(DOCUMENT.read_text(), mimetype="application/yaml")

    app.register_blueprint(
        pages.blueprint(
            store,
            visits,
            next_page=start.part("RE-04", pages.inside, pages.anywhere),
            reason=start.part("RE-23", pages.one_sentence, pages.precise),
            shown=start.part("RE-05", pages.escaped, pages.marked),
        )
    )
    app.register_blueprint(
        jobs.blueprint(
            store,
            to_read=start.part("RE-06", jobs.own_job, jobs.any_job),
            to_comment=start.part("RE-08", jobs.own_job, jobs.any_job),
            changes_of=start.part("RE-10", jobs.customers_part, jobs.all_of_it),
            page_size=start.part("RE-17", jobs.at_most_a_hundred, jobs.as_many_as_asked),
            trim=start.part("RE-18", jobs.trimmed, jobs.trimmed_by_pattern),
            staff=start.part("RE-09", for_staff, signed_in),
        )
    )
    app.register_blueprint(
        files.blueprint(
            store,
            start.part("RE-12", Shelf, OpenShelf)(start.folder / "files"),
            manual=start.part("RE-11", files.from_the_list, files.from_the_folder),
            to_remove=start.part("RE-07", files.own_file, files.any_file),
            to_list=start.part("RE-24", files.own_files, files.files_of),
            list_guard=start.part("RE-24", signed_in, unguarded),
        )
    )
    app.register_blueprint(
        bench.blueprint(
            store,
            start.folder,
            print_label=start.part("RE-13", bench.printed, bench.printed_by_shell),
            fill=start.part("RE-14", bench.filled, bench.rendered),
            read_xml=start.part("RE-15", bench.strict_xml, bench.full_xml),
            parts_of=start.part("RE-16", bench.by_variable, bench.by_expression),
        )
    )
    secret = secrets.token_hex(16)
    nothing = Blueprint("nothing", __name__)
    app.register_blueprint(start.part("RE-20", nothing, leftovers.settings_file(secret)))
    app.register_blueprint(
        start.part("RE-21", nothing, leftovers.export(store)), name="bookkeeping"
    )
    return app


if __name__ == "__main__":
    start = Start("repairs")
    server = waitress.create_server(
        build(start), sockets=[start.listener], threads=8, ident=None,
        max_request_body_size=16 * 1024 * 1024, channel_timeout=30,
    )  # fmt: skip
    start.announce()
    server.run()
