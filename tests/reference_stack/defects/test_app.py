"""Assembling a replica with defects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from l7audit_stack.api.app import Application
from l7audit_stack.api.parts import Parts
from l7audit_stack.api.provision import provision
from l7audit_stack.api.settings import SettingsError
from l7audit_stack.defects.app import assemble, create_app
from l7audit_stack.defects.defect import ASGIApp, Defect


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    provision(tmp_path / "secrets")
    return {
        "DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "STORE_URL": "redis://127.0.0.1:1/0",
        "LLM_URL": "http://127.0.0.1:1",
        "PUBLIC_URL": "https://127.0.0.1:1",
        "SECRETS_DIR": str(tmp_path / "secrets"),
        "FILES_DIR": str(tmp_path),
    }


def test_without_defects_it_is_the_production_app(environ: Mapping[str, str]) -> None:
    assert isinstance(assemble((), environ), Application)


def test_parts_are_swapped_in_the_order_given(environ: Mapping[str, str]) -> None:
    def stand_still(parts: Parts) -> Parts:
        return replace(parts, clock=lambda: 7.0)

    def double(parts: Parts) -> Parts:
        return replace(parts, clock=lambda: parts.clock() * 2)

    app = assemble(
        (Defect("x.a", "Stop.", parts=stand_still), Defect("x.b", "Double.", parts=double)),
        environ,
    )
    assert isinstance(app, Application)
    assert app.parts.clock() == 14.0


def test_settings_are_changed_before_the_parts_are_made(environ: Mapping[str, str]) -> None:
    settings = {"SECURITY_LEVEL": "staging", "RATE_LIMITING_ENABLED": "false"}
    app = assemble((Defect("x.a", "No limits.", environment=settings),), environ)
    assert isinstance(app, Application)
    assert app.parts.settings.rate_limiting_enabled is False


def test_the_last_wrapper_is_outermost_and_gets_the_final_parts(
    environ: Mapping[str, str],
) -> None:
    order: list[str] = []

    def wrapper(mark: str) -> Any:
        def wrap(app: ASGIApp, parts: Parts) -> ASGIApp:
            assert parts.clock() == 7.0
            order.append(mark)
            return app

        return wrap

    assemble(
        (
            Defect("x.a", "A.", wrap=wrapper("inner")),
            Defect("x.b", "B.", wrap=wrapper("outer")),
            Defect("x.c", "C.", parts=lambda parts: replace(parts, clock=lambda: 7.0)),
        ),
        environ,
    )
    assert order == ["inner", "outer"]


def test_an_unknown_name_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("L7_DEFECTS", "edge.banner,x.unknown")
    with pytest.raises(SettingsError, match=r"There is no planted defect 'x\.unknown'"):
        create_app()
