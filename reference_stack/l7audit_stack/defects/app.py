"""The app factory of a replica with planted defects: `--app l7audit_stack.defects.app:create_app`.

L7_DEFECTS names them, with commas. Without any, the app is the production one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from l7audit_stack.api import app as production
from l7audit_stack.api.parts import production_parts
from l7audit_stack.api.settings import SettingsError, load_settings
from l7audit_stack.defects.defect import ASGIApp, Defect
from l7audit_stack.defects.registry import UnknownDefectError, named


def assemble(defects: Iterable[Defect], environ: Mapping[str, str]) -> ASGIApp:
    """Settings, then parts, then what is around the app: each defect in the order given.

    Raises SettingsError where the settings won't do.
    """
    defects = tuple(defects)
    environment = dict(environ)
    for defect in defects:
        environment.update(defect.environment)
    parts = production_parts(load_settings(environment))
    for defect in defects:
        if defect.parts is not None:
            parts = defect.parts(parts)
    app: ASGIApp = production.create_app(parts)
    for defect in defects:
        if defect.wrap is not None:
            app = defect.wrap(app, parts)
    return app


def create_app() -> ASGIApp:
    """The app that the environment describes, with the defects of L7_DEFECTS."""
    names = [name for name in os.environ.get("L7_DEFECTS", "").split(",") if name]
    try:
        return assemble(named(names), os.environ)
    except UnknownDefectError as error:
        raise SettingsError(str(error)) from error
