"""Puts the field work's service together and serves it."""

import logging
import secrets
import sys
import types
from collections.abc import Callable
from functools import partial
from typing import Any

import django
import waitress
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from ground.starting import Start


def _configure(start: Start) -> None:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1", "localhost", *start.part("FW-20", [], ["*"])],
        APPEND_SLASH=False,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": start.folder / "fieldwork.sqlite",
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "timeout": 20,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
                },
            }
        },
        DEBUG=start.part("FW-25", False, True),
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["fieldwork", "rest_framework"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=["fieldwork.assembled.guard"],
        REST_FRAMEWORK={
            "DEFAULT_PARSER_CLASSES": ["fieldwork.parsing.BoundedJSON"],
            "DEFAULT_PERMISSION_CLASSES": [],
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
            "UNAUTHENTICATED_USER": None,
        },
        ROOT_URLCONF="fieldwork.assembled",
        SECRET_KEY=secrets.token_urlsafe(32),
        USE_TZ=True,
    )
    for quiet in ("django", "waitress.queue"):
        logging.getLogger(quiet).setLevel(logging.CRITICAL)
    django.setup()


def build(start: Start) -> Callable[..., Any]:
    """The WSGI application, with the weaknesses that were asked for."""
    _configure(start)
    from fieldwork import guard, models, seeds, urls  # noqa: PLC0415  settings come first

    models.create_tables()
    seeds.plant()
    assembled = types.ModuleType("fieldwork.assembled")
    assembled.urlpatterns = urls.urls(start)
    assembled.handler400 = guard.bad_request
    assembled.handler404 = guard.not_found
    assembled.handler500 = guard.broken
    assembled.guard = partial(
        guard.Guard,
        may_read=start.part("FW-22", guard.the_portal, guard.our_domain),
        builder=start.part("FW-24", guard.untold, guard.told),
        cache=start.part("FW-23", guard.kept_nowhere, guard.kept_for_a_while),
    )
    assembled.guard.async_capable = False
    sys.modules["fieldwork.assembled"] = assembled
    return get_wsgi_application()


if __name__ == "__main__":
    start = Start("fieldwork")
    server = waitress.create_server(
        build(start), sockets=[start.listener], threads=8, ident=None,
        max_request_body_size=16 * 1024 * 1024, channel_timeout=30,
    )  # fmt: skip
    start.announce()
    server.run()
