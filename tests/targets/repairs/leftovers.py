"""What was left lying about. None of it is in the document."""

import os
from typing import Any

from flask import Blueprint, Response, jsonify

from repairs.store import Store


def settings_file(secret: str) -> Blueprint:
    """The folder of the deployment, served whole."""
    pages = Blueprint("settings", __name__)

    @pages.get("/.env")
    def env() -> Any:
        lines = {
            "SECRET_KEY": secret,
            "DATABASE_URL": "sqlite:///repairs.sqlite",
            "MAIL_PORT": "25",
        }
        return Response("".join(f"{k}={v}\n" for k, v in lines.items()), mimetype="text/plain")

    return pages


def export(store: Store) -> Blueprint:
    """What the bookkeeper's spreadsheet loads each month."""
    pages = Blueprint("export", __name__)

    @pages.get("/api/export")
    def everything() -> Any:
        rows = store.all(
            "SELECT u.full_name, u.username, u.phone, j.* FROM jobs j"
            " JOIN users u ON u.id = j.customer_id LIMIT 1000"
        )
        return jsonify(process=os.getpid(), rows=rows)

    return pages
